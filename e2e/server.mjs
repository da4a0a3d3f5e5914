// Serves pages/ on two origins, and remembers every request.
//
//   node server.mjs        serves until stopped and prints where
//
// In .html and .css files, {{home}} and {{away}} stand for the two origins. Paths:
//
//   /slow/<ms>/<path>      <path>, after so many milliseconds
//   /cors/<path>           <path>, with permission for every origin to read it
//   /login/<path>          <path>, for elements of a page only: whoever fetches it is not logged in
//   /to-away/<path>        the way to <path> of the second origin
//   everything else        a file of pages/, or what a test put there with `put`

import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('./pages/', import.meta.url));

const TYPES = {
  '.avif': 'image/avif',
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.html': 'text/html; charset=utf-8',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webm': 'video/webm',
  '.webp': 'image/webp',
};

const HEADERS = {
  '/test/strict.html': { 'content-security-policy': "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'" },
  '/test/sandboxed.html': { 'content-security-policy': 'sandbox allow-scripts' },
  '/test/coep.html': {
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-opener-policy': 'same-origin',
  },
};

/**
 * Starts both origins. `ports` are for people who want the same address every time; tests take free ones.
 *
 * `home` and `away` differ in scheme-less site too (127.0.0.1 and localhost), so that the browser gives their frames
 * processes of their own.
 */
export async function startServer({ ports = [0, 0] } = {}) {
  const log = [];
  const made = new Map();
  const origins = {};

  async function answer(side, request, response) {
    const url = new URL(request.url, 'http://host');
    let name = decodeURIComponent(url.pathname);
    log.push({ side, method: request.method, path: request.url, destination: request.headers['sec-fetch-dest'], origin: request.headers.origin, at: Date.now() });
    const slow = /^\/slow\/(\d+)(\/.*)$/.exec(name);
    if (slow) {
      await new Promise((resolve) => setTimeout(resolve, Number(slow[1])));
      name = slow[2];
    }
    if (name.startsWith('/cors/')) {
      response.setHeader('access-control-allow-origin', '*');
      name = name.slice('/cors'.length);
    }
    if (name.startsWith('/login/')) {
      if (request.headers['sec-fetch-dest'] === 'empty') return response.writeHead(401).end();
      name = name.slice('/login'.length);
    }
    if (name.startsWith('/to-away/')) return response.writeHead(302, { location: origins.away + name.slice('/to-away'.length) }).end();
    if (name === '/') name = '/demo.html';
    if (name === '/test/') name = '/test/index.html';
    const file = path.join(ROOT, name);
    const own = made.get(name);
    const type = own ? own.type : TYPES[path.extname(name)];
    if (type === undefined || !file.startsWith(ROOT)) throw Object.assign(new Error(name), { code: 'ENOENT' });
    let body = own ? (typeof own.bytes === 'function' ? own.bytes(request) : own.bytes) : await readFile(file);
    if (/^text\/(html|css)/.test(type)) {
      body = body.toString().replaceAll('{{home}}', origins.home).replaceAll('{{away}}', origins.away);
      response.setHeader('cache-control', 'no-store');
    } else {
      response.setHeader('cache-control', 'max-age=600');
    }
    for (const [header, value] of Object.entries(own?.headers ?? HEADERS[name] ?? {})) response.setHeader(header, value);
    if (type) response.setHeader('content-type', type);
    response.end(body);
  }

  const listen = (side, port) =>
    new Promise((resolve, reject) => {
      const server = http.createServer((request, response) => {
        answer(side, request, response).catch((error) => {
          response.statusCode = error.code === 'ENOENT' ? 404 : 500;
          response.end(`${response.statusCode}\n`);
        });
      });
      server.on('error', reject);
      server.listen(port, '127.0.0.1', () => resolve(server));
    });
  const servers = [await listen('home', ports[0]), await listen('away', ports[1])];
  origins.home = `http://127.0.0.1:${servers[0].address().port}`;
  origins.away = `http://localhost:${servers[1].address().port}`;

  return {
    ...origins,
    /** Every request so far: `{ side, method, path, destination, origin, at }`. */
    log,
    /** Serves bytes that a test made, or what a function makes of each request, with further headers; an empty type is not said. */
    put(name, type, bytes, headers) {
      made.set(name, { type, bytes, headers });
    },
    async close() {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { home, away } = await startServer({ ports: [8127, 8128] });
  console.log(`${home}/          the demo\n${home}/test/    test pages\n${away}          the second origin`);
}
