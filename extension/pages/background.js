// The service worker's entry: listeners have to be there in the first turn of the event loop, the module may come later.
import { failedAnswer } from "./failed-answer.js";
import { serveFrame } from "./for-frames.js";
import init, { onGranted, onInstalled, onMenu, onMessage, onPick, onStartup, onWithdrawn } from "./wasm/background.js";

const ready = init();

chrome.runtime.onInstalled.addListener(({ reason, previousVersion }) => ready.then(() => onInstalled(reason, previousVersion)));
chrome.runtime.onStartup.addListener(() => ready.then(() => onStartup()));
chrome.permissions.onAdded.addListener(() => ready.then(() => onGranted()));
chrome.permissions.onRemoved.addListener(() => ready.then(() => onWithdrawn()));
chrome.contextMenus.onClicked.addListener((info, tab) => ready.then(() => onMenu(info, tab)));
chrome.commands.onCommand.addListener((_command, tab) => ready.then(() => onPick(tab)));
chrome.runtime.onMessage.addListener((message, sender, reply) => {
  if (sender.id !== chrome.runtime.id) return false;
  if (message?.api) return serveFrame(message, sender, reply);
  // There may be no module to answer.
  ready.then(() => onMessage(message, sender)).then(reply, (error) => reply(failedAnswer(message?.v, message?.id, error)));
  return true;
});
