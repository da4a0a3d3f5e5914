// The entry of the page that lists what each version brings.
const { default: init, startChanges } = await import("./wasm/models.js");
await init();
startChanges();
