// Pictures that are made to cost much more than they show. After each of them no memory stays taken, the engine works, another tab's edit is
// whole, and a download of a model runs on.
//
// The page shows a small picture, and its server answers with the bomb when that picture is read: the page's own process would pay for it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { BOMBS } from './bombs.mjs';
import { after, afterEach, BALL, before, launch, open, overlay, rightClickErase, test, until } from './harness.mjs';
import { startHub, tinyUnet, tinyVae } from './hub.mjs';
import { startServer } from './server.mjs';
import { askStore, storePage } from './store.mjs';

const UNET = 'hustvl/Moebius/ft_places2/diffusion_pytorch_model.bin';
const VAE = 'hustvl/PixelHacker/vae/diffusion_pytorch_model.bin';
/** How slowly the model comes, bytes a second on each connection, so that it still comes at the end. */
const PACE = 4_000;
/** How much more private memory the extension's process may have after a bomb, bytes. Any of the large pictures would take more. */
const ROOM = 150e6;
/** What the overlay says, by the failure's name. */
const SENTENCES = { 'too-large': /larger than.*smaller version/is, undecodable: /damaged.*another copy/is };
/** Never kept by the browser: a second request for it gets what is there by then. */
const FRESH = { 'cache-control': 'no-store' };

const file = (name) => readFile(new URL(`./pages/pictures/test/${name}`, import.meta.url));
const shown = { 'image/svg+xml': await file('drawing.svg') };
const small = await file('sand.png');

let server, browser, hub, store, other, saved;

before(async () => {
  server = await startServer();
  hub = await startHub(new Map([[UNET, await tinyUnet()], [VAE, await tinyVae()]]));
  hub.behaviour.pace = PACE;
  browser = await launch();
  store = await storePage(browser, hub);
  await store.evaluate(() => { ask({ call: 'install', model: 'ft_places2', precision: 'f16' }); });
  await downloading();
  other = await open(await browser.page(`${server.home}/test/files.html?/pictures/test/sand.png`), '#img');
  await other.eraseRect(BALL);
  saved = (await other.save('png')).bytes;
});

after(async () => {
  await browser?.close();
  await hub?.close();
  await server?.close();
});

afterEach(async () => {
  const kept = [browser.context.pages()[0], store, other.page];
  for (const page of browser.context.pages().filter((page) => !kept.includes(page))) await page.close();
});

/** Waits until more of the model has come. */
async function downloading() {
  const came = () => store.evaluate(() => events.filter((event) => event.work === 'downloading').length);
  const before = await came();
  await until(async () => (await came()) > before, { what: 'more of the model' });
  const { models } = await askStore(store, { call: 'list' });
  assert.equal(models.find(({ id }) => id === 'ft_places2').status, 'busy');
}

/** The other tab's picture, as it is saved now, is what it was. */
async function otherIsWhole() {
  await other.page.bringToFront();
  assert.ok(saved.equals((await other.save('png')).bytes), "the other tab's edit is whole");
}

/** Opens the overlay on a picture that is another one when it is read. Waits until it can be painted on or says something. */
async function opened(type, bytes) {
  const address = `/bomb-${Math.random()}`;
  server.put(address, shown[type] ? type : 'image/png', shown[type] ?? small, FRESH);
  const page = await browser.page(`${server.home}/test/files.html?${address}`);
  await page.locator('#img').evaluate((image) => image.decode());
  server.put(address, type, bytes, FRESH);
  await rightClickErase(page, '#img');
  return overlay(page, { states: ['painting', 'failed', 'asking'] });
}

for (const [name, type, ends, make] of BOMBS) {
  test(`bomb: ${name}`, async () => {
    const bytes = await make();
    const before = browser.extensionMemory();
    const editor = await opened(type, bytes);
    if ((await editor.state()) === 'painting') {
      assert.ok(ends.includes('opened'), 'it is not edited');
    } else {
      const said = await editor.says();
      const known = Object.keys(SENTENCES).find((failure) => SENTENCES[failure].test(said));
      assert.ok(ends.includes(known), `it ends as ${ends.join(' or ')}, and says "${said}"`);
    }
    await editor.leave();
    await otherIsWhole();
    await downloading();
    const after = await until(() => browser.extensionMemory() < before + ROOM && browser.extensionMemory(), { timeout: 5_000 }).catch(browser.extensionMemory);
    assert.ok(after < before + ROOM, `${((after - before) / 1e6).toFixed(0)} MB stay taken`);
  });
}

test('the download that ran beside all of them ends, and is whole', async () => {
  hub.behaviour.pace = Infinity;
  const model = async () => (await askStore(store, { call: 'list' })).models.find(({ id }) => id === 'ft_places2');
  await until(async () => (await model()).status === 'installed', { what: 'the model' });
  // The store says so just before it lets go of the file.
  const verified = async () => (await askStore(store, { call: 'verify', model: 'ft_places2' })).reply === 'done';
  await until(verified, { what: 'the model, whole' });
});
