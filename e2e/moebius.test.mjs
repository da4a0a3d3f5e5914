// Erasing with an installed model, and what must not break it. The model is the smallest one, on a GPU that the CPU emulates.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  after, BALL, browser, compareOutside, launch, open, overlay, readElement, rightClickErase, same, server, test, until, useBrowser,
} from './harness.mjs';
import { smallestUnet, startHub, tinyVae } from './hub.mjs';
import { askStore, storePage } from './store.mjs';
import { temporaryFolder } from './temporary.mjs';

const UNET = 'hustvl/Moebius/ft_places2/diffusion_pytorch_model.bin';
const VAE = 'hustvl/PixelHacker/vae/diffusion_pytorch_model.bin';
const MODEL = 'ft_places2';
/** A program that does the same erase without a browser. */
const NATIVE = process.env.ERASE ?? fileURLToPath(new URL('../target/debug/examples/erase', import.meta.url));
/** Longest time of one run, milliseconds: all programs are compiled for the first time. */
const PATIENCE = 300_000;
const slowly = (name, body) => test(name, body, 600_000);

let hub, folder;

/** Installs the model in a browser, through the store. With `packs`, also exports its packs into the folder. */
async function install(into, packs = false) {
  const page = await storePage(into, hub);
  assert.deepEqual(await askStore(page, { call: 'install', model: MODEL, precision: 'f16' }), { reply: 'done' });
  for (const model of packs ? [MODEL, 'vae'] : []) {
    const base64 = await page.evaluate(async (model) => {
      const { blobs } = await ask({ call: 'export', model });
      const url = await new Promise((done) => {
        const reader = new FileReader();
        reader.onload = () => done(reader.result);
        reader.readAsDataURL(blobs[0]);
      });
      return url.slice(url.indexOf(',') + 1);
    }, model);
    writeFileSync(`${folder}/${model}.pack`, Buffer.from(base64, 'base64'));
  }
  await page.close();
}

useBrowser({}, async () => {
  hub = await startHub(new Map([[UNET, await smallestUnet()], [VAE, await tinyVae()]]));
  folder = temporaryFolder('moebius');
  await install(browser, true);
});

after(async () => {
  await hub?.close();
});

/** Opens an overlay on the test picture, with the model and few steps, because the CPU is slow. `said` in it collects what the progress row says. */
async function editor(page, steps = '4') {
  const editor = await open(page, '#img');
  await until(() => editor.frame.locator('#engine').inputValue().then((value) => value === MODEL), { what: 'the model in the list' });
  await editor.frame.evaluate((steps) => (document.querySelector('#option-steps option').value = steps), steps);
  await editor.pick('option-steps', steps);
  await editor.frame.evaluate(() => {
    globalThis.said = [];
    globalThis.previews = 0;
    const text = document.querySelector('#progress-text');
    new MutationObserver(() => {
      if (said.at(-1) !== text.textContent) said.push(text.textContent);
    }).observe(text, { childList: true, characterData: true, subtree: true });
    new MutationObserver(() => {
      if (document.documentElement.hasAttribute('data-preview')) previews += 1;
    }).observe(document.documentElement, { attributeFilter: ['data-preview'] });
  });
  return editor;
}

const visit = (from = browser) => from.page(`${server.home}/test/kinds.html`);
const said = (editor) => editor.frame.evaluate(() => said);
/** The smallest rectangle around all pixels that differ: its outermost rows and columns. */
function bounds({ width, data }, other) {
  const found = { left: Infinity, top: Infinity, right: -1, bottom: -1 };
  for (let at = 0; at < data.length; at += 4) {
    if (data.readUInt32LE(at) === other.data.readUInt32LE(at)) continue;
    const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
    Object.assign(found, {
      left: Math.min(found.left, x), top: Math.min(found.top, y), right: Math.max(found.right, x), bottom: Math.max(found.bottom, y),
    });
  }
  return found;
}

/** Encodes straight RGBA in the page of an overlay. */
async function png(frame, { width, height, data }, path) {
  const base64 = await frame.evaluate(async ({ width, height, base64 }) => {
    const bytes = Uint8ClampedArray.from(atob(base64), (c) => c.charCodeAt(0));
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext('2d').putImageData(new ImageData(bytes, width), 0, 0);
    const blob = await canvas.convertToBlob();
    return btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
  }, { width, height, base64: data.toString('base64') });
  writeFileSync(path, Buffer.from(base64, 'base64'));
}

slowly('right-click, paint, Erase: what the model makes of it natively; the way there is told, and needs no service worker', async () => {
  const page = await visit();
  const was = await readElement(page, '#img');
  const it = await editor(page);
  // The mask that is sent to the engine cannot be read from the screen.
  await it.frame.evaluate(() => {
    const Original = Blob;
    globalThis.Blob = class extends Original {
      static [Symbol.hasInstance](value) {
        return value instanceof Original;
      }

      constructor(parts, options) {
        super(parts, options);
        if (options?.type === 'application/octet-stream') globalThis.mask = this;
      }
    };
  });
  await it.passed();
  await it.paintRect(BALL);
  await it.erase();
  await until(async () => (await said(it)).some((text) => text.startsWith('Step')), { timeout: PATIENCE, what: 'the first step' });
  // A job does not depend on the service worker.
  await browser.killWorker();
  await it.waitDone(PATIENCE);
  const now = await it.shown();
  compareOutside(was, now, BALL);

  const texts = await said(it);
  const steps = texts.filter((text) => text.startsWith('Step')).map((text) => Number(/^Step (\d+) of 3/.exec(text)[1]));
  assert.deepEqual(steps, [1, 2, 3], texts.join(' | '));
  const order = ['Analysing', 'Step 1 ', 'Step 3 ', 'Almost'].map((start) => texts.findIndex((text) => text.startsWith(start)));
  assert.deepEqual(order, [...order].sort((a, b) => a - b), texts.join(' | '));
  assert.ok(order.every((at) => at >= 0), texts.join(' | '));
  assert.ok(texts.some((text) => /· .* left$/.test(text)), texts.join(' | '));
  assert.ok((await it.frame.evaluate(() => previews)) >= 1, 'the fill is seen forming');

  // The mask is the rectangle, grown by the same number of pixels on all sides.
  const coverage = Buffer.from(await it.frame.evaluate(async () => Array.from(new Uint8Array(await mask.arrayBuffer()))));
  const grown = [...Array(40).keys()].find((by) => (BALL.width + 2 * by) * (BALL.height + 2 * by) === coverage.length);
  assert.ok(grown >= 0, `${coverage.length} bytes of mask`);
  // The mouse moves in whole pixels of the screen, which need not be those of the picture. The changed pixels show where the mask was.
  const changes = bounds(was, now);
  const [width, height] = [BALL.width + 2 * grown, BALL.height + 2 * grown];
  const [left, top] = [changes.left + changes.right + 1 - width, changes.top + changes.bottom + 1 - height].map((twice) => Math.round(twice / 2));
  console.log(`# the mask stands at ${left}, ${top}; ${grown} pixels around ${BALL.x}, ${BALL.y}`);
  const whole = Buffer.alloc(was.width * was.height * 4, 255).map((_, i) => (i % 4 === 3 ? 255 : 0));
  coverage.forEach((value, i) => {
    const at = ((top + Math.floor(i / width)) * was.width + left + (i % width)) * 4;
    whole.fill(value, at, at + 3);
  });
  await png(it.frame, was, `${folder}/in.png`);
  await png(it.frame, { ...was, data: whole }, `${folder}/mask.png`);
  execFileSync(NATIVE, [
    '--model', `${folder}/${MODEL}.pack`, '--steps', '4', '--f32',
    `${folder}/in.png`, `${folder}/mask.png`, `${folder}/out.png`,
  ]);
  server.put('/made/native.png', 'image/png', readFileSync(`${folder}/out.png`));
  const shower = await browser.page(`${server.home}/test/files.html?/made/native.png`);
  await shower.locator('#img').evaluate((image) => image.decode());
  const native = await readElement(shower, '#img');
  let [sum, worst, changed] = [0, 0, 0];
  for (let i = 0; i < now.data.length; i += 1) {
    const apart = Math.abs(now.data[i] - native.data[i]);
    sum += apart;
    worst = Math.max(worst, apart);
    changed += now.data[i] !== was.data[i];
  }
  const mean = sum / Math.max(1, changed);
  console.log(`# browser and native: ${mean.toFixed(4)} levels apart on average, ${worst} at worst, ${changed} values repainted`);
  assert.ok(changed > 5000 && mean < 0.5 && worst <= 4, `${mean}, ${worst}, ${changed}`);
  await shower.close();
  await it.leave();
});

slowly('three erases in a chain are undone and redone; between two of them, another tab has its turn', async () => {
  const page = await visit();
  // The second erase is still running when the other tab asks: one step takes the CPU many seconds.
  const it = await editor(page, '3');
  const rects = [BALL, { x: 20, y: 20, width: 40, height: 30 }, { x: BALL.x - 30, y: BALL.y + 10, width: 50, height: 20 }];
  const shown = [await it.shown()];
  const ended = [];
  /** Paints and starts the fill. `over` is resolved when the result shows. */
  const start = async (who, rect, name) => {
    await who.passed();
    await who.paintRect(rect);
    await who.erase();
    // It begins by itself when the user rests, and on a busy machine it may have ended when the click on Erase has been taken.
    await until(() => who.frame.evaluate(() => passed.includes('running')), { what: `${name} begun` });
    return { over: who.waitDone(PATIENCE).then(() => ended.push(name)) };
  };
  const result = async () => {
    shown.push(await it.shown());
    compareOutside(shown.at(-2), shown.at(-1), rects[shown.length - 2]);
    assert.ok(!shown.at(-1).data.equals(shown.at(-2).data), 'something was erased');
  };
  await (await start(it, rects[0], 'first')).over;
  await result();
  // It is open before the second erase begins: opening takes long beside one.
  const other = await visit();
  const there = await editor(other, '2');
  await page.bringToFront();
  const second = await start(it, rects[1], 'second');
  await other.bringToFront();
  const elsewhere = await start(there, BALL, 'other tab');
  await until(async () => (await said(there)).some((text) => text.startsWith('Waiting')), { what: 'the word that it waits' });
  await page.bringToFront();
  await second.over;
  await result();
  const third = await start(it, rects[2], 'third');
  await Promise.all([third.over, elsewhere.over]);
  assert.deepEqual(ended, ['first', 'second', 'other tab', 'third'], 'in the order of asking');
  await result();
  assert.doesNotMatch(await it.hint(), /Instant/, 'the model did it');

  for (const before of shown.slice(0, -1).reverse()) await it.pressUntil('undo', ({ data }) => data.equals(before.data));
  for (const after of shown.slice(1)) await it.pressUntil('redo', ({ data }) => data.equals(after.data));
  await it.done();
  same(shown.at(-1), await readElement(page, '#img'), 'the page has all three');
  await other.bringToFront();
  await there.leave();
});

slowly('cancel takes effect in the middle, what was painted stays; a GPU process that crashes costs one step', async () => {
  const page = await visit();
  const was = await readElement(page, '#img');
  // So many that the crash comes between the first and the last.
  const it = await editor(page, '6');
  await it.passed();
  await it.paintRect(BALL);
  await it.erase();
  await until(async () => (await said(it)).some((text) => text.startsWith('Analysing')), { timeout: PATIENCE, what: 'the model at work' });
  const from = Date.now();
  await it.cancel();
  await it.reaches(['painting']);
  const took = Date.now() - from;
  console.log(`# cancelled within ${took} ms`);
  // On the CPU, one dispatch of the model takes up to two seconds, and one step twenty.
  assert.ok(took < 10_000, `${took} ms`);
  same(was, await it.shown(), 'nothing has changed');

  await it.passed();
  await it.frame.evaluate(() => said.splice(0));
  await it.erase();
  await until(async () => (await said(it)).some((text) => text.startsWith('Step 2 ')), { timeout: PATIENCE, what: 'the second step' });
  const crash = await browser.context.newPage();
  await crash.goto('chrome://gpucrash').catch(() => {});
  await crash.close().catch(() => {});
  await page.bringToFront();
  const steps = async () => (await said(it)).map((text) => Number(/^Step (\d+)/.exec(text)?.[1]))
    .filter((step, i, all) => step && step !== all[i - 1]);
  assert.ok((await steps()).length < 5, 'it crashed in the middle');
  await it.waitDone(PATIENCE);
  assert.deepEqual(await steps(), Array.from({ length: 5 }, (_, i) => i + 1), 'it went on where it was, and did no step twice');
  assert.doesNotMatch(await it.hint(), /Instant/, 'the model did it');
  await it.done();
  compareOutside(was, await readElement(page, '#img'), BALL);
});

slowly('without WebGPU, the built-in fill does it and one sentence says so', async () => {
  const plain = await launch({ webgpu: false });
  try {
    await install(plain);
    const page = await visit(plain);
    const was = await readElement(page, '#img');
    await rightClickErase(page, '#img');
    const it = await overlay(page);
    await until(() => it.frame.locator('#engine').inputValue().then((value) => value === MODEL));
    await it.eraseRect(BALL);
    assert.match(await it.hint(), /could not be used here, so “Instant”/);
    await it.done();
    compareOutside(was, await readElement(page, '#img'), BALL);
  } finally {
    await plain.close();
  }
});
