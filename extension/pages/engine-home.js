// Where the engine's script runs, and for how long: in a document of its own, which ends when the engine has long had nothing to do, or in the event
// page of the background, which is kept as long.
import { keepAwake } from "./awake.js";

const isOwnDocument = location.pathname === "/engine.html";

let sleep;

/** Keeps the engine's home while there is work, or may be soon. */
export function stay() {
  if (!isOwnDocument) sleep ??= keepAwake();
}

/** Gives the memory back to the user. */
export function leave() {
  if (isOwnDocument) return window.close();
  sleep?.();
  sleep = undefined;
}
