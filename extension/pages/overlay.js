import { completeApi } from "./frame-api.js";

// The overlay's entry. The shim hands its port over as soon as this frame is loaded: catch it before the module is ready.
const handover = new Promise((resolve) => {
  addEventListener("message", function handed(event) {
    const token = event.data?.rubout;
    // The page is our parent too: only the shim knows the token.
    if (event.source !== parent || token !== location.hash.slice(1) || !event.ports[0]) return;
    removeEventListener("message", handed);
    const [port, beats] = event.ports;
    if (beats) beat(beats);
    resolve({ token, port, origin: event.origin });
  });
});

// As long as this process lives, a worker answers the shim's beats. It asks us in turn, so that the shim learns how long we are busy.
function beat(beats) {
  const heart = new Worker("heartbeat.js");
  heart.onmessage = () => heart.postMessage(0);
  heart.postMessage(0, [beats]);
}

completeApi();
const { default: init, start } = await import("./wasm/overlay.js");
await init();
start(handover);
