// The engine's document: forwards between runtime ports and the worker, under a number for each port. A port that asks for an engine of its own gets
// another worker. It decides nothing else.
import { leave, stay } from "./engine-home.js";
import { failedAnswer } from "./failed-answer.js";

const IDLE_MS = 5 * 60 * 1000;

const ports = new Map();
// The workers that serve one port each, with it.
const alone = new Map();
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
globalThis.endEngine = () => {
  for (const [own, port] of alone) {
    own.terminate();
    port.disconnect();
  }
  alone.clear();
  restart();
};

// A worker that ends with its port: what it took of memory goes back.
function serveAlone(port, incognito) {
  const own = new Worker("engine-worker.js", { type: "module" });
  let unheard = [];
  const end = () => {
    own.terminate();
    alone.delete(own);
    rest();
  };
  alone.set(own, port);
  rest();
  own.onmessage = ({ data }) => {
    if (data.port !== undefined) return toPage(port, data.message);
    if (data.busy !== undefined) return;
    for (const message of unheard) own.postMessage(message);
    unheard = undefined;
  };
  own.onerror = () => {
    end();
    port.disconnect();
  };
  port.onDisconnect.addListener(end);
  port.onMessage.addListener((message) => {
    const told = { port: 1, name: port.name, incognito, message };
    if (unheard) unheard.push(told);
    else own.postMessage(told);
  });
}

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
  if (ports.size === 0 && alone.size === 0 && !busy) idle = setTimeout(leave, IDLE_MS);
}

chrome.runtime.onConnect.addListener((port) => {
  // Content scripts carry our id as well, but not our origin.
  if (!["engine", "engine-alone", "models"].includes(port.name) || port.sender?.id !== chrome.runtime.id || port.sender.origin !== location.origin) return;
  // What the browser does not say is taken to be private.
  const incognito = port.sender.tab?.incognito ?? true;
  if (port.name === "engine-alone") return serveAlone(port, incognito);
  const id = ++lastPort;
  ports.set(id, port);
  rest();
  port.onMessage.addListener((message) => toWorker({ port: id, name: port.name, incognito, message }));
  port.onDisconnect.addListener(() => {
    if (ports.delete(id)) toWorker({ port: id, closed: true });
    rest();
  });
});

start();
rest();
