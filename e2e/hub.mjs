// Imitates the Hugging Face hub as far as downloads need it: a listing with hashes, addresses that redirect to another one each time,
// ranges, entity tags, and permission for other origins. On request, it misbehaves.

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { fileURLToPath } from 'node:url';

const FIXTURES = fileURLToPath(new URL('../wasm-core/tests/fixtures/moebius/', import.meta.url));

/** What lets pages of other origins read an answer. */
export const HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'range',
  'access-control-expose-headers': 'Content-Range,Accept-Ranges,ETag,X-Linked-Etag,X-Linked-Size',
};

/** The tiny U-Net as PyTorch wrote it. */
export const tinyUnet = () => readFile(`${FIXTURES}checkpoint/moebius_tiny/diffusion_pytorch_model.bin`);

/** A state dict as safetensors, with small made-up weights: the tensors of a table in the fixtures, in these shapes. */
async function madeUp(table, shaped = (name, shape) => shape) {
  const rows = (await readFile(`${FIXTURES}${table}.tsv`, 'utf8')).trimEnd().split('\n').slice(1);
  const header = {};
  let at = 0;
  for (const row of rows) {
    const [name, type, sides = ''] = row.split('\t');
    const shape = shaped(name, sides.split(',').filter(Boolean).map(Number));
    const bytes = (type === 'i64' ? 8 : 4) * shape.reduce((a, b) => a * b, 1);
    header[name] = { dtype: type.toUpperCase(), shape, data_offsets: [at, at + bytes] };
    at += bytes;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const values = Float32Array.from({ length: at / 4 }, (_, i) => Math.sin(i * 0.37) * 0.05);
  for (const [name, { shape, data_offsets: [from, to] }] of Object.entries(header)) {
    // What a norm scales by is about 1, or nothing of the picture would be left after a few layers. A variance is positive.
    const around = (name.endsWith('.weight') && shape.length === 1) || name.endsWith('.running_var') ? 1 : 0;
    for (let i = from / 4; i < to / 4; i += 1) values[i] += around;
  }
  return Buffer.concat([length, text, Buffer.from(values.buffer)]);
}

/** A tiny VAE. */
export const tinyVae = () => madeUp('tensors-vae-tiny');

/** The tiny U-Net on a sixteenth of its pixels: for tests in which it runs, as the CPU plays the GPU. */
export const smallestUnet = () => madeUp('tensors-unet-tiny', (name, shape) =>
  name.endsWith('.rel_pos_emb') ? [shape[0] / 16, ...shape.slice(1)] : shape);

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/**
 * Starts a hub with `files`, a map from `owner/name/path` to bytes.
 *
 * `behaviour` may be changed at any time. `cuts`: a list of lengths; each ends one connection after so many bytes. `corrupt`: the offset of a
 * byte that is sent wrong. `ranges: false`: the server ignores ranges. `pace`: bytes a second on each connection. `answer`: a function that gets
 * each request with its response and path first, and says whether it has answered it.
 *
 * With `tls` (`{ key, cert }`) it speaks HTTPS.
 */
export async function startHub(files, tls) {
  const behaviour = { cuts: [], corrupt: undefined, ranges: true, pace: Infinity, answer: undefined };
  const requests = [];
  const signed = new Map();

  async function send(response, bytes, from) {
    let body = bytes.subarray(from);
    if (behaviour.corrupt >= from) {
      body = Buffer.from(body);
      body[behaviour.corrupt - from] ^= 0x55;
    }
    const cut = behaviour.cuts.shift();
    const end = Math.min(body.length, cut ?? body.length);
    // It may be changed while a body is being sent.
    const step = () => (behaviour.pace === Infinity ? end : Math.max(1, Math.round(behaviour.pace / 20)));
    // Each wait adds a listener, which is removed with the response.
    response.setMaxListeners(0);
    for (let at = 0, by; at < end && !response.destroyed; at += by) {
      by = step();
      const more = response.write(body.subarray(at, Math.min(end, at + by)));
      if (!more && !response.destroyed) await Promise.race([once(response, 'drain'), once(response, 'close')]);
      if (behaviour.pace !== Infinity) await new Promise((done) => setTimeout(done, 50));
    }
    if (end >= body.length) return response.end();
    // Bytes in a socket are lost on both sides when it breaks. A moment earlier, the browser has received them.
    await new Promise((done) => setTimeout(done, 150));
    response.destroy();
  }

  const serve = async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://host').pathname);
    requests.push({ path, range: request.headers.range, method: request.method });
    if (request.method === 'OPTIONS') return response.writeHead(204, HEADERS).end();
    if (behaviour.answer?.(request, response, path)) return;
    const listing = /^\/api\/models\/([^/]+\/[^/]+)\/tree\/[^/]+\/?(.*)$/.exec(path);
    if (listing) {
      const [, repository, folder] = listing;
      const inside = [...files].filter(([name]) => name.startsWith(`${repository}/${folder}`));
      const items = inside.map(([name, bytes]) => ({
        type: 'file',
        path: name.slice(repository.length + 1),
        size: bytes.length,
        oid: sha256(bytes).slice(0, 40),
        lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 134 },
      }));
      return response.writeHead(200, { ...HEADERS, 'content-type': 'application/json' }).end(JSON.stringify(items));
    }
    const resolved = /^\/([^/]+\/[^/]+)\/resolve\/[^/]+\/(.*)$/.exec(path);
    if (resolved && files.has(`${resolved[1]}/${resolved[2]}`)) {
      const name = `${resolved[1]}/${resolved[2]}`;
      const signature = randomBytes(8).toString('hex');
      signed.set(signature, name);
      const linked = { 'x-linked-etag': `"${sha256(files.get(name))}"`, 'x-linked-size': files.get(name).length };
      return response.writeHead(302, { ...HEADERS, ...linked, location: `/signed/${signature}` }).end();
    }
    const signature = /^\/signed\/(\w+)$/.exec(path)?.[1];
    const name = signature ? signed.get(signature) : path.slice(1);
    // Valid for one request, as if it had expired after it.
    signed.delete(signature);
    const bytes = files.get(name);
    if (!bytes) return response.writeHead(signature ? 403 : 404, HEADERS).end();
    const from = behaviour.ranges ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
    const common = { ...HEADERS, etag: `"${sha256(bytes).slice(0, 32)}"`, 'content-length': bytes.length - from };
    if (behaviour.ranges) common['accept-ranges'] = 'bytes';
    if (from >= bytes.length) return response.writeHead(416, HEADERS).end();
    if (from > 0) common['content-range'] = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    response.writeHead(from > 0 ? 206 : 200, common);
    await send(response, bytes, from);
  };
  const server = tls ? https.createServer(tls, serve) : http.createServer(serve);
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${server.address().port}`,
    behaviour,
    /** The files. A test may change them, as a publisher does. */
    files,
    requests,
    /** The ranges that were requested from signed addresses, in order; undefined for a whole file. */
    ranges: () => requests.filter(({ path }) => path.startsWith('/signed/')).map(({ range }) => range),
    close: () => new Promise((done) => {
      server.closeAllConnections();
      server.close(done);
    }),
  };
}
