// In a frame of ours in a web page, Firefox has only a part of the extension's API. What is missing there of what the overlay calls is asked of the
// background (`for-frames.js`), under the browser's own names: the module that calls it knows nothing of this.

const CALLED = [
  "commands.getAll",
  "permissions.contains",
  "permissions.getAll",
  "permissions.remove",
  "permissions.request",
  "runtime.openOptionsPage",
  "storage.session.get",
  "storage.session.remove",
  "storage.session.set",
  "tabs.captureVisibleTab",
  "tabs.get",
  "tabs.getCurrent",
];

/** Adds to `chrome` what this page may not call itself. */
export function completeApi() {
  for (const api of CALLED) {
    const path = api.split(".");
    const name = path.pop();
    const owner = path.reduce((owner, part) => (owner[part] ??= {}), chrome);
    owner[name] ??= (...args) => ask({ api, args });
  }
}

async function ask(message) {
  const { answer, failure } = await chrome.runtime.sendMessage(message);
  if (failure !== undefined) throw new Error(failure);
  return answer;
}
