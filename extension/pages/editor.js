// The editor's entry.
import "./broken.js";

const { default: init, start } = await import("./wasm/editor.js");
await init();
start();
