// Getting a model while a picture is open: asked before anything is downloaded, told how far it is, and Instant works meanwhile.

import assert from 'node:assert/strict';
import { after, beforeEach } from 'node:test';
import { BALL, browser, open, server, test, until, useBrowser } from './harness.mjs';
import { startHub, tinyUnet, tinyVae } from './hub.mjs';
import { askStore, storePage } from './store.mjs';

const UNET = 'hustvl/Moebius/ft_places2/diffusion_pytorch_model.bin';
const VAE = 'hustvl/PixelHacker/vae/diffusion_pytorch_model.bin';
const MODEL = 'ft_places2';

let hub, store;

useBrowser({}, async () => {
  hub = await startHub(new Map([[UNET, await tinyUnet()], [VAE, await tinyVae()]]));
});

beforeEach(async () => {
  store = await storePage(browser, hub);
});

after(() => hub?.close());

const list = (editor) => editor.frame.locator('#engine');
const offered = (editor) => until(() => editor.frame.locator('#engine option[value^="get:"]').count(), { what: 'a model to be had' });
const status = async () => (await askStore(store, { call: 'list' })).models.find(({ id }) => id === MODEL).status;

test('a model is downloaded only after its size and host were agreed to, and is used when it is there', async () => {
  const page = await browser.page(`${server.home}/test/kinds.html`);
  const editor = await open(page, '#img');
  await offered(editor);
  hub.requests.length = 0;
  await editor.pick('engine', `get:${MODEL}`);
  const size = ((await tinyUnet()).length + (await tinyVae()).length) / 1e6;
  const question = await editor.says(/download of/);
  assert.match(question, new RegExp(`${size.toFixed(1)} MB from ${new URL(hub.origin).host}`));
  await editor.press('notice-no');
  assert.equal(await list(editor).inputValue(), 'instant');
  assert.equal(hub.ranges().length, 0, 'nothing was downloaded');
  assert.equal(await status(), 'available');

  // Slowly, so that there is time to work meanwhile.
  hub.behaviour.pace = size * 1e6 / 12;
  await editor.pick('engine', `get:${MODEL}`);
  await editor.says(/download of/);
  await editor.press('notice-yes');
  const line = editor.frame.locator('#download');
  await until(async () => /Moebius.*: Downloading.* of .*MB/.test(await line.textContent()), { what: 'how far the download is' });
  await editor.eraseRect(BALL);
  assert.equal(await editor.frame.evaluate(() => document.documentElement.dataset.fills), '1', 'Instant works meanwhile');
  hub.behaviour.pace = Infinity;
  await until(async () => (await list(editor).inputValue()) === MODEL, { what: 'the model in use' });
  await until(async () => /ready/.test(await editor.hint()), { what: 'the word that it is ready' });
  assert.ok(await line.isHidden());
  assert.ok(await editor.frame.locator('#quality-field').isVisible());
  await editor.leave();

  // It is chosen on other pages, too, and nothing is offered any more.
  const other = await browser.page(`${server.home}/test/kinds.html`);
  const again = await open(other, '#img');
  await until(async () => (await list(again).inputValue()) === MODEL, { what: 'the model in use' });
  assert.equal(await again.frame.locator('#engine option[value^="get:"]').count(), 0);
  await again.leave();
});

test('a download that fails says so, keeps what is painted and is asked for again', async () => {
  // The overlay before has just begun to load it.
  assert.deepEqual(await askStore(store, { call: 'delete', model: MODEL }), { reply: 'done' });
  const page = await browser.page(`${server.home}/test/kinds.html`);
  const editor = await open(page, '#img');
  await offered(editor);
  hub.behaviour.corrupt = 1000;
  await editor.pick('engine', `get:${MODEL}`);
  await editor.says(/download of/);
  await editor.press('notice-yes');
  await editor.says(/not what was published/);
  assert.equal(await list(editor).inputValue(), 'instant');
  hub.behaviour.corrupt = undefined;
  await editor.press('notice-yes');
  await editor.says(/download of/);
  await editor.press('notice-yes');
  await until(async () => (await list(editor).inputValue()) === MODEL, { what: 'the model in use' });
  await editor.leave();
});
