// The store's records after an end at a bad moment, a failing disk or somebody's hand: a broken record never costs a model.

import assert from 'node:assert/strict';
import { after, before, beforeEach, launch, test, until } from './harness.mjs';
import { startHub, tinyUnet, tinyVae } from './hub.mjs';
import { askStore, storePage } from './store.mjs';

const MODEL = 'ft_places2';
const OTHER = 'pretrained';

let hub, browser, page;

before(async () => {
  const unet = await tinyUnet();
  hub = await startHub(new Map([
    ['hustvl/Moebius/ft_places2/diffusion_pytorch_model.bin', unet],
    ['hustvl/Moebius/pretrained/diffusion_pytorch_model.bin', unet],
    ['hustvl/PixelHacker/vae/diffusion_pytorch_model.bin', await tinyVae()],
  ]));
  browser = await launch({ headed: false });
});

after(async () => {
  await browser?.close();
  await hub?.close();
});

beforeEach(async () => {
  hub.behaviour.pace = Infinity;
  await restart();
  for (const { id } of (await list()).models) await ask({ call: 'delete', model: id });
  await until(async () => (await list()).models.every(({ status }) => status === 'available'), { what: 'an empty store' });
});

/** Ends the engine, does something to its files, and begins with another engine. */
async function restart(meanwhile = async () => {}) {
  await page?.close().catch(() => {});
  await browser.killEngine().catch(() => {});
  const other = await browser.page(`chrome-extension://${browser.id}/manifest.json`);
  await meanwhile(other);
  await other.close();
  page = await storePage(browser, hub);
}

const ask = (body) => askStore(page, body);
const list = () => ask({ call: 'list' });
const model = async (id) => (await list()).models.find((model) => model.id === id);
const install = (id = MODEL) => ask({ call: 'install', model: id, precision: 'f16' });
const rested = (id) => until(async () => (await model(id)).status !== 'busy' && model(id), { what: 'the store at rest' });

/** Changes the text of a file of the store, in a page of the extension. */
const edit = (name, change) => async (other) => {
  const text = await other.evaluate(async (name) => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
    return (await (await folder.getFileHandle(name)).getFile()).slice(0, 100_000).text();
  }, name);
  await other.evaluate(async ({ name, text }) => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
    const out = await (await folder.getFileHandle(name)).createWritable();
    await out.write(text);
    await out.close();
  }, { name, text: change(text) });
};

const names = () => page.evaluate(async () => {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('models', { create: true });
  const all = [];
  for await (const name of folder.keys()) all.push(name);
  return all.sort();
});

for (const [what, change] of [
  ['is empty', () => ''],
  ['is cut short', (text) => text.slice(0, text.length / 2)],
  ['lacks its last byte', (text) => text.slice(0, -1)],
  ['is all zeros', (text) => '\0'.repeat(text.length)],
  ['is something else', () => '{"hello":["world"]}'],
  ['is of another file', (text) => text.replace('ft_places2', '../places2')],
  ['claims what cannot be', (text) => text.replace('"missing":[]', '"missing":[{"from":9,"to":3}]')],
]) {
  test(`a record that ${what}: the model is there again after the next start`, async () => {
    await install();
    const whole = await model(MODEL);
    await restart(edit(`${MODEL}.json`, change));
    const again = await rested(MODEL);
    assert.equal(again.status, 'installed');
    for (const key of ['sha256', 'bytes', 'precision', 'name', 'licence']) assert.deepEqual(again[key], whole[key], key);
    assert.deepEqual(await ask({ call: 'verify', model: MODEL }), { reply: 'done' });
    assert.equal((await ask({ call: 'offer', model: MODEL })).bytes, 0, 'nothing has to be downloaded again');
  });
}

test('a broken record of a part, and one of a model that needs it: both are there again', async () => {
  await install();
  await restart(async (other) => {
    for (const name of ['vae.json', `${MODEL}.json`]) await edit(name, () => '')(other);
  });
  assert.equal((await rested(MODEL)).status, 'installed');
  assert.equal((await rested('vae')).status, 'installed');
});

test('while a record is broken, no other model takes the shared part with it', async () => {
  await install();
  await install(OTHER);
  await edit(`${MODEL}.json`, () => '')(page);
  await ask({ call: 'delete', model: OTHER });
  assert.ok((await names()).includes('vae.pack'), `${await names()}`);
  await restart();
  assert.equal((await rested(MODEL)).status, 'installed');
  assert.equal((await rested('vae')).status, 'installed');
});

test('a pack that is damaged as well is kept and shown, and can be had anew', async () => {
  await install();
  await restart(async (other) => {
    await edit(`${MODEL}.json`, () => '')(other);
    await edit(`${MODEL}.pack`, (text) => text.slice(0, 1000))(other);
  });
  assert.equal((await rested(MODEL)).status, 'outdated');
  assert.deepEqual(await install(), { reply: 'done' });
  assert.equal((await model(MODEL)).status, 'installed');
});

test('an engine that ends at any moment of an installation goes on', async () => {
  hub.behaviour.pace = (await tinyUnet()).length / 60;
  for (let ends = 0; ends < 6; ends += 1) {
    // The answer does not matter: the engine that was asked is gone.
    install().catch(() => {});
    const before = (await model(MODEL)).bytes;
    await until(async () => (await model(MODEL)).bytes > before + 100_000, { what: 'some more bytes' });
    await restart();
    assert.equal((await model(MODEL)).status, 'paused');
  }
  hub.behaviour.pace = Infinity;
  assert.deepEqual(await install(), { reply: 'done' });
  assert.deepEqual(await ask({ call: 'verify', model: MODEL }), { reply: 'done' });
  assert.deepEqual(await names(), ['ft_places2.json', 'ft_places2.pack', 'vae.json', 'vae.pack']);
});

test('what belongs to nothing is removed, but for packs', async () => {
  await install();
  await restart((other) => other.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
    for (const name of ['gone.part', 'gone.used', 'odd']) {
      const out = await (await folder.getFileHandle(name, { create: true })).createWritable();
      await out.write('x');
      await out.close();
    }
  }));
  await rested(MODEL);
  assert.deepEqual(await names(), ['ft_places2.json', 'ft_places2.pack', 'vae.json', 'vae.pack']);
});
