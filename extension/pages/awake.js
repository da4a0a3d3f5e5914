// The browser ends an event page half a minute after the last call of its API, whatever it still does.

const CALL_MS = 20_000;

/** Keeps this page until the function that is given back is called. */
export function keepAwake() {
  const calls = setInterval(() => chrome.runtime.getPlatformInfo(), CALL_MS);
  return () => clearInterval(calls);
}
