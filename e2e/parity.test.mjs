// The engine's parity cases in a browser's WebGPU, with the browser's compiler for WGSL and its checks.
//
// Runs one case of each family of kernels, one of the networks and one of the pipeline. `cargo xtask parity` (PARITY=all) runs every case.
// CASES=<regular expression> selects some of them.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { after, before, sleep } from './harness.mjs';

const ARGS = ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];
const MODULE = fileURLToPath(new URL('../dist/parity/', import.meta.url));
const FIXTURES = fileURLToPath(new URL('../wasm-core/tests/fixtures/', import.meta.url));
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.html': 'text/html' };

let browser, server, page, home;

before(async () => {
  server = http.createServer(async (request, response) => {
    const name = decodeURIComponent(new URL(request.url, 'http://host').pathname);
    if (name === '/') return response.setHeader('content-type', 'text/html').end('<!doctype html>');
    const file = name.startsWith('/fixtures/') ? path.join(FIXTURES, name.slice(10)) : path.join(MODULE, name);
    try {
      const body = await readFile(file);
      response.setHeader('content-type', TYPES[path.extname(name)] ?? 'application/octet-stream').end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  home = `http://127.0.0.1:${server.address().port}`;
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS });
});

after(async () => {
  await browser?.close();
  server?.close();
});

/** Opens a page with the module and all fixtures. Gives the names of all cases and of those that are wanted: all, or the representatives. */
async function load(all) {
  page = await browser.newPage();
  page.on('pageerror', (error) => console.error(error));
  page.on('console', (message) => message.type() === 'error' && console.error(message.text()));
  await page.goto(home);
  const files = (await readdir(path.join(FIXTURES, 'moebius'))).filter((name) => /\.(safetensors|png)$/.test(name));
  return await page.evaluate(async ([files, all]) => {
    const module = await import('/parity.js');
    await module.default();
    for (const file of files) {
      const bytes = await (await fetch(`/fixtures/moebius/${file}`)).arrayBuffer();
      module.provide(`moebius/${file}`, new Uint8Array(bytes));
    }
    window.parity = module;
    return { cases: module.cases(), wanted: all ? module.cases() : module.representatives() };
  }, [files, all]);
}

/** Longest time of one case, milliseconds. */
const CASE = 300_000;

test("the cases hold in the browser's WebGPU", { timeout: 3_600_000 }, async (t) => {
  const all = process.env.PARITY === 'all' || !!process.env.CASES;
  const { cases, wanted } = await load(all);
  assert.ok(cases.length > 20, 'the cases are there');
  for (const name of wanted.filter((name) => new RegExp(process.env.CASES ?? '').test(name))) {
    await t.test(name, { timeout: 2 * CASE }, async () => {
      const running = page.evaluate((name) => window.parity.run(name).then(
        (lines) => ({ lines }), (error) => ({ error: String(error) })), name).catch((error) => ({ error: String(error) }));
      const late = sleep(CASE, { error: `no end within ${CASE} ms` }, { ref: false });
      const result = await Promise.race([running, late]);
      // The next case does not begin on what this one has left.
      if (result.error) {
        await page.close();
        await load(all);
      }
      assert.equal(result.error, undefined, name);
      console.log(result.lines);
    });
  }
});
