// A small window that asks for one site, where the overlay may not ask itself (`for-frames.js`). What became of it is seen by the end of the window.
const [pattern, { getMessage, getUILanguage }] = [decodeURIComponent(location.hash.slice(1)), chrome.i18n];
const [why, allow, cancel] = ["why", "allow", "cancel"].map((id) => document.getElementById(id));

document.documentElement.lang = getUILanguage();
document.documentElement.dir = getMessage("@@bidi_dir");
why.textContent = getMessage("askSite", [pattern.replace(/^.*?:\/\/|\/\*$/g, "")]);
allow.textContent = getMessage("askAllow");
cancel.textContent = getMessage("cancel");

allow.onclick = () => chrome.permissions.request({ origins: [pattern] }).finally(() => close());
cancel.onclick = () => close();
addEventListener("keydown", ({ key }) => key === "Escape" && close());
