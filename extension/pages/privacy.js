// The entry of the page on privacy.
const { default: init, startPrivacy } = await import("./wasm/models.js");
await init();
startPrivacy();
