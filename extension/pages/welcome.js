// The entry of the page after installing.
const { default: init, startWelcome } = await import("./wasm/editor.js");
await init();
startWelcome();
