// The entry of the page on privacy.
const { default: init, startPrivacy } = await import("./wasm/editor.js");
await init();
startPrivacy();
