// Answers the shim's beats in place of the overlay's own thread, which may be busy for seconds although all is well. Each answer says for how many
// milliseconds the overlay has not answered: 0 when it does.
let port;
let asked;

self.addEventListener("message", ({ ports }) => {
  asked = undefined;
  if (!ports[0]) return;
  [port] = ports;
  port.onmessage = () => {
    port.postMessage(asked === undefined ? 0 : performance.now() - asked);
    if (asked !== undefined) return;
    asked = performance.now();
    self.postMessage(0);
  };
});
