// The engine's document: forwards between runtime ports and the worker, under a number for each port. It decides nothing.
import { leave, stay } from "./engine-home.js";
import { failedAnswer } from "./failed-answer.js";

const IDLE_MS = 5 * 60 * 1000;

const ports = new Map();
let lastPort = 0;
let worker;
let waiting;
let idle;
let busy = false;

function start() {
  waiting = [];
  worker = new Worker("engine-worker.js", { type: "module" });
  worker.onmessage = ({ data }) => {
    if (data.port !== undefined) return toPage(ports.get(data.port), data.message);
    if (data.busy !== undefined) {
      busy = data.busy;
      return rest();
    }
    for (const message of waiting.splice(0)) worker.postMessage(message);
    waiting = undefined;
  };
  // A worker that failed is replaced; whoever used it notices the closed port, connects again and loses nothing.
  worker.onerror = restart;
}

function restart() {
  worker.terminate();
  for (const port of ports.values()) port.disconnect();
  ports.clear();
  busy = false;
  rest();
  start();
}

// All that the engine does ends: everything that it could still write is removed.
globalThis.endEngine = restart;

// What the browser does not carry (it is too large, or a blob is gone) is answered all the same: the page waits for it.
function toPage(port, message) {
  try {
    port?.postMessage(message);
  } catch (error) {
    const { v, re } = message;
    if (re !== undefined) port.postMessage(failedAnswer(v, re, error));
  }
}

function toWorker(message) {
  if (waiting) waiting.push(message);
  else worker.postMessage(message);
}

// Memory goes back to the user when nobody has needed the engine for a while.
function rest() {
  clearTimeout(idle);
  stay();
  if (ports.size === 0 && !busy) idle = setTimeout(leave, IDLE_MS);
}

chrome.runtime.onConnect.addListener((port) => {
  // Content scripts carry our id as well, but not our origin.
  if (!["engine", "models"].includes(port.name) || port.sender?.id !== chrome.runtime.id || port.sender.origin !== location.origin) return;
  const id = ++lastPort;
  ports.set(id, port);
  rest();
  // What the browser does not say is taken to be private.
  const incognito = port.sender.tab?.incognito ?? true;
  port.onMessage.addListener((message) => toWorker({ port: id, name: port.name, incognito, message }));
  port.onDisconnect.addListener(() => {
    if (ports.delete(id)) toWorker({ port: id, closed: true });
    rest();
  });
});

start();
rest();
