// The built-in fill, timed in the engine that ships: `cargo xtask bench FOLDER OUT`.
//
// FOLDER has a manifest.tsv with the columns id, category, input and mask. Each case runs in a worker of its own, as a user's first fill does.
// Writes OUT/<id>.png and OUT/times.tsv (id, seconds), and prints the median time and the largest memory of each category. Then it times a
// large hole and a scribble in a photograph of twelve megapixels, and how long it takes to cancel such fills.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PNG } from 'pngjs';
import { launch } from './harness.mjs';

const [folder, out] = process.argv.slice(2);
const MEGABYTE = 2 ** 20;

/** Runs in the page: starts the engine's worker and sends it requests, as the offscreen document does. */
function serve() {
  window.engine = async () => {
    const worker = new Worker('engine-worker.js', { type: 'module' });
    const asked = new Map();
    let last = 0;
    let failed;
    const failure = new Promise((_, reject) => (failed = reject));
    const started = new Promise((ready) => {
      worker.onerror = ({ message }) => failed(new Error(`the engine failed: ${message}`));
      worker.onmessage = ({ data }) => (data.port === undefined ? ready() : asked.get(data.message.re)?.(data.message));
    });
    await Promise.race([started, failure]);
    return {
      ask: (body, blobs = []) => {
        const answer = new Promise((answered) => asked.set(++last, answered));
        worker.postMessage({ port: 1, name: 'engine', message: { v: 1, id: last, body, blobs } });
        return Promise.race([answer, failure]);
      },
      stop: () => worker.terminate(),
    };
  };
  window.blob = async (base64) => new Blob([await (await fetch(`data:;base64,${base64}`)).arrayBuffer()]);
  window.base64 = async (blob) => {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    let text = '';
    for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
    return btoa(text);
  };
  window.ok = ({ body }) => {
    if (body.ok === undefined) throw new Error(JSON.stringify(body));
    return body.ok;
  };
}

/** The worker's linear memory in bytes. */
const memory = (page) =>
  page.workers()[0].evaluate(async () => (await (await import('./wasm/engine.js')).default()).memory.buffer.byteLength);

const columns = (text) => {
  const [header, ...lines] = text.trimEnd().split('\n').map((line) => line.split('\t'));
  return lines.map((line) => Object.fromEntries(line.map((cell, i) => [header[i], cell])));
};

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** The rectangle of a mask file, which is that of the whole picture, and its coverage, row by row. */
function coverage(file) {
  const { width, height, data } = PNG.sync.read(readFileSync(file));
  const bytes = Buffer.alloc(width * height);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = data[at * 4];
  return { rect: { x: 0, y: 0, width, height }, bytes };
}

/** Opens, erases and encodes. Gives seconds, PNG and memory. */
async function erase(page, picture, mask) {
  const result = await page.evaluate(
    async ([picture, rect, bytes]) => {
      window.current = await engine();
      ok(await current.ask({ call: 'open', fills: [], key: null }, [await blob(picture)]));
      const ask = { call: 'erase', job: 1, mask: rect, engine: { engine: 'instant', route: 'automatic' }, seed: 1 };
      const { ms } = ok(await current.ask(ask, [await blob(bytes)]));
      const encoded = await current.ask({ call: 'encode', format: 'png', purpose: 'page', note: null });
      ok(encoded);
      return { seconds: ms / 1000, png: await base64(encoded.blobs[0]) };
    },
    [picture.toString('base64'), mask.rect, mask.bytes.toString('base64')],
  );
  result.memory = await memory(page);
  await page.evaluate(() => current.stop());
  return result;
}

/** A JPEG of twelve megapixels with structure and grain. */
async function large(page) {
  const jpeg = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(4000, 3000);
    const context = canvas.getContext('2d');
    let state = 7;
    const random = (n) => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32) * n;
    for (let i = 0; i < 3000; i += 1) {
      context.fillStyle = `hsl(${random(90) + 30} ${random(50)}% ${random(60) + 20}%)`;
      context.fillRect(random(4000) - 100, random(3000) - 100, random(300), random(300));
    }
    const picture = context.getImageData(0, 0, 4000, 3000);
    for (let at = 0; at < picture.data.length; at += 1) if (at % 4 < 3) picture.data[at] += random(16) - 8;
    context.putImageData(picture, 0, 0);
    return base64(await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 }));
  });
  return Buffer.from(jpeg, 'base64');
}

/** A wave of 30 pixels' width from edge to edge of the large picture. */
function scribble() {
  const rect = { x: 100, y: 100, width: 3800, height: 2800 };
  const bytes = Buffer.alloc(rect.width * rect.height);
  for (let x = 0; x < rect.width; x += 1) {
    const middle = Math.round(1400 + 1380 * Math.sin(x / 450));
    for (let y = Math.max(0, middle - 15); y < Math.min(rect.height, middle + 15); y += 1) bytes[y * rect.width + x] = 255;
  }
  return { rect, bytes };
}

/** Cancels fills, each after a longer time than the one before, until one ends before its cancel. Gives how long each took to stop, milliseconds. */
function cancelled(page, picture, mask) {
  return page.evaluate(
    async ([picture, rect, bytes]) => {
      window.current = await engine();
      ok(await current.ask({ call: 'open', fills: [], key: null }, [await blob(picture)]));
      const covered = await blob(bytes);
      const took = [];
      for (let job = 1; job <= 24; job += 1) {
        const ask = { call: 'erase', job, mask: rect, engine: { engine: 'instant', route: 'automatic' }, seed: 1 };
        const erased = current.ask(ask, [covered]);
        await new Promise((done) => setTimeout(done, 173 * job));
        const start = performance.now();
        current.ask({ call: 'cancel', job });
        const { body } = await erased;
        if (body.ok !== undefined) break;
        if (body.err?.failure !== 'cancelled') throw new Error(JSON.stringify(body));
        took.push(performance.now() - start);
      }
      current.stop();
      return took;
    },
    [picture.toString('base64'), mask.rect, mask.bytes.toString('base64')],
  );
}

mkdirSync(out, { recursive: true });
const browser = await launch({ headed: false });
const page = await browser.page(`chrome-extension://${browser.id}/models.html`);
await page.evaluate(serve);
const results = [];
for (const { id, category, input, mask } of columns(readFileSync(path.join(folder, 'manifest.tsv'), 'utf8'))) {
  const result = await erase(page, readFileSync(path.join(folder, input)), coverage(path.join(folder, mask)));
  writeFileSync(path.join(out, `${id}.png`), Buffer.from(result.png, 'base64'));
  results.push({ id, category, ...result });
}
writeFileSync(path.join(out, 'times.tsv'), results.map(({ id, seconds }) => `${id}\t${seconds.toFixed(3)}\n`).join(''));
for (const category of new Set(results.map((result) => result.category))) {
  const of = results.filter((result) => result.category === category);
  const most = Math.max(...of.map((result) => result.memory)) / MEGABYTE;
  console.log(`${category}: median ${median(of.map((result) => result.seconds)).toFixed(2)} s, at most ${most.toFixed(0)} MB`);
}
const photograph = await large(page);
for (const [name, hole] of [
  ['500x500', { rect: { x: 1700, y: 1200, width: 500, height: 500 }, bytes: Buffer.alloc(250_000, 255) }],
  ['a scribble across', scribble()],
]) {
  const result = await erase(page, photograph, hole);
  const megabytes = (result.memory / MEGABYTE).toFixed(0);
  console.log(`${name} in 4000x3000: ${result.seconds.toFixed(2)} s, ${megabytes} MB (the picture itself takes 46)`);
  const took = await cancelled(page, photograph, hole);
  console.log(`cancelled ${took.length} times, after at most ${Math.max(0, ...took).toFixed(0)} ms`);
}
await browser.close();
