// The model store in Firefox: a download that is paused and goes on, what keeps the background while it runs and while a job does, and a model on the GPU.

import assert from 'node:assert/strict';
import { launchFirefox } from './firefox.mjs';
import { after, afterEach, BALL, before, compareOutside, overlay, readElement, sleep, test, until } from './harness.mjs';
import { smallestUnet, startHub, tinyVae } from './hub.mjs';
import { startServer } from './server.mjs';
import { askStore, connectToStore } from './store.mjs';

const UNET = 'hustvl/Moebius/ft_places2/diffusion_pytorch_model.bin';
const VAE = 'hustvl/PixelHacker/vae/diffusion_pytorch_model.bin';

/** After how many seconds without work the browser ends the background. Six seconds fewer than usual: the test is shorter. */
const IDLE_S = 24;
/** Longest time of an erase with a model, milliseconds: all programs are compiled for the first time. */
const LONG = 300_000;

let server;
let hub;
let firefox;

before(async () => {
  server = await startServer();
  hub = await startHub(new Map([[UNET, await smallestUnet()], [VAE, await tinyVae()]]));
  firefox = await launchFirefox({ preferences: { 'extensions.background.idle.timeout': IDLE_S * 1000, 'dom.webgpu.enabled': true, 'dom.webgpu.workers.enabled': true, 'gfx.webgpu.ignore-blocklist': true } });
});
afterEach(() => firefox.tidy());
after(async () => {
  await firefox?.close();
  await hub?.close();
  await server?.close();
});

const MODEL = 'ft_places2';
const card = (action) => `[data-model="${MODEL}"] [data-action="${action}"]`;
const status = (page) => page.evaluate((model) => document.querySelector(`[data-model="${model}"]`)?.dataset.status, MODEL);

/** The models page, with a connection of its own to the store. */
async function models() {
  const page = await firefox.open('models.html');
  await connectToStore(page, hub);
  await until(() => status(page), { what: 'the list of models' });
  return page;
}

afterEach(() => Object.assign(hub.behaviour, { pace: Infinity }));

test('a model is downloaded once that was agreed to, paused, taken up where it was, and kept', async () => {
  const page = await models();
  hub.behaviour.pace = 500_000;
  await page.locator(card('install')).click();
  await page.locator('#consent-yes').click();
  const come = () => page.evaluate(async (model) => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('models', { create: true });
    return (await (await folder.getFileHandle(`${model}.part`)).getFile()).size;
  }, MODEL);
  await until(async () => (await come()) > 100_000, { what: 'a part of the file' });
  await page.locator(card('pause')).click();
  await until(async () => (await status(page)) === 'paused', { what: 'a pause' });
  hub.behaviour.pace = Infinity;
  await page.locator(card('install')).click();
  await until(async () => (await status(page)) === 'installed', { what: 'the model' });
  assert.match(hub.ranges()[1], /^bytes=[1-9]\d+-$/, 'the rest, and not all of it again');
  assert.deepEqual(await askStore(page, { call: 'verify', model: MODEL }), { reply: 'done' });
});

/** Makes sure that the model is there. */
async function installed() {
  const page = await models();
  assert.deepEqual(await askStore(page, { call: 'install', model: MODEL, precision: 'f16' }), { reply: 'done' });
  await page.close();
}

/** An overlay on the test picture, with the model and few steps, because the CPU plays the GPU. */
async function editor(page) {
  await firefox.choose(page, '#img', 'Erase something…');
  const editor = await overlay(page);
  await until(() => editor.frame.evaluate((model) => document.querySelector('#engine').value === model, MODEL), { what: 'the model in the list' });
  await editor.frame.evaluate(() => (document.querySelector('#option-steps option').value = '4'));
  await editor.pick('option-steps', '4');
  return editor;
}

test('a model erases on the GPU, also after the background has ended in the middle', async () => {
  await installed();
  const page = await firefox.page(`${server.home}/test/kinds.html`);
  const was = await readElement(page, '#img');
  const editing = await editor(page);
  await editing.passed();
  await editing.paintRect(BALL);
  await editing.erase();
  assert.equal(await firefox.killBackground(), 'stopped');
  // The overlay may begin again by itself. If it shows a failure, its button helps.
  if ((await editing.reaches(['failed', 'done'], LONG)) === 'failed') {
    await editing.passed();
    await editing.press('notice-yes');
    await editing.waitDone(LONG);
  }
  await editing.done();
  compareOutside(was, await readElement(page, '#img'), BALL);
}, 2 * LONG);

test('the background is kept as long as a download runs, also when no page of ours is open', async () => {
  const page = await models();
  await askStore(page, { call: 'delete', model: MODEL });
  hub.requests.length = 0;
  // More connections than one are opened. All of them together need longer than the browser waits.
  hub.behaviour.pace = hub.files.get(UNET).length / (20 * IDLE_S);
  await page.evaluate((model) => void ask({ call: 'install', model, precision: 'f16' }), MODEL);
  await until(() => hub.ranges().length > 0, { what: 'a download' });
  await page.close();
  // Nothing tells that the browser has waited for so long.
  await sleep(1.2 * IDLE_S * 1000);
  assert.equal(await firefox.background(), 'running');
  hub.behaviour.pace = Infinity;
  const again = await models();
  await until(async () => (await status(again)) === 'installed', { what: 'the model' });
});

test('everything is deleted, also what the engine has open', async () => {
  await installed();
  const page = await models();
  await page.locator('#delete-all').click();
  await page.locator('#consent-yes').click();
  await until(() => page.evaluate(() => document.querySelector('#data-note').textContent === 'Everything is deleted.'), { what: 'the end of it' });
  // The list that is shown again makes the store's folder anew.
  const files = await page.evaluate(async () => {
    const all = [];
    for await (const folder of (await navigator.storage.getDirectory()).values()) for await (const name of folder.keys()) all.push(name);
    return all;
  });
  assert.deepEqual(files, []);
  assert.deepEqual(await page.evaluate(() => chrome.storage.local.get()), {});
});
