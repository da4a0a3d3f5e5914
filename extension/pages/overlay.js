// The overlay's entry. The shim hands its port over as soon as this frame is loaded: catch it before the module is ready.
const handover = new Promise((resolve) => {
  addEventListener("message", function handed(event) {
    const token = event.data?.rubout;
    // The page is our parent too: only the shim knows the token.
    if (event.source !== parent || token !== location.hash.slice(1) || !event.ports[0]) return;
    removeEventListener("message", handed);
    resolve({ token, port: event.ports[0] });
  });
});

const { default: init, start } = await import("./wasm/overlay.js");
await init();
start(handover);
