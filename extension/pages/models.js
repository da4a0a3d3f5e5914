// The models page's entry. What breaks the module itself can no longer be said by it: that is said here.
function broken() {
  const retry = document.getElementById("alert-yes");
  document.getElementById("alert-text").textContent = chrome.i18n.getMessage("failInternal");
  retry.textContent = chrome.i18n.getMessage("remedyRetry");
  retry.hidden = false;
  retry.onclick = () => location.reload();
  document.getElementById("alert-no").hidden = true;
  document.getElementById("loading").hidden = true;
  document.getElementById("alert").hidden = false;
}
addEventListener("error", broken);
addEventListener("unhandledrejection", broken);

const { default: init, start } = await import("./wasm/models.js");
await init();
start();
