// The entry of the page that lists what each version brings.
const { default: init, startChanges } = await import("./wasm/editor.js");
await init();
startChanges();
