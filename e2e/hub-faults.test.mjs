// What a hub, a mirror or somebody between may answer, by mistake or on purpose: each ends in a sentence that blames the right party, nothing is
// left half installed, and the store goes on. Where the file can be had all the same, it is had.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { after, before, beforeEach, launch, PATIENCE, sleep, test, until } from './harness.mjs';
import { HEADERS, startHub, tinyUnet, tinyVae } from './hub.mjs';
import { askStore, storePage } from './store.mjs';
import { temporaryFolder } from './temporary.mjs';

const MODEL = 'ft_places2';
const UNET = 'hustvl/Moebius/ft_places2/diffusion_pytorch_model.bin';
const VAE = 'hustvl/PixelHacker/vae/diffusion_pytorch_model.bin';
/** As long as it may take until the store gives up on a server that answers nonsense. */
const LIMIT = 2 * PATIENCE;

let hub, secure, folder, browser, page, unet;

before(async () => {
  folder = temporaryFolder('hub');
  const [key, cert] = [`${folder}/key.pem`, `${folder}/cert.pem`];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=127.0.0.1', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  unet = await tinyUnet();
  const files = new Map([[UNET, unet], [VAE, await tinyVae()]]);
  hub = await startHub(files);
  secure = await startHub(files, { key: readFileSync(key), cert: readFileSync(cert) });
  browser = await launch({ headed: false, args: ['--ignore-certificate-errors'] });
});

after(async () => {
  await browser?.close();
  await hub?.close();
  await secure?.close();
});

beforeEach(async () => {
  for (const one of [hub, secure]) {
    Object.assign(one.behaviour, { cuts: [], corrupt: undefined, ranges: true, pace: Infinity, answer: undefined });
  }
  // A request that was never answered keeps the store busy with its model. A new engine knows nothing of it.
  await page?.close().catch(() => {});
  await browser.killEngine().catch(() => {});
  page = await storePage(browser, hub);
  await clear();
  hub.requests.length = 0;
});

/** The reply, or `{ failure }`, or a word for neither. */
const ask = (body) => Promise.race([askStore(page, body), sleep(PATIENCE).then(() => 'no answer')]);
const offer = () => ask({ call: 'offer', model: MODEL });
const install = () => ask({ call: 'install', model: MODEL, precision: 'f16' });
const add = (url, bytes = 0) => ask({ call: 'add', url, bytes, precision: 'f16' });
const list = () => ask({ call: 'list' });

async function clear() {
  for (const { id } of (await list()).models) await ask({ call: 'delete', model: id });
}

/** Names of all files of the store. */
const files = () => page.evaluate(async () => {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('models', { create: true });
  const all = [];
  for await (const name of folder.keys()) all.push(name);
  return all.sort();
});

/** Asserts that a request failed for this reason, that nothing is left of it, and that the store goes on. */
async function blames(answer, fault, from = hub) {
  assert.equal(answer.failure, 'download', JSON.stringify(answer));
  assert.deepEqual([answer.fault, answer.host], [fault, new URL(from.origin).host], JSON.stringify(answer));
  await hasNothing();
}

async function hasNothing() {
  assert.deepEqual(await files(), []);
  assert.ok((await list()).models.every(({ status }) => status === 'available'));
}

/** Asserts that the model was installed, with the bytes that were published. */
async function isInstalled(answer) {
  assert.deepEqual(answer, { reply: 'done' });
  const { status } = (await list()).models.find(({ id }) => id === MODEL);
  assert.equal(status, 'installed');
  assert.deepEqual(await ask({ call: 'verify', model: MODEL }), { reply: 'done' });
}

const ofListing = (path) => path.startsWith('/api/models/hustvl/Moebius/tree/');
const ofFile = (path) => path.includes('/Moebius/resolve/');

/** Answers only requests that `which` picks, with `answer(request, response)`. */
const instead = (which, answer) => (request, response, path) => which(path) && (answer(request, response), true);

/** Answers with a status, headers besides those that permit reading, and a body. */
const sends = (status, headers, body) => (_, response) => response.writeHead(status, { ...HEADERS, ...headers }).end(body);

const hash = () => createHash('sha256').update(unet).digest('hex');

/** What the hub lists, with a size and a hash as they are written in JSON. */
const listing = ({ size = unet.length, oid = JSON.stringify(hash()), path = 'ft_places2/diffusion_pytorch_model.bin' }) =>
  `[{"type":"file","path":"${path}","size":134,"oid":"1","lfs":{"oid":${oid},"size":${size},"pointerSize":134}}]`;

const first = (request) => Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);

// ------------------------------------------------------------------------------------------------------------------ what is listed

for (const size of ['0', '-1', '1.5', 'NaN', '"452"', 'null', '9007199254740993', '18446744073709551615', '1e400']) {
  test(`a listed size of ${size}`, async () => {
    hub.behaviour.answer = instead(ofListing, sends(200, {}, listing({ size })));
    await blames(await offer(), 'answer');
    await blames(await install(), 'answer');
    assert.deepEqual(hub.ranges(), [], 'nothing was downloaded');
  }, LIMIT);
}

for (const [what, text] of [
  ['a page of HTML', () => '<!doctype html><title>Sign in</title>'],
  ['nothing', () => ''],
  ['an object', () => '{"error":"no"}'],
  ['a list of other things', () => '[1,"two",null]'],
  ['a hash that is too short', () => listing({ oid: '"abcdef"' })],
  ['a hash that is none', () => listing({ oid: `"${'xy'.repeat(32)}"` })],
  ['a hash that is a number', () => listing({ oid: '7' })],
]) {
  test(`instead of a list: ${what}`, async () => {
    hub.behaviour.answer = instead(ofListing, sends(200, {}, text()));
    await blames(await offer(), 'answer');
    await blames(await install(), 'answer');
  }, LIMIT);
}

test('a list that does not have the file, or has it under another path', async () => {
  for (const text of ['[]', listing({ path: '../ft_places2/diffusion_pytorch_model.bin' }), listing({ path: '/etc/passwd' })]) {
    hub.behaviour.answer = instead(ofListing, sends(200, {}, text));
    await blames(await install(), 'refused');
  }
}, LIMIT);

test('a list that never ends', async () => {
  let sent = 0;
  hub.behaviour.answer = instead(ofListing, (_, response) => {
    response.writeHead(200, HEADERS).write('[');
    const more = () => {
      while (!response.destroyed && response.write(`${' '.repeat(1 << 16)}`)) sent += 1 << 16;
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  });
  await blames(await offer(), 'answer');
  assert.ok(sent < 64e6, `${sent} bytes were taken`);
}, LIMIT);

test('a compressed list is read', async () => {
  // At its best, brotli would take longer than everything else here.
const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });

for (const [encoding, compress] of [['gzip', gzipSync], ['br', brotli]]) {
    hub.behaviour.answer = instead(ofListing, sends(200, { 'content-encoding': encoding }, compress(listing({}))));
    assert.equal((await offer()).bytes, unet.length + (await tinyVae()).length);
  }
}, LIMIT);

test('a part that cannot be had leaves no model without it', async () => {
  hub.behaviour.answer = instead((path) => path.includes('/PixelHacker/tree/'), sends(200, {}, '<html>'));
  await blames(await install(), 'answer');
  assert.deepEqual(hub.ranges(), []);
}, LIMIT);

test('a hub that refuses is blamed, and one that is not there is not', async () => {
  for (const status of [401, 403, 404, 429, 500]) {
    hub.behaviour.answer = instead(ofListing, sends(status, {}, 'no'));
    await blames(await install(), 'refused');
  }
  const gone = await startHub(new Map());
  await gone.close();
  await ask({ call: 'use-hub', origin: gone.origin });
  await blames(await install(), 'network', gone);
}, LIMIT);

test('more than was offered is not downloaded', async () => {
  const small = listing({ size: 1000 });
  hub.behaviour.answer = instead(ofListing, sends(200, {}, small));
  assert.ok((await offer()).bytes > 0);
  hub.behaviour.answer = undefined;
  await blames(await install(), 'answer');
  assert.deepEqual(hub.ranges(), []);
}, LIMIT);

// ----------------------------------------------------------------------------------------------------------------------- redirects

for (const target of ['data:application/json,[]', 'file:///etc/passwd', 'ftp://127.0.0.1/x', 'http://127.0.0.1:1/nobody']) {
  test(`a redirect to ${target}`, async () => {
    hub.behaviour.answer = instead(ofListing, sends(302, { location: target }));
    await blames(await offer(), 'answer');
    hub.behaviour.answer = instead(ofFile, sends(302, { location: target }));
    await blames(await install(), 'answer');
  }, LIMIT);
}

test('a redirect from HTTPS to HTTP', async () => {
  await ask({ call: 'use-hub', origin: secure.origin });
  secure.behaviour.answer = (_, response, path) => ofListing(path) && sends(302, { location: `${hub.origin}${path}` })(_, response);
  await blames(await offer(), 'answer', secure);
  secure.behaviour.answer = (_, response, path) => ofFile(path) && sends(302, { location: `${hub.origin}/${UNET}` })(_, response);
  await blames(await install(), 'answer', secure);
  secure.behaviour.answer = undefined;
  await isInstalled(await install());
}, LIMIT);

// ------------------------------------------------------------------------------------------------------------------ what is sent

// At its best, brotli would take longer than everything else here.
const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });

for (const [encoding, compress] of [['gzip', gzipSync], ['br', brotli]]) {
  test(`a file that comes in ${encoding}`, async () => {
    const packed = compress(unet);
    let breaks = 0;
    hub.behaviour.answer = instead(ofFile, (_, response) => {
      response.writeHead(200, { ...HEADERS, 'content-encoding': encoding, 'content-length': packed.length });
      if (breaks-- > 0) return response.write(packed.subarray(0, packed.length >> 1), () => response.destroy());
      return response.end(packed);
    });
    await isInstalled(await install());
    // The browser waits half a minute for the rest of broken brotli.
    if (encoding === 'br') return;
    await clear();
    breaks = 1;
    await isInstalled(await install());
  }, LIMIT);
}

test('a compressed file from an address of the user\'s own is whole', async () => {
  // Zeros compress well: the length in the head is far too small.
  const packed = gzipSync(unet);
  hub.behaviour.answer = instead((path) => path === '/own.bin', (_, response) => {
    response.writeHead(200, { ...HEADERS, 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed);
  });
  const looked = await ask({ call: 'look', url: `${hub.origin}/own.bin` });
  assert.equal(looked.bytes, 0, 'its length is not known');
  assert.deepEqual(await add(`${hub.origin}/own.bin`), { reply: 'done' });
}, LIMIT);

test('a file without a length', async () => {
  hub.behaviour.answer = instead(ofFile, (_, response) => response.writeHead(200, HEADERS).end(unet));
  await isInstalled(await install());
}, LIMIT);

test('a file that is shorter than announced', async () => {
  hub.behaviour.answer = instead(ofFile, (_, response) => {
    response.writeHead(200, HEADERS).write(unet.subarray(0, 100_000));
    response.end();
  });
  await blames(await install(), 'answer');
}, LIMIT);

test('a file that goes on behind its end is known by its hash, and so is one that begins before it', async () => {
  hub.behaviour.answer = instead(ofFile, sends(200, {}, Buffer.concat([unet, Buffer.alloc(100_000)])));
  await isInstalled(await install());
  await clear();
  const other = Buffer.concat([Buffer.alloc(100_000), unet]);
  hub.behaviour.answer = instead(ofFile, sends(200, {}, other));
  assert.equal((await install()).failure, 'hash-mismatch');
  await hasNothing();
}, LIMIT);

test('an address whose file is longer than was agreed to', async () => {
  hub.behaviour.answer = instead((path) => path === '/own.bin', (_, response) => response.writeHead(200, HEADERS).end(unet));
  await blames(await add(`${hub.origin}/own.bin`, 1_000_000), 'answer');
}, LIMIT);

test('a page of HTML instead of the file', async () => {
  hub.behaviour.answer = instead(ofFile, sends(200, { 'content-type': 'text/html' }, '<!doctype html><title>Sign in</title>'));
  await blames(await install(), 'answer');
}, LIMIT);

for (const [what, head, part, good] of [
  ['of another range', (from) => ({ 'content-range': `bytes ${from - 1}-${unet.length - 1}/${unet.length}` }), (from) => unet.subarray(from), true],
  ['of a longer file', (from) => ({ 'content-range': `bytes ${from}-${unet.length}/${unet.length + 1}` }), (from) => unet.subarray(from), true],
  ['with a range that is none', () => ({ 'content-range': 'bytes 9-1/x' }), (from) => unet.subarray(from), true],
  ['without its range', () => ({}), (from) => unet.subarray(from), true],
  ['with other bytes', (from) => ({ 'content-range': `bytes ${from}-${unet.length - 1}/${unet.length}` }), (from) => Buffer.alloc(unet.length - from), false],
  ['with other bytes and without its range', () => ({}), (from) => Buffer.alloc(unet.length - from), false],
]) {
  test(`an answer to a range ${what}`, async () => {
    let breaks = 1;
    hub.behaviour.answer = instead(ofFile, (request, response) => {
      const from = first(request);
      if (from > 0) return response.writeHead(206, { ...HEADERS, ...head(from) }).end(part(from));
      response.writeHead(200, { ...HEADERS, 'content-length': unet.length });
      if (breaks-- > 0) return response.write(unet.subarray(0, 1_000_000), () => setTimeout(() => response.destroy(), 150));
      return response.end(unet);
    });
    const answer = await install();
    if (good) return isInstalled(answer);
    assert.equal(answer.failure, 'hash-mismatch', JSON.stringify(answer));
    return hasNothing();
  }, LIMIT);
}

test('a server that falls silent is given up', async () => {
  hub.behaviour.answer = instead(ofListing, () => {});
  await blames(await offer(), 'network');
}, LIMIT);

// ------------------------------------------------------------------------------------------------- addresses of the user's own

for (const length of ['0', '-5', '1.5', 'NaN', '9007199254740993', '18446744073709551616']) {
  test(`an address whose server says that the file has ${length} bytes`, async () => {
    hub.behaviour.answer = instead((path) => path === '/own.bin', (_, response) => {
      // By hand, because Node would not send some of these.
      const head = Object.entries(HEADERS).map(([name, value]) => `${name}: ${value}\r\n`).join('');
      response.socket.end(`HTTP/1.1 200 OK\r\n${head}content-length: ${length}\r\n\r\n`);
    });
    const answer = await ask({ call: 'look', url: `${hub.origin}/own.bin` });
    assert.equal(answer.failure, 'download', JSON.stringify(answer));
    assert.equal(answer.host, new URL(hub.origin).host);
  }, LIMIT);
}

/** Sends bytes for ever, without a length. */
function endless(_, response) {
  response.writeHead(200, HEADERS);
  const piece = Buffer.alloc(1 << 18);
  const more = () => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}

test('a body that never ends is stopped at the length that was agreed to', async () => {
  hub.behaviour.answer = instead((path) => path === '/own.bin', endless);
  await blames(await add(`${hub.origin}/own.bin`, 3_000_000), 'answer');
}, LIMIT);

test('a body that never ends, of a length that nobody said, is stopped where room for it ends', async () => {
  const session = await browser.context.newCDPSession(page);
  const origin = `chrome-extension://${browser.id}`;
  const { used } = (await list()).storage;
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: used + 60_000_000 });
  hub.behaviour.answer = instead((path) => path === '/own.bin', endless);
  const answer = await add(`${hub.origin}/own.bin`);
  await session.send('Storage.overrideQuotaForOrigin', { origin });
  assert.equal(answer.failure, 'storage-full', JSON.stringify(answer));
  await hasNothing();
}, LIMIT);

test('another file than before the break is not put together with what had come', async () => {
  const other = Buffer.from(unet).fill(7, 900_000);
  let asked = 0;
  hub.behaviour.answer = instead((path) => path === '/own.bin', (request, response) => {
    const from = first(request);
    asked += 1;
    const bytes = asked === 1 ? other : unet;
    const tag = { etag: asked === 1 ? '"old"' : '"new"' };
    if (from > 0) {
      const range = { 'content-range': `bytes ${from}-${unet.length - 1}/${unet.length}` };
      return response.writeHead(206, { ...HEADERS, ...tag, ...range }).end(bytes.subarray(from));
    }
    response.writeHead(200, { ...HEADERS, ...tag, 'content-length': bytes.length });
    return asked === 1 ? response.write(bytes.subarray(0, 1_500_000), () => setTimeout(() => response.destroy(), 150)) : response.end(bytes);
  });
  assert.deepEqual(await add(`${hub.origin}/own.bin`, unet.length), { reply: 'done' });
  const record = await page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
    return JSON.parse(await (await (await folder.getFileHandle('own-own.json')).getFile()).text());
  });
  assert.equal(record.sha256, hash());
}, LIMIT);

// --------------------------------------------------------------------------------------------------------------------------- room

test('room that goes while a download runs is noticed, and the download goes on when there is some again', async () => {
  const session = await browser.context.newCDPSession(page);
  const origin = `chrome-extension://${browser.id}`;
  hub.behaviour.pace = unet.length / 8;
  const installing = install();
  await until(async () => (await list()).models.find(({ id }) => id === MODEL).bytes > 500_000, { what: 'some bytes' });
  const { used } = (await list()).storage;
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: used + 1_000_000 });
  const answer = await installing;
  await session.send('Storage.overrideQuotaForOrigin', { origin });
  assert.equal(answer.failure, 'storage-full', JSON.stringify(answer));
  assert.ok(answer.missing > 1_000_000, `the pack is counted, too: ${answer.missing}`);
  hub.behaviour.pace = Infinity;
  hub.requests.length = 0;
  await isInstalled(await install());
  assert.match(hub.ranges()[0], /^bytes=[1-9]\d+-$/, 'what had come was kept');
}, LIMIT);

// ----------------------------------------------------------------------------------------------------------------------- the page

test('the page says who is to blame', async () => {
  hub.behaviour.answer = instead(ofListing, sends(200, {}, listing({ size: '9007199254740993' })));
  const models = await browser.page(`chrome-extension://${browser.id}/models.html`);
  await models.locator(`[data-model="${MODEL}"] [data-action="install"]`).click();
  const { host } = new URL(hub.origin);
  await until(async () => (await models.locator('#alert').textContent()).includes(`${host} sent an answer that cannot be right`), { what: 'the sentence' });
  await models.close();
}, LIMIT);
