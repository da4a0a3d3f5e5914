// The service worker's entry: listeners have to be there in the first turn of the event loop, the module may come later.
import { failedAnswer } from "./failed-answer.js";
import init, { onInstalled, onMenu, onMessage, onPick } from "./wasm/background.js";

const ready = init();

chrome.runtime.onInstalled.addListener(() => ready.then(() => onInstalled()));
chrome.contextMenus.onClicked.addListener((info, tab) => ready.then(() => onMenu(info, tab)));
chrome.action.onClicked.addListener((tab) => ready.then(() => onPick(tab)));
chrome.commands.onCommand.addListener((_command, tab) => ready.then(() => onPick(tab)));
chrome.runtime.onMessage.addListener((message, sender, reply) => {
  if (sender.id !== chrome.runtime.id) return false;
  // There may be no module to answer.
  ready.then(() => onMessage(message, sender)).then(reply, (error) => reply(failedAnswer(message?.v, message?.id, error)));
  return true;
});
