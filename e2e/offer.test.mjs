// Installing a model while a picture is open: the overlay asks before it downloads, shows the progress, and Instant works meanwhile.

import assert from 'node:assert/strict';
import { after, BALL, beforeEach, browser, open, server, test, until, useBrowser } from './harness.mjs';
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
  assert.match(question, new RegExp(`${size.toFixed(1)}\\sMB from ${new URL(hub.origin).host}`));
  await editor.press('notice-no');
  assert.equal(await list(editor).inputValue(), 'instant');
  assert.equal(hub.ranges().length, 0, 'nothing was downloaded');
  assert.equal(await status(), 'available');

  // A slow download, so that there is time to work meanwhile.
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
  assert.ok(await editor.frame.locator('#option-steps-field').isVisible());
  await editor.leave();

  // The model is chosen on other pages, too, and no model is offered any more.
  const other = await browser.page(`${server.home}/test/kinds.html`);
  const again = await open(other, '#img');
  await until(async () => (await list(again).inputValue()) === MODEL, { what: 'the model in use' });
  assert.equal(await again.frame.locator('#engine option[value^="get:"]').count(), 0);
  await again.leave();
});

test('a download that fails says so, keeps what is painted and is asked for again', async () => {
  // The previous overlay has just begun to load it.
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

/**
 * Adds a model to the store's list in every page of the extension from now on, and collects in `sent` what pages send to the engine. The
 * model stands for any registered model: pages know models by their descriptions only. How a registered model gets from its file to pixels
 * is tested with the engine.
 */
function describeOneMore(model) {
  if (location.protocol !== 'chrome-extension:') return;
  globalThis.sent = [];
  const connect = chrome.runtime.connect.bind(chrome.runtime);
  chrome.runtime.connect = (info) => {
    const port = connect(info);
    const listen = port.onMessage.addListener.bind(port.onMessage);
    port.onMessage.addListener = (hear) => listen((message) => {
      if (message.body?.ok?.reply === 'listed') message.body.ok.models.push(model);
      hear(message);
    });
    if (info?.name === 'engine') {
      const post = port.postMessage.bind(port);
      port.postMessage = (message) => {
        sent.push(message.body);
        post(message);
      };
    }
    return port;
  };
}

test('a model shows up in the overlay and on the models page by its description alone', async () => {
  const option = { help: '', min: 0, max: 8, step: 0.5, default: 1, presets: [], phrase: '{}' };
  const toy = {
    id: 'toy', name: 'Mean of the surroundings', source: 'tests', licence: 'Apache-2.0', part: false, status: 'installed',
    precision: 'f16', bytes: 16, sha256: '00', used: null,
    options: [
      { ...option, id: 'rounds', label: 'quality', presets: [{ value: 1, label: 'qualityFast' }, { value: 8, label: 'qualityBest' }] },
      { ...option, id: 'blend', label: 'guidance', max: 2 },
    ],
  };
  await browser.context.addInitScript(describeOneMore, toy);
  const models = await browser.page(`chrome-extension://${browser.id}/models.html`);
  const card = models.locator('[data-model=toy]');
  await until(async () => (await card.locator('[data-field=name]').textContent()) === toy.name, { what: 'the card' });
  assert.ok(await card.locator('[data-action=prefer]').isVisible());
  await models.close();

  const page = await browser.page(`${server.home}/test/kinds.html`);
  const editor = await open(page, '#img');
  await until(() => editor.frame.locator('#engine option[value=toy]').count(), { what: 'the model in the list' });
  await editor.pick('engine', 'toy');
  const rounds = editor.frame.locator('#option-rounds');
  await until(() => rounds.isVisible(), { what: 'its list' });
  assert.deepEqual(await rounds.evaluate((list) => [...list.options].map((choice) => [choice.value, choice.text])), [['1', 'Fast'], ['8', 'Best']]);
  assert.equal(await rounds.inputValue(), '1');
  await editor.pick('option-rounds', '8');
  await editor.press('settings');
  const blend = editor.frame.locator('#option-blend');
  assert.deepEqual(await blend.evaluate(({ min, max, step, value }) => [min, max, step, value]), ['0', '2', '0.5', '1']);
  await blend.focus();
  await editor.key('ArrowRight');
  assert.equal(await editor.frame.locator('output[for=option-blend]').textContent(), '1.5');
  await editor.press('settings-close');
  // The request contains the options that were set. The engine of this build does not know the model.
  await editor.eraseRect(BALL);
  const asked = await editor.frame.evaluate(() => sent.filter((call) => call.call === 'erase').at(0).engine);
  const options = [{ id: 'rounds', value: 8 }, { id: 'blend', value: 1.5 }];
  assert.deepEqual(asked, { engine: 'model', model: 'toy', options });
  await editor.leave();
});
