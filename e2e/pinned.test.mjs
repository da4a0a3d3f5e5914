// A catalogue that pins its files: the extension takes the file that it was made for and no other, and says so.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, launch, test, until, withCatalogue } from './harness.mjs';
import { startHub, tinyUnet, tinyVae } from './hub.mjs';
import { askStore, storePage } from './store.mjs';

const MODEL = 'ft_places2';
const UNET = 'hustvl/Moebius/ft_places2/diffusion_pytorch_model.bin';
const OTHER = 'hustvl/Moebius/pretrained/diffusion_pytorch_model.bin';
const VAE = 'hustvl/PixelHacker/vae/diffusion_pytorch_model.bin';
const COMMIT = 'c0ffee'.padEnd(40, '0');

let hub, browser, page, extension, unet;

before(async () => {
  unet = await tinyUnet();
  hub = await startHub(new Map([[UNET, unet], [OTHER, unet], [VAE, await tinyVae()]]));
  // Pinned is what the hub has; of one file only commit and length, because hubs say no hash of small files.
  extension = withCatalogue((entry) => {
    const bytes = hub.files.get(`${entry.repository}/${entry.path}`);
    if (!bytes) return;
    const sha256 = entry.id === 'pretrained' ? null : createHash('sha256').update(bytes).digest('hex');
    Object.assign(entry, { commit: COMMIT, bytes: bytes.length, sha256 });
  });
  browser = await launch({ headed: false, extension });
  page = await storePage(browser, hub);
});

after(async () => {
  await browser?.close();
  await hub?.close();
});

const ask = (body) => askStore(page, body);
const install = (id = MODEL) => ask({ call: 'install', model: id, precision: 'f16' });
const model = async (id) => (await ask({ call: 'list' })).models.find((model) => model.id === id);

test('the hub is asked for the commit and nothing else, and the page says which file it is', async () => {
  const models = await browser.page(`chrome-extension://${browser.id}/models.html`);
  const edition = (id) => models.locator(`[data-model="${id}"] [data-field="edition"]`);
  await until(async () => (await edition(MODEL).textContent()) === 'the file this version of Rubout was made for', { what: 'the words for a pinned file' });
  assert.equal(await edition('ft_ffhq').textContent(), 'as published today', 'nothing is known of this one');
  hub.requests.length = 0;
  await models.locator(`[data-model="${MODEL}"] [data-action="install"]`).click();
  await until(async () => /Version: the file this version of Rubout was made for\./.test(await models.locator('#consent').textContent()), { what: 'the question' });
  assert.deepEqual(hub.requests, [], 'size and hash are known');
  await models.locator('#consent-yes').click();
  await models.locator(`[data-model="${MODEL}"][data-status="installed"]`).waitFor();
  const asked = hub.requests.map(({ path }) => path).filter((path) => !path.startsWith('/signed/'));
  assert.deepEqual(asked, [`/hustvl/Moebius/resolve/${COMMIT}/ft_places2/diffusion_pytorch_model.bin`,
    `/hustvl/PixelHacker/resolve/${COMMIT}/vae/diffusion_pytorch_model.bin`]);
  assert.equal((await model(MODEL)).pinned, true);
  await models.close();
});

test('a newer file of the hub is not taken for the pinned one', async () => {
  await ask({ call: 'delete', model: MODEL });
  const newer = Buffer.from(unet);
  newer[2_000_000] ^= 1;
  hub.files.set(UNET, newer);
  assert.equal((await install()).failure, 'hash-mismatch');
  assert.equal((await model(MODEL)).status, 'available');
  hub.files.set(UNET, unet);
  assert.deepEqual(await install(), { reply: 'done' });
});

test('where only the length is pinned, the hub is asked at the commit, and its answer has to agree', async () => {
  hub.files.set(OTHER, Buffer.concat([unet, Buffer.alloc(1)]));
  hub.requests.length = 0;
  const refused = await ask({ call: 'offer', model: 'pretrained' });
  assert.deepEqual([refused.failure, refused.fault], ['download', 'answer'], JSON.stringify(refused));
  assert.deepEqual(hub.requests.map(({ path }) => path), [`/api/models/hustvl/Moebius/tree/${COMMIT}/pretrained`]);
  hub.files.set(OTHER, unet);
  assert.equal((await ask({ call: 'offer', model: 'pretrained' })).bytes, unet.length);
});
