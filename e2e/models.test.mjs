// The model store: downloads that survive interruptions, files that equal the published ones, and no files left over.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { PATIENCE, after, before, beforeEach, launch, test, until } from './harness.mjs';
import { startHub, tinyUnet, tinyVae } from './hub.mjs';
import { askStore, storePage } from './store.mjs';
import { temporaryFolder } from './temporary.mjs';

const UNET = 'hustvl/Moebius/ft_places2/diffusion_pytorch_model.bin';
const OTHER = 'hustvl/Moebius/pretrained/diffusion_pytorch_model.bin';
const VAE = 'hustvl/PixelHacker/vae/diffusion_pytorch_model.bin';

let hub, browser, page, profile;

/** True while a process has `word` in its command line. */
function running(word) {
  try {
    return execFileSync('pgrep', ['-f', word], { encoding: 'utf8' }) !== '';
  } catch {
    // pgrep fails when it finds none.
    return false;
  }
}

before(async () => {
  const unet = await tinyUnet();
  hub = await startHub(new Map([[UNET, unet], [OTHER, unet], [VAE, await tinyVae()]]));
  profile = temporaryFolder('models');
  browser = await launch({ headed: false, profile });
});

after(async () => {
  await browser?.close();
  await hub?.close();
});

beforeEach(async () => {
  hub.files.set(UNET, await tinyUnet());
  Object.assign(hub.behaviour, { cuts: [], corrupt: undefined, ranges: true, pace: Infinity });
  await connect();
  for (const model of (await list()).models) await ask({ call: 'delete', model: model.id });
  await until(async () => (await list()).models.every((model) => model.status === 'available'));
  hub.requests.length = 0;
});

/** A new connection to the store. */
async function connect() {
  await page?.close().catch(() => {});
  page = await storePage(browser, hub);
}

const ask = (body) => askStore(page, body);
const list = () => ask({ call: 'list' });
const model = async (id) => (await list()).models.find((model) => model.id === id);
const install = (id = 'ft_places2', precision = 'f16') => ask({ call: 'install', model: id, precision });

/** Names and sizes of all files of the store. */
const files = () => page.evaluate(async () => {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('models', { create: true });
  const all = {};
  for await (const [name, handle] of folder.entries()) all[name] = (await handle.getFile()).size;
  return all;
});

test('before anything is downloaded, the page tells how long an erase takes on this GPU', async () => {
  const own = await browser.page(`chrome-extension://${browser.id}/models.html`);
  const card = own.locator('#models > li').filter({ has: own.locator('h3', { hasText: /Places2|Moebius/i }) }).first();
  const line = card.locator('[data-detail=estimate]');
  await until(() => line.isVisible(), { what: 'the line' });
  assert.match(await line.textContent(), /^Speed here\s*about\s[\d.,]+\s(s|min|h|ms) per erase$/);
  assert.equal(hub.ranges().length, 0, 'nothing was downloaded');
  const { models } = await list();
  for (const { id, part, estimate } of models) assert.equal(estimate > 0, !part, `${id}: ${estimate}`);
  if (process.env.LOOK) await own.screenshot({ path: `${process.env.LOOK}/models-estimate.png` });
  await own.close();
});

test('a model is offered, downloaded, verified, prepared and exported', async () => {
  const offer = await ask({ call: 'offer', model: 'ft_places2' });
  const unet = await tinyUnet();
  assert.equal(offer.bytes, unet.length + (await tinyVae()).length);
  assert.equal(offer.host, new URL(hub.origin).host);
  assert.equal(hub.ranges().length, 0, 'nothing is downloaded before the user agrees');

  assert.deepEqual(await install(), { reply: 'done' });
  const installed = await model('ft_places2');
  assert.equal(installed.status, 'installed');
  assert.equal(installed.precision, 'f16');
  assert.equal((await model('vae')).status, 'installed');
  assert.deepEqual(Object.keys(await files()).sort(), ['ft_places2.json', 'ft_places2.pack', 'vae.json', 'vae.pack']);
  const events = await page.evaluate(() => events);
  const works = new Set(events.filter((event) => event.event === 'progressed').map((event) => event.work));
  assert.ok(works.has('downloading') && works.has('preparing'), [...works].join());

  const exported = await page.evaluate(async () => {
    const { blobs } = await ask({ call: 'export', model: 'ft_places2' });
    globalThis.pack = blobs[0];
    const hash = await crypto.subtle.digest('SHA-256', await blobs[0].arrayBuffer());
    return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
  });
  assert.equal(exported, installed.sha256);
  assert.deepEqual(await ask({ call: 'verify', model: 'ft_places2' }), { reply: 'done' });

  // An exported pack can be imported, and is the same.
  const imported = await page.evaluate(async () => (await ask(
    { call: 'import', name: 'Mine.safetensors', precision: 'f16' }, [new File([await pack.arrayBuffer()], 'Mine.safetensors')])).body.ok);
  assert.deepEqual(imported, { reply: 'done' });
  assert.equal((await model('own-mine')).sha256, installed.sha256);

  // Deleting frees the space.
  await ask({ call: 'delete', model: 'ft_places2' });
  await ask({ call: 'delete', model: 'own-mine' });
  assert.deepEqual(await files(), {});
});

test('8 bits take half the space', async () => {
  await install();
  const large = (await model('ft_places2')).bytes;
  assert.deepEqual(await install('ft_places2', 'int8'), { reply: 'done' });
  const small = await model('ft_places2');
  assert.equal(small.precision, 'int8');
  assert.ok(small.bytes < 0.7 * large, `${small.bytes} of ${large}`);
});

test('a connection that breaks off at ten places is taken up where it broke', async () => {
  const size = (await tinyUnet()).length;
  hub.behaviour.cuts = Array.from({ length: 10 }, () => Math.floor(1 + Math.random() * size * 0.09));
  const cuts = [...hub.behaviour.cuts];
  assert.deepEqual(await install(), { reply: 'done' }, `cuts at ${cuts}`);
  const ranges = hub.ranges();
  assert.ok(ranges.length >= 11, `${ranges.length} requests`);
  // Bytes that the browser had received but not handed over when the connection broke are requested again.
  const starts = ranges.slice(0, 11).map((range) => Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0));
  assert.ok(new Set(starts).size > 3, `${starts}`);
  // On a busy machine, a second connection begins in the middle, and the starts of both are mixed. What begins anew never gets past one cut.
  assert.ok(Math.max(...starts) > cuts.reduce((sum, cut) => sum + cut) / 2, `${starts}: goes on where it broke, after cuts of ${cuts}`);
  assert.equal((await model('ft_places2')).status, 'installed');
});

test('a server that is slow on each connection is asked on several', async () => {
  const size = (await tinyUnet()).length;
  hub.behaviour.pace = size / 9;
  const installing = install();
  await until(async () => hub.ranges().length > 2);
  // The ranges of the file are put together correctly, also across a pause.
  await ask({ call: 'pause', model: 'ft_places2' });
  assert.equal((await installing).failure, 'cancelled');
  const offer = await ask({ call: 'offer', model: 'ft_places2' });
  assert.ok(offer.bytes < size + (await tinyVae()).length, 'what has come is not offered again');
  hub.behaviour.pace = Infinity;
  assert.deepEqual(await install(), { reply: 'done' });
  assert.equal((await model('ft_places2')).status, 'installed');
  const starts = hub.ranges().map((range) => Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0));
  assert.ok(starts[1] > size / 4, `${starts}: another part, not the rest`);
});

test('a newer file replaces an older one, which stays until then', async () => {
  await install();
  const older = (await model('ft_places2')).sha256;
  assert.equal((await ask({ call: 'offer', model: 'ft_places2' })).bytes, 0, 'up to date');
  // One bit of one weight differs.
  const newer = await tinyUnet();
  newer[2_000_000] ^= 1;
  hub.files.set(UNET, newer);
  assert.equal((await ask({ call: 'offer', model: 'ft_places2' })).bytes, newer.length);
  hub.behaviour.corrupt = 1_234_567;
  assert.equal((await install()).failure, 'hash-mismatch');
  assert.equal((await model('ft_places2')).status, 'installed', 'the older one is still there');
  assert.equal((await model('ft_places2')).sha256, older);
  assert.deepEqual(await ask({ call: 'verify', model: 'ft_places2' }), { reply: 'done' });
  hub.behaviour.corrupt = undefined;
  assert.deepEqual(await install(), { reply: 'done' });
  assert.notEqual((await model('ft_places2')).sha256, older);
  assert.equal((await ask({ call: 'offer', model: 'ft_places2' })).bytes, 0, 'up to date again');
});

test('a pack of another version is told from a damaged one', async () => {
  await install();
  await page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
    const handle = await folder.getFileHandle('ft_places2.json');
    const record = JSON.parse(await (await handle.getFile()).text());
    record.pack.layout = 0;
    const out = await handle.createWritable();
    await out.write(JSON.stringify(record));
    await out.close();
  });
  assert.equal((await model('ft_places2')).status, 'outdated');
  const { settings } = await list();
  assert.equal(settings.preferred, null);
  assert.ok((await ask({ call: 'offer', model: 'ft_places2' })).bytes > 0);
  assert.deepEqual(await install(), { reply: 'done' });
  const exported = await page.evaluate(async () => {
    const { blobs } = await ask({ call: 'export', model: 'ft_places2' });
    const bytes = new Uint8Array(await blobs[0].arrayBuffer());
    const at = String.fromCharCode(...bytes.subarray(0, 4096)).search(/(?<="layout":")\d/);
    bytes[at] = '9'.charCodeAt(0);
    return (await ask({ call: 'import', name: 'x.safetensors', precision: 'f16' }, [new File([bytes], 'x.safetensors')])).body;
  });
  assert.equal(exported.err?.failure, 'other-layout', JSON.stringify(exported));
});

test('settings are kept', async () => {
  await install();
  await install('pretrained');
  assert.equal((await list()).settings.preferred, 'ft_places2');
  await ask({ call: 'prefer', model: 'pretrained' });
  await ask({ call: 'keep-warm', minutes: 15 });
  const { settings } = await list();
  assert.deepEqual(settings, { preferred: 'pretrained', warmMinutes: 15, hub: hub.origin, mirror: true });
  await ask({ call: 'delete', model: 'pretrained' });
  assert.equal((await list()).settings.preferred, 'ft_places2', 'what is not there cannot be used');
  await ask({ call: 'prefer', model: '' });
  await ask({ call: 'keep-warm', minutes: 5 });
});

test('a wrong byte is noticed, and nothing stays', async () => {
  hub.behaviour.corrupt = 1_234_567;
  const failure = await install();
  assert.equal(failure.failure, 'hash-mismatch');
  assert.deepEqual(await files(), {});
  hub.behaviour.corrupt = undefined;
  assert.deepEqual(await install(), { reply: 'done' }, 'trying again helps');
});

test('a server without ranges is asked for the whole again', async () => {
  hub.behaviour.ranges = false;
  hub.behaviour.cuts = [2_000_000];
  assert.deepEqual(await install(), { reply: 'done' });
  assert.equal((await model('ft_places2')).status, 'installed');
});

test('too little room is said with how much is missing', async () => {
  const session = await browser.context.newCDPSession(page);
  const origin = `chrome-extension://${browser.id}`;
  const { used } = (await list()).storage;
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: used + 3_000_000 });
  const failure = await install();
  await session.send('Storage.overrideQuotaForOrigin', { origin });
  assert.equal(failure.failure, 'storage-full');
  const size = (await tinyUnet()).length;
  assert.ok(failure.missing > 2 * size - 3_500_000 && failure.missing < 2 * size, `${failure.missing} missing`);
});

test('two models at once share the part that both need', async () => {
  hub.behaviour.pace = 8_000_000;
  const both = await Promise.all([install('ft_places2'), install('pretrained')]);
  assert.deepEqual(both, [{ reply: 'done' }, { reply: 'done' }]);
  const vae = hub.requests.filter(({ path }) => path.includes('/PixelHacker/resolve/'));
  assert.equal(vae.length, 1);
});

test('a download can be paused, resumed, and given up', async () => {
  hub.behaviour.pace = 2_000_000;
  const first = install();
  await until(async () => (await files())['ft_places2.part'] > 500_000);
  await ask({ call: 'pause', model: 'ft_places2' });
  assert.equal((await first).failure, 'cancelled');
  assert.equal((await model('ft_places2')).status, 'paused');
  hub.behaviour.pace = Infinity;
  assert.deepEqual(await install(), { reply: 'done' });
  assert.match(hub.ranges()[1], /^bytes=[1-9]\d+-$/);

  await ask({ call: 'delete', model: 'ft_places2' });
  hub.behaviour.pace = 2_000_000;
  const second = install();
  await until(async () => (await files())['ft_places2.part'] > 200_000);
  await ask({ call: 'delete', model: 'ft_places2' });
  assert.equal((await second).failure, 'cancelled');
  assert.deepEqual(await files(), {});
});

test('a download does not need the service worker', async () => {
  hub.behaviour.pace = 2_500_000;
  const installing = install();
  await until(async () => (await files())['ft_places2.part'] > 200_000);
  await browser.killWorker();
  assert.deepEqual(await installing, { reply: 'done' });
});

test('a file of code, a file of something else and a wrong address are refused in words', async () => {
  const hostile = await page.evaluate(async () => (await ask(
    { call: 'import', name: 'x.bin', precision: 'f16' }, [new File(['not a model'], 'x.bin')])).body.err);
  assert.equal(hostile.failure, 'bad-model');
  const missing = await ask({ call: 'add', url: `${hub.origin}/nothing/here.bin`, precision: 'f16' });
  assert.equal(missing.failure, 'download');
  assert.match(missing.detail, /404/);
  await ask({ call: 'delete', model: 'own-here' });
  assert.deepEqual(await files(), {});
  const own = await ask({ call: 'add', url: `${hub.origin}/${UNET}`, precision: 'int8' });
  assert.deepEqual(own, { reply: 'done' });
  assert.equal((await model('own-diffusion-pytorch-model')).status, 'installed');
});

test('a request that is not as promised is refused, and the store goes on', async () => {
  const failure = (body, blobs) => page.evaluate(async ({ body, blobs }) =>
    (await ask(body, Array.from({ length: blobs }, () => new Blob(['x'])))).body.err?.failure, { body, blobs });
  const file = { call: 'import', name: 'x.bin', precision: 'f16' };
  for (const [body, blobs] of [
    [file, 0], [file, 2], [{ call: 'list' }, 1], [{ call: 'lists' }, 0], [{ call: 'list', more: true }, 0],
    [{ call: 'install', model: 'ft_places2', precision: 'f32' }, 0], [{ call: 'offer' }, 0], [{}, 0], [null, 0],
  ]) assert.equal(await failure(body, blobs), 'internal', `${JSON.stringify(body)} with ${blobs} blobs`);
  assert.deepEqual(await files(), {});
  assert.equal((await model('ft_places2')).status, 'available');
});

test('the page asks before it downloads, shows how far it is, and what is there', async () => {
  hub.behaviour.pace = 4_000_000;
  const own = await browser.page(`chrome-extension://${browser.id}/models.html`);
  const card = own.locator('[data-model="ft_places2"]');
  const consent = own.locator('#consent');
  const waits = await card.locator('[data-action="install"]').evaluate(async (button) => {
    button.click();
    await new Promise((later) => setTimeout(later));
    return button.getAttribute('aria-disabled');
  });
  assert.equal(waits, 'false', 'a click that a script makes up is not heard');
  await card.locator('[data-action="install"]').click();
  await consent.waitFor();
  const text = await consent.textContent();
  assert.ok(text.includes(new URL(hub.origin).host) && /\d\sMB/.test(text), text);
  await own.locator('#consent-no').click();
  assert.equal(hub.ranges().length, 0, 'no means no');

  await card.locator('[data-action="install"]').click();
  await own.locator('#consent-yes').click();
  await card.locator('progress').waitFor();
  await own.locator('[data-model="ft_places2"][data-status="installed"]').waitFor();
  assert.equal((await model('ft_places2')).status, 'installed');

  await card.locator('[data-action="delete"]').click();
  await own.locator('#consent-yes').click();
  await own.locator('[data-model="ft_places2"][data-status="available"]').waitFor();
  assert.deepEqual(await files(), {});
});

test('the page tells about the GPU, copies diagnostics, takes a dropped file and keeps settings', async () => {
  await install();
  const own = await browser.page(`chrome-extension://${browser.id}/models.html`);
  const card = own.locator('[data-model="ft_places2"]');
  await card.locator('[data-field="preferred"]').waitFor();
  await card.locator('[data-action="update"]').click();
  await until(async () => /up to date/.test(await card.locator('[data-field="note"]').textContent()));

  await until(async () => /simulated/.test(await own.locator('#gpu').textContent()));
  await own.evaluate(() => {
    navigator.clipboard.writeText = async (text) => void (globalThis.copied = text);
  });
  await own.locator('#copy').click();
  const copied = await until(() => own.evaluate(() => globalThis.copied));
  assert.match(copied, /Rubout [\s\S]*maxBufferSize: \d+[\s\S]*Model ft_places2: installed, f16/);
  assert.ok(!copied.includes(new URL(hub.origin).host), copied);

  // The page ignores events of scripts, so real keys change the setting, from 5 minutes to 15.
  await own.locator('#warm').press('ArrowDown');
  await until(async () => (await list()).settings.warmMinutes === 15);
  await ask({ call: 'keep-warm', minutes: 5 });
  await own.locator('#mirror').fill('not an address');
  await own.locator('#mirror-form button').click();
  assert.equal(await own.locator('#mirror').getAttribute('aria-invalid'), 'true');
  await own.locator('#mirror').fill(`${hub.origin}/`);
  await own.locator('#mirror-form button').click();
  await until(async () => (await own.locator('#mirror-note').textContent()).includes(new URL(hub.origin).host));

  const dropped = `${profile}/Dropped.bin`;
  writeFileSync(dropped, await tinyUnet());
  const session = await browser.context.newCDPSession(own);
  for (const type of ['dragEnter', 'dragOver', 'drop']) {
    const data = { items: [], files: [dropped], dragOperationsMask: 1 };
    await session.send('Input.dispatchDragEvent', { type, x: 60, y: 60, data });
  }
  await own.locator('[data-model="own-dropped"][data-status="installed"]').waitFor();
  await own.close();
});

test('the GPU is described without naming anybody', async () => {
  const gpu = await ask({ call: 'describe-gpu' });
  assert.equal(gpu.reply, 'gpu');
  assert.ok(gpu.limits.length > 3 && gpu.limits.every(([, value]) => value > 0), JSON.stringify(gpu));
});

test('a model stays on the GPU while an overlay is open, and for the time that was set', async () => {
  await install();
  const prepared = async (port) => page.evaluate(async (name) => {
    globalThis.ports ??= {};
    const port = ports[name] ??= chrome.runtime.connect({ name: 'engine' });
    return new Promise((done) => {
      port.onMessage.addListener(({ re, body }) => re === 1 && done(body));
      port.postMessage({ v: 1, id: 1, body: { call: 'prepare', model: 'ft_places2', options: [{ id: 'steps', value: 20 }] }, blobs: [] });
    });
  }, port);
  await ask({ call: 'keep-warm', minutes: 1 });
  const cold = (await prepared('first')).ok;
  assert.ok(cold.memory < 64e6, `${cold.memory} bytes of memory`);
  const warm = (await prepared('second')).ok;
  assert.ok(warm.ms < cold.ms / 10, `${cold.ms} ms, then ${warm.ms} ms`);
  assert.ok((await model('ft_places2')).used > Date.now() - 60_000);
  await ask({ call: 'keep-warm', minutes: 0 });
  // The engine notices a little later that a port has closed.
  await until(
    async () => {
      await page.evaluate(() => { for (const port of Object.values(ports)) port.disconnect(); ports = {}; });
      return (await prepared('again')).ok.ms > cold.ms / 10;
    },
    // The model's programs are compiled on the CPU, once more here: on a busy machine, a minute is too short for that.
    { timeout: 3 * PATIENCE, what: 'a model that was freed, so that it has to be loaded again' },
  );
  await ask({ call: 'keep-warm', minutes: 5 });
}, 6 * PATIENCE);

test('a browser that is killed goes on where it was', async () => {
  hub.behaviour.pace = 1_500_000;
  // The answer does not matter: the browser that was asked is gone.
  install().catch(() => {});
  await until(async () => (await files())['ft_places2.part'] > 3_500_000);
  const closed = new Promise((done) => browser.context.once('close', done));
  execFileSync('pkill', ['-9', '-f', profile]);
  await closed;
  await until(() => !running(profile), { what: 'the end of its processes' });
  hub.behaviour.pace = Infinity;
  browser = await launch({ headed: false, profile });
  page = undefined;
  await connect();
  assert.equal((await model('ft_places2')).status, 'paused');
  hub.requests.length = 0;
  assert.deepEqual(await install(), { reply: 'done' });
  const from = Number(/^bytes=(\d+)-$/.exec(hub.ranges()[0])?.[1]);
  assert.ok(from > 0, 'what had come is kept');
  assert.equal((await model('ft_places2')).status, 'installed');
});

test('the notices of what is compiled in are one click away', async () => {
  const models = await browser.page(`chrome-extension://${browser.id}/models.html`);
  const [notices] = await Promise.all([models.context().waitForEvent('page'), models.locator('#notices').click()]);
  const text = await notices.locator('body').textContent();
  for (const part of ['wgpu ', 'Apache License', 'Independent JPEG Group', '©']) assert.ok(text.includes(part), `the notices have ${part}`);
  await notices.close();
  await models.close();
});
