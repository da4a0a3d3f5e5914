// The popup's entry.
const { default: init, startPopup } = await import("./wasm/editor.js");
await init();
startPopup();
