// The models page's entry.
import "./broken.js";

const { default: init, start } = await import("./wasm/models.js");
await init();
start();
