// What breaks a page's module can no longer be said by it: that is said here. Imported by the page's entry, before the module.
function broken() {
  const retry = document.getElementById("alert-yes");
  document.getElementById("alert-text").textContent = chrome.i18n.getMessage("failInternal");
  retry.textContent = chrome.i18n.getMessage("remedyRetry");
  retry.hidden = false;
  retry.onclick = () => location.reload();
  document.getElementById("alert-no").hidden = true;
  // Where a page shows that it is loading, it is no longer.
  document.getElementById("loading")?.setAttribute("hidden", "");
  document.getElementById("alert").hidden = false;
}
addEventListener("error", broken);
addEventListener("unhandledrejection", broken);
