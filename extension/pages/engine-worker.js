// The engine's worker. A failure inside a promise has to reach the document as an error, so that it replaces us.
self.addEventListener("unhandledrejection", (event) => {
  setTimeout(() => {
    throw event.reason;
  });
});

const { default: init } = await import("./wasm/engine.js");
await init();
