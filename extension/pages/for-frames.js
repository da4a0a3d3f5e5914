// Calls the browser for frames of ours in web pages, which may not do so themselves in Firefox (`frame-api.js`): only these, and of tabs only their own.
import { keepAwake } from "./awake.js";

const ownTab = async ([id], { tab }) => {
  if (id !== tab.id) throw new Error("another tab");
  return chrome.tabs.get(id);
};

const SERVED = {
  "commands.getAll": () => chrome.commands.getAll(),
  "permissions.contains": ([wanted]) => chrome.permissions.contains(wanted),
  "permissions.getAll": () => chrome.permissions.getAll(),
  "permissions.remove": ([given]) => chrome.permissions.remove(given),
  "permissions.request": ([wanted], { tab }) => grant(wanted, tab),
  "runtime.openOptionsPage": () => chrome.runtime.openOptionsPage(),
  "storage.session.get": ([key]) => chrome.storage.session.get(key),
  "storage.session.remove": ([key]) => chrome.storage.session.remove(key),
  "storage.session.set": ([items]) => chrome.storage.session.set(items),
  "tabs.captureVisibleTab": ([, options], { tab }) => capture(tab, options),
  "tabs.get": ownTab,
  "tabs.getCurrent": (_, { tab }) => tab,
};

/** The browser captures whatever tab is in front in the window. */
async function capture({ id, windowId }, options) {
  if (!(await chrome.tabs.get(id)).active) throw new Error("another tab is in front");
  return chrome.tabs.captureVisibleTab(windowId, options);
}

/** Serves one call. Scripts in web pages carry our identifier as well, but not our origin. */
export function serveFrame({ api, args }, sender, reply) {
  if (sender.origin !== location.origin || !Object.hasOwn(SERVED, api)) return false;
  Promise.resolve()
    .then(() => SERVED[api](args, sender))
    .then((answer) => reply({ answer }), (error) => reply({ failure: String(error?.message ?? error) }));
  return true;
}

/** Asks the user for a site in a small window of our own: the browser takes such a request only from a click in a whole page of ours. */
async function grant(wanted, { windowId }) {
  if (await chrome.permissions.contains(wanted)) return true;
  const { incognito } = await chrome.windows.get(windowId);
  const url = `grant.html#${encodeURIComponent(wanted.origins[0])}`;
  const { id } = await chrome.windows.create({ type: "popup", width: 480, height: 300, url, incognito });
  const sleep = keepAwake();
  await new Promise((closed) => {
    chrome.windows.onRemoved.addListener(function removed(window) {
      if (window !== id) return;
      chrome.windows.onRemoved.removeListener(removed);
      closed();
    });
    // It may be closed already.
    chrome.windows.get(id).catch(closed);
  });
  sleep();
  return chrome.permissions.contains(wanted);
}
