// The overlay's entry. The shim hands its port over as soon as this frame is loaded: catch it before the module is ready.
const handover = new Promise((resolve) => {
  addEventListener("message", function handed(event) {
    const token = event.data?.rubout;
    if (event.source !== parent || typeof token !== "string" || !event.ports[0]) return;
    removeEventListener("message", handed);
    resolve({ token, port: event.ports[0] });
  });
});

const { default: init, start } = await import("./wasm/overlay.js");
await init();
start(handover);
