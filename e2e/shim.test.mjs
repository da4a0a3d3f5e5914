// The shim alone: bundled, with a fake of the extension's API, in plain pages of a real browser.
//
//   node --test shim.test.mjs

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { after, before, test } from './harness.mjs';

const ARGS = ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

/** The overlay's side of the connection: `call` sends a request, `events` collects the shim's events. */
const OVERLAY = `<!doctype html><input id="field"><script>
let port, id = 0; const waiting = new Map(); window.events = [];
addEventListener('message', ({ data, ports, origin }) => {
  if (!data?.rubout) return;
  window.token = data.rubout; window.from = origin; port = ports[0];
  // The answers to the shim's beats: for how long the overlay has been busy. A frame that is dead gives none.
  window.busy = 0;
  ports[1].onmessage = () => window.dead || ports[1].postMessage(window.busy);
  port.onmessage = ({ data }) => data.re === undefined ? events.push(data.body) : waiting.get(data.re)(data);
  if (!location.search) window.hello = call({ call: 'hello' });
});
window.call = (body, blobs = [], v = 1) => new Promise((done) => {
  waiting.set(++id, done); port.postMessage({ v, id, body, blobs });
});
window.raw = (message) => port.postMessage(message);
// Encodes a BMP by hand, because the browser's own encoder waits up to a second for an idle moment.
window.solid = (width, height, color) => {
  const row = (width * 3 + 3) & ~3, view = new DataView(new ArrayBuffer(54 + row * height));
  view.setUint16(0, 0x424d); view.setUint32(2, view.byteLength, true); view.setUint32(10, 54, true);
  view.setUint32(14, 40, true); view.setInt32(18, width, true); view.setInt32(22, height, true);
  view.setUint16(26, 1, true); view.setUint16(28, 24, true);
  const bgr = { red: [0, 0, 255], lime: [0, 255, 0], white: [255, 255, 255] }[color];
  for (let y = 0; y < height; y++) for (let x = 0; x < width * 3; x++) view.setUint8(54 + y * row + x, bgr[x % 3]);
  return new Blob([view], { type: 'image/bmp' }); };
window.apply = async (width, height, color, changed = { x: 0, y: 0, width, height }) =>
  (await call({ call: 'apply', changed, width, height }, [await solid(width, height, color)])).body;
window.bytes = async (body) => { const m = await call(body); if (m.body.err) return m.body; const [blob] = m.blobs;
  const b = await createImageBitmap(blob).catch(() => null);
  return { ...m.body.ok, type: blob.type, size: blob.size, width: b?.width, height: b?.height }; };
</script>`;

let browser, server, bundle, home, away;
/** How often the picture was asked for that is another one each time. */
let changes = 0;
/** Two pictures by their address, which it gives in turn. */
const noises = {};

before(async () => {
  const result = await build({
    entryPoints: [fileURLToPath(new URL('../extension/shim/main.ts', import.meta.url))],
    bundle: true, minify: true, mangleProps: /^(element|layer|original|ours|tainted|topmost|isThere|rejected|property|pseudo|shield)$/, format: 'iife', target: 'chrome148', write: false, logLevel: 'error',
  });
  bundle = result.outputFiles[0].text;
  server = http.createServer((request, response) => {
    const url = new URL(request.url, 'http://x');
    const size = /^\/(\d+)x(\d+)(-cors)?/.exec(url.pathname);
    if (size) {
      response.writeHead(200, { 'content-type': 'image/png', ...(size[3] && { 'access-control-allow-origin': '*' }) });
      return response.end(png(+size[1], +size[2]));
    }
    if (url.pathname === '/changing') {
      response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' });
      return response.end(png(60, 40, (changes += 1) * 60));
    }
    const noise = noises[url.pathname];
    if (noise) {
      response.writeHead(200, { 'content-type': 'image/png', 'cache-control': 'no-store' });
      return response.end(noise[(changes += 1) % 2]);
    }
    if (url.pathname === '/drawing.svg') {
      response.writeHead(200, { 'content-type': 'image/svg+xml' });
      return response.end('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><rect width="40" height="30"/></svg>');
    }
    if (url.pathname === '/refused.png') {
      response.writeHead(200, { 'content-type': 'text/html' });
      return response.end('<p>no');
    }
    response.writeHead(url.pathname === '/favicon.ico' ? 404 : 200, { 'content-type': 'text/html' });
    response.end(url.pathname === '/overlay.html' ? OVERLAY : '<!doctype html><body>');
  });
  await new Promise((done) => server.listen(0, done));
  home = `http://localhost:${server.address().port}`;
  away = `http://127.0.0.1:${server.address().port}`;
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS });
});

after(async () => {
  await browser?.close();
  server?.close();
});

test('what enters a page is small', (t) => {
  const bytes = Buffer.byteLength(bundle);
  t.diagnostic(`shim.js: ${bytes} bytes`);
  assert.ok(bytes < 31_000, `${bytes} bytes`);
});

/** A page with `html` in it and the shim injected. */
async function open(html, { overlay = '/overlay.html' } = {}) {
  const page = await browser.newPage({ viewport: { width: 1000, height: 700 } });
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(String(error)));
  await page.goto(`${home}/page.html`);
  await page.evaluate(async (html) => {
    document.body.style.margin = '0';
    const box = document.createElement('div');
    box.innerHTML = html;
    document.body.append(...box.childNodes);
    await Promise.all([...document.images].map((i) => i.decode().catch(() => 0)));
  }, html);
  await page.evaluate(({ base, overlay }) => {
    const listeners = { message: [], connect: [] };
    window.stub = {
      sent: [], listeners,
      chrome: {
        runtime: {
          id: 'rubout-id',
          getURL: (path) => base + (path ? overlay : '/'),
          sendMessage: async (message) => (window.stub.sent.push(message), { v: 1, re: message.id, body: { ok: null }, blobs: [] }),
          onMessage: { addListener: (f) => listeners.message.push(f) },
          onConnect: { addListener: (f) => listeners.connect.push(f) },
        },
        dom: { openOrClosedShadowRoot: (host) => host.closedRoot ?? null },
        i18n: { getMessage: (key) => key },
      },
    };
    window.start = (target, token = 'tok', id = 'rubout-id') => {
      let answer;
      for (const f of listeners.message) f({ v: 1, id: 5, body: { token, target }, blobs: [] }, { id }, (a) => (answer = a));
      return answer;
    };
  }, { base: away, overlay });
  await inject(page);
  return page;
}

const inject = (page) => page.evaluate(`((chrome) => {${bundle}})(window.stub.chrome)`);
const start = (page, target, ...more) => page.evaluate(([t, ...more]) => start(t, ...more), [target, ...more]);
/** The requests of the shim to the background. */
const sent = (page) => page.evaluate(() => stub.sent.map(({ body }) => body));
const clicked = (srcUrl = null) => ({ target: 'clicked', srcUrl });

/** The overlay's frame, once it has said hello. */
async function overlayOf(page) {
  const found = () => page.frames().find((f) => f.url().startsWith(`${away}/overlay.html`));
  const said = await eventually(async () => {
    assert.ok(await found()?.evaluate(() => !!window.hello), 'an overlay that has said hello');
    return found();
  });
  said.hello = await said.evaluate(async () => (await hello).body.ok);
  return said;
}

/** Waits until assertions hold, and gives what they return. */
async function eventually(assertions) {
  for (const end = Date.now() + 60_000; ; await new Promise((done) => setTimeout(done, 20))) {
    try {
      return await assertions();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

/** Waits until the page has drawn two frames, so that everything that was due has happened. */
const drawn = (page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))));

async function edit(page, target) {
  await start(page, target);
  return overlayOf(page);
}

async function finish(page) {
  assert.deepEqual(page.problems, []);
  await page.close();
}

const close = async (page, frame) => {
  await frame.evaluate(() => void call({ call: 'close' })).catch(() => 0);
  await eventually(() => assert.ok(frame.isDetached(), 'the overlay has left'));
};
const near = (a, b, what) => assert.ok(Math.abs(a - b) < 0.6, `${what}: ${a}, not ${b}`);
// Of the prototype, because a form may have a control of that name.
const html = (page, selector) => page.$eval(selector, (e) => Reflect.get(Element.prototype, 'outerHTML', e));

/** A PNG of one level, or of what a function puts into each row. */
function png(width, height, level = 90) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length);
    body.copy(out, 4);
    out.writeUInt32BE(crc32(body) >>> 0, body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width);
  head.writeUInt32BE(height, 4);
  head.set([8, 2], 8);
  const length = width * 3 + 1;
  const rows = Buffer.alloc(height * length, typeof level === 'number' ? level : 0);
  for (let at = 0; at < rows.length; at += length) {
    if (typeof level === 'function') level(rows.subarray(at, at + length));
    rows[at] = 0;
  }
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

/** The corners of the content box in the viewport, by the rule of the protocol. */
function corners({ center, linear: [a, b, c, d], borderBox, contentOrigin: o, contentBox }) {
  return [[0, 0], [1, 0], [0, 1], [1, 1]].map(([u, v]) => {
    const x = o.x + u * contentBox.width - borderBox.width / 2;
    const y = o.y + v * contentBox.height - borderBox.height / 2;
    return [center.x + a * x + c * y, center.y + b * x + d * y];
  });
}

test('geometry: border, padding, fit, density', async () => {
  const page = await open(`<img id=i srcset="/400x200 2x" style="position:absolute;left:50px;top:40px;width:300px;
    height:100px;border:5px solid;padding:7px;object-fit:cover;object-position:10% 20px">`);
  const { hello } = await edit(page, clicked(`${home}/400x200`));
  const g = hello.picture.geometry;
  assert.deepEqual(g.natural, { width: 200, height: 100 });
  assert.deepEqual(g.contentOrigin, { x: 12, y: 12 });
  assert.deepEqual(g.contentBox, { width: 300, height: 100 });
  assert.deepEqual(g.borderBox, { width: 324, height: 124 });
  assert.deepEqual([g.fit, g.position], ['cover', '10% 20px']);
  assert.deepEqual([hello.picture.kind, hello.picture.sameOrigin], ['image', true]);
  assert.deepEqual(g.viewport, { width: 1000, height: 700 });
  await finish(page);
});

test('what is shown of a picture: clips with their insets and corners, faded, or not known', async () => {
  const style = 'display:block;width:100px;height:50px;';
  const shown = async (markup) => {
    const page = await open(markup);
    const { hello } = await edit(page, clicked(`${home}/100x50`));
    await finish(page);
    return hello.picture.shown;
  };
  const img = (css) => `<img src="/100x50" style="${style}${css}">`;
  const plain = await shown(img(''));
  const square = ['0px', '0px', '0px', '0px'];
  assert.deepEqual([plain.altered, plain.clips], [false, [{ x: 0, y: 0, width: 100, height: 50, scale: [1, 1], insets: [0, 0, 0, 0], radii: square }]]);
  const round = await shown(img('border-radius:8px 50%;border:2px solid;padding:3px'));
  assert.deepEqual(round.clips, [{ x: 0, y: 0, width: 110, height: 60, scale: [1, 1], insets: [5, 5, 5, 5], radii: ['8px', '50%', '8px', '50%'] }]);
  const card = await shown(`<div style="zoom:2;width:60px;overflow:hidden;border:4px solid;padding:9px;border-radius:6px">${img('')}</div>`);
  assert.deepEqual(card.clips.map(({ width, scale, insets, radii }) => [width, scale, insets, radii]), [[200, [2, 2], [0, 0, 0, 0], square], [172, [2, 2], [4, 4, 4, 4], Array(4).fill('6px')]]);
  assert.equal((await shown(img('opacity:.8;filter:grayscale(1) drop-shadow(0 2px 4px rgba(0,0,0,.2))'))).altered, true);
  for (const css of ['opacity:.3', 'filter:blur(4px)', 'filter:grayscale(1) invert(1)', 'corner-shape:bevel;border-radius:9px', 'clip-path:inset(0 50% 0 0)', 'mask-image:linear-gradient(red,#0000)']) {
    assert.equal(await shown(img(css)), null, css);
  }
});

test('what is shown of a picture: what opaque things of the page leave of it', async () => {
  const pictures = {
    img: '<div style="position:relative;width:200px;height:100px"><img id=bait src="/100x50" style="display:block;width:200px;height:100px"><div id=over></div></div>',
    background: '<div id=bait style="position:relative;width:200px;height:100px;background:url(/100x50) 0 0/cover"><div id=over></div></div>',
  };
  const over = (css, name = 'div') => `<${name} style="position:absolute;${css}"></${name}>`;
  const all = { x: 0, y: 0, width: 200, height: 100 };
  const grey = 'background:#888;';
  const cases = {
    nothing: ['', all],
    'the right half': [over(`inset:0 0 0 50%;${grey}`), { ...all, width: 100 }],
    'the right half, where clicks pass': [over(`inset:0 0 0 50%;${grey}pointer-events:none`), { ...all, width: 100 }],
    'the right half, inert': [over(`inset:0 0 0 50%;${grey}" inert title="`), { ...all, width: 100 }],
    'a caption': [over(`inset:auto 0 0 0;height:20px;${grey}`), { ...all, height: 80 }],
    'two bars': [over(`inset:auto 0 0 0;height:20px;${grey}`) + over(`inset:0 0 auto 0;height:10px;${grey}`), { ...all, y: 10, height: 70 }],
    'a small button in its middle': [over(`left:85px;top:35px;width:30px;height:30px;${grey}`), all],
    'a large box in its middle': [over(`left:50px;top:25px;width:100px;height:50px;${grey}`), null],
    'many small boxes': [Array.from({ length: 20 }, (_, i) => over(`left:${10 * i}px;top:40px;width:9px;height:9px;${grey}`)).join(''), null],
    'all of it': [over(`inset:0;${grey}`), null],
    'a shape with a hole in its middle': [over(`inset:0;${grey}clip-path:polygon(0 0,100% 0,100% 100%,60% 100%,60% 40%,40% 40%,40% 100%,0 100%)`), null],
    'a veil': [over('inset:0;background:rgba(0,0,0,.4)'), all],
    'a gradient that fades out': [over('inset:0;background:linear-gradient(#0000,#000)'), all],
    'a gradient that does not': [over('inset:0;background:linear-gradient(#888,#888)'), null],
    'a gradient that is solid from its first pixel on': [over('inset:0;background:linear-gradient(90deg,#0000 1px,#888 1px)'), null],
    'a gradient with a hint': [over('inset:0;background:linear-gradient(#0000,0%,#888)'), null],
    'a gradient of which only the end is seen': [over('inset:0;background:linear-gradient(#0000,#888) 0 100%/100% 9999px'), null],
    'a picture of its own': [over('inset:0;background:url(/8x8)'), null],
    'a blur': [over('inset:0;backdrop-filter:blur(20px)'), null],
    'a wide border': [over('inset:0;border:40px solid #888;box-sizing:border-box'), null],
    'a thin border': [over('inset:0;border:1px solid #888;box-sizing:border-box'), all],
    'a frame': [over('inset:0;border:0', 'iframe'), null],
    'an empty canvas': [over('inset:0', 'canvas'), all],
    'a hidden box': [over(`inset:0;${grey}visibility:hidden`), all],
    'a box that is faded out': [`<section style="opacity:0">${over(`inset:0;${grey}`)}</section>`, all],
    'generated content': [`<style>div:has(>#bait)::after,div#bait::after{content:'';position:absolute;inset:0;${grey}}</style>`, null],
    'a small mark that is generated': [`<style>div:has(>#bait)::after,div#bait::after{content:'';position:absolute;left:90px;top:40px;width:9px;height:9px;${grey}}</style>`, all],
  };
  for (const [kind, markup] of Object.entries(pictures)) {
    const page = await open(markup);
    for (const [name, [html, expected]] of Object.entries(cases)) {
      await page.evaluate((html) => { over.innerHTML = html; }, html);
      await page.mouse.click(4, 4, { button: 'right' });
      const frame = await edit(page, clicked(`${home}/100x50`));
      const { shown, kind: got } = frame.hello.picture;
      const last = shown?.clips.at(-1);
      assert.deepEqual([got, last ? { x: last.x, y: last.y, width: last.width, height: last.height } : null], [kind === 'img' ? 'image' : kind, expected], `${kind}: ${name}`);
      await close(page, frame);
    }
    await page.close();
  }
});

test('what is shown of a picture: nothing is known of one that a border, a list, a mask or other layers show', async () => {
  const box = 'position:absolute;left:0;top:0;width:200px;height:100px;';
  const url = 'url(/100x50)';
  for (const [css, isKnown] of [
    [`background:${url}`, true], [`border:30px solid;border-image:${url} 30`, false], [`mask-image:${url};background:red`, false],
    [`display:list-item;list-style:inside ${url}`, false], [`background:linear-gradient(#888,#888),${url}`, false], [`background:none,${url}`, true],
    [`background:linear-gradient(#0000,#000),${url}`, false], [`background:${url};box-shadow:inset 0 0 0 99px #888`, false], [`background:${url};background-blend-mode:color;background-color:#888`, false],
  ]) {
    const page = await open(`<div style="${box}${css}"></div>`);
    await page.mouse.click(8, 8, { button: 'right' });
    const { hello } = await edit(page, clicked());
    assert.deepEqual([hello.picture.url, !!hello.picture.shown], [`${home}/100x50`, isKnown], css);
    await finish(page);
  }
  const page = await open(`<div style="${box}box-sizing:border-box;border:20px solid #888;border-left-color:#0000;background:${url}"></div>`);
  await page.mouse.click(100, 50, { button: 'right' });
  assert.deepEqual((await edit(page, clicked())).hello.picture.shown.clips[0].insets, [20, 20, 20, 0], 'what a border is drawn over');
  await finish(page);
});

test('geometry: nested transforms, rotate, scale and zoom agree with the browser', async () => {
  const page = await open(`<div style="position:absolute;left:200px;top:120px;zoom:1.5;rotate:20deg"><p style="margin:0;
    transform:skewX(10deg) scale(.8)"><img id=i src="/100x50" style="display:block;width:160.5px;height:90px;padding:10px;
    scale:1.2 .9;transform:rotate(-35deg)"></p></div>`);
  // Marks in the corners of the content box, which the browser lays out.
  const { hello } = await edit(page, clicked(`${home}/100x50`));
  const marks = await page.evaluate(() => {
    const img = document.querySelector('#i');
    const box = document.createElement('div');
    box.style.cssText = img.style.cssText + ';box-sizing:content-box;position:relative';
    box.innerHTML = ['left:10px;top:10px', 'right:10px;top:10px', 'left:10px;bottom:10px', 'right:10px;bottom:10px']
      .map((at) => `<i style="position:absolute;width:0;height:0;${at}"></i>`).join('');
    img.replaceWith(box);
    return [...box.children].map((m) => { const r = m.getBoundingClientRect(); return [r.x, r.y]; });
  });
  corners(hello.picture.geometry).forEach(([x, y], i) => {
    near(x, marks[i][0], `corner ${i} x`);
    near(y, marks[i][1], `corner ${i} y`);
  });
  await finish(page);
});

test('geometry: SVG image and background layer', async () => {
  const page = await open(`<svg width=400 height=300 viewBox="0 0 200 150" style="position:absolute;left:10px;top:20px">
    <image id=s x=20 y=30 width=100 height=60 href="/40x30" preserveAspectRatio="xMinYMax slice" transform="rotate(10)"/></svg>
    <div id=b style="position:absolute;left:500px;top:100px;width:200px;height:100px;border:4px solid;padding:6px;
    background:linear-gradient(red,blue),url(/80x40) content-box"></div>`);
  let frame = await edit(page, clicked(`${home}/40x30`));
  let g = frame.hello.picture.geometry;
  assert.equal(frame.hello.picture.kind, 'svg-image');
  assert.deepEqual([g.fit, g.position, g.natural], ['cover', '0% 100%', { width: 40, height: 30 }]);
  const rect = await page.$eval('#s', (s) => { const r = s.getBoundingClientRect(); return [r.left, r.right, r.top, r.bottom]; });
  const at = corners(g);
  near(Math.min(...at.map(([x]) => x)), rect[0], 'left');
  near(Math.max(...at.map(([x]) => x)), rect[1], 'right');
  near(Math.min(...at.map(([, y]) => y)), rect[2], 'top');
  near(Math.max(...at.map(([, y]) => y)), rect[3], 'bottom');
  await close(page, frame);
  frame = await edit(page, clicked(`${home}/80x40`));
  g = frame.hello.picture.geometry;
  assert.deepEqual([frame.hello.picture.kind, g.contentOrigin, g.contentBox, g.natural],
    ['background', { x: 10, y: 10 }, { width: 200, height: 100 }, { width: 80, height: 40 }]);
  await finish(page);
});

test('moved and gone are told', async () => {
  const page = await open('<img id=i src="/100x50" style="display:block"><div style="height:3000px">');
  const frame = await edit(page, clicked(`${home}/100x50`));
  await page.evaluate(() => scrollTo(0, 20));
  await eventually(async () => {
    const last = await frame.evaluate(() => events.at(-1));
    assert.equal(last.event, 'moved');
    near(last.geometry.center.y, 5, 'centre');
  });
  await frame.evaluate(() => events.splice(0));
  await page.$eval('#i', (i) => i.remove());
  await eventually(async () => assert.deepEqual(await frame.evaluate(() => events), [{ event: 'gone' }]));
  await finish(page);
});

test('finding: duplicates by the right-click, by hover, else the largest', async () => {
  const page = await open(`<img id=a src="/100x50" style="position:absolute;left:0;top:0">
    <img id=b src="/100x50" style="position:absolute;left:300px;top:0"><img id=c src="/100x50" style="position:absolute;left:600px;top:0;width:300px">`);
  const centre = async (frame) => frame.hello.picture.geometry.center.x;
  let frame = await edit(page, clicked(`${home}/100x50`));
  assert.equal(await centre(frame), 750, 'largest');
  await close(page, frame);
  await page.mouse.move(350, 20);
  frame = await edit(page, clicked(`${home}/100x50`));
  assert.equal(await centre(frame), 350, 'hover');
  await close(page, frame);
  await page.mouse.click(50, 20, { button: 'right' });
  await page.mouse.move(700, 400);
  frame = await edit(page, clicked(`${home}/100x50`));
  assert.equal(await centre(frame), 50, 'right-click');
  await finish(page);
});

/** What a page does between the right-click on its picture and the script that comes with the menu's answer; what is edited then, if anything is. */
const SWAPPED = {
  'a background in its place': [`bait.outerHTML = '<div style="width:100px;height:50px;background:url(/70x70)"></div>'`, undefined],
  'content in its style': [`bait.style.content = 'url({{away}}/70x70)'`, undefined],
  'generated content in its place': [`bait.outerHTML = '<style>#b::before{content:url(/70x70)}</style><div id=b style="width:100px;height:50px;overflow:hidden"></div>'`, undefined],
  'a canvas in its place': [`bait.outerHTML = '<canvas width=100 height=50 style="display:block"></canvas>'`, undefined],
  'it is hidden, and another one in its place': [`bait.style.display = 'none'; bait.insertAdjacentHTML('afterend', '<img src=/70x70 width=100 height=50>')`, '/100x50'],
  'it is hidden, and a background in its place': [`bait.style.display = 'none'; bait.insertAdjacentHTML('afterend', '<div style="width:100px;height:50px;background:url(/70x70)"></div>')`, undefined],
  'it is faded, and another one over it': [`bait.style.opacity = 0; bait.insertAdjacentHTML('afterend', '<img src=/70x70 width=100 height=50 style="position:absolute;left:0;top:0">')`, '/100x50'],
  'it is removed, and another one in its place': [`bait.outerHTML = '<img src=/70x70 width=100 height=50>'`, '/100x50'],
  'it is removed, and an SVG image in its place': [`bait.outerHTML = '<svg width=100 height=50 style="display:block"><image href="/70x70" width=100 height=50 /></svg>'`, '/100x50'],
  'another source': [`bait.src = '/70x70'`, '/100x50'],
  'nothing in its place': ['bait.remove()', undefined],
};
for (const [name, [attack, url]] of Object.entries(SWAPPED)) {
  test(`finding: what was clicked is what is read, in spite of ${name}`, async () => {
    const page = await open('<img id=bait src="/100x50" style="display:block">');
    await page.mouse.click(50, 25, { button: 'right' });
    await page.evaluate(attack.replaceAll('{{away}}', away));
    await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode().catch(() => 0))));
    await start(page, clicked(`${home}/100x50`));
    if (url) {
      const frame = await overlayOf(page);
      assert.equal(frame.hello.picture.url, home + url);
      assert.equal((await frame.evaluate(() => bytes({ call: 'read-direct' }))).width, 100, 'what is read');
    } else {
      await drawn(page);
      assert.equal(page.frames().length, 1, 'nothing is read');
      await page.keyboard.press('Escape');
      assert.deepEqual(await sent(page), [{ call: 'pick-ended' }], 'the user was asked to pick one');
    }
    await finish(page);
  });
}

test('finding: a transparent shield that the browser names, as long as it lies over the picture', async () => {
  const markup = `<img src="/90x90" style="position:absolute;left:0;top:0;width:100px;height:100px">
    <img id=shield src="/1x1" style="position:absolute;left:0;top:0;width:100px;height:100px">`;
  for (const [change, isThere] of [['0', true], ["shield.style.left = '300px'", false], ["shield.style.display = 'none'", false], ["shield.style.visibility = 'hidden'", false]]) {
    const page = await open(markup);
    await page.mouse.click(50, 50, { button: 'right' });
    await page.evaluate(change);
    await start(page, clicked(`${home}/1x1`));
    assert.equal((await overlayOf(page)).hello.picture.url, home + (isThere ? '/90x90' : '/1x1'), change);
    await finish(page);
  }
});

test('finding: shadow root, shield, background, canvas, SVG and video', async () => {
  const page = await open(`<div id=host style="position:absolute;left:0;top:0"></div>
    <img style="position:absolute;left:200px;top:0;width:100px;height:100px" src="/90x90"><div style="position:absolute;left:200px;top:0;width:100px;height:100px"></div>
    <div style="position:absolute;left:400px;top:0;width:100px;height:100px;background:url(/70x70)"></div>
    <canvas style="position:absolute;left:600px;top:0;width:100px;height:100px" width=60 height=60></canvas>
    <svg style="position:absolute;left:0;top:300px" width=100 height=100><image width=100 height=100 href="/50x50"/></svg>
    <video style="position:absolute;left:200px;top:300px;width:100px;height:100px" poster="/45x45"></video>`);
  await page.evaluate(() => {
    const root = host.attachShadow({ mode: 'open' });
    root.innerHTML = '<img src="/110x110" style="width:100px;height:100px">';
    return root.firstChild.decode();
  });
  for (const [x, y, kind, url] of [
    [50, 50, 'image', '/110x110'], [250, 50, 'image', '/90x90'], [450, 50, 'background', '/70x70'],
    [650, 50, 'canvas', null], [50, 350, 'svg-image', '/50x50'], [250, 350, 'video', null],
  ]) {
    await page.mouse.click(x, y, { button: 'right' });
    const frame = await edit(page, clicked());
    assert.deepEqual([frame.hello.picture.kind, frame.hello.picture.url], [kind, url && home + url]);
    await close(page, frame);
  }
  const frame = await edit(page, clicked(`${home}/110x110`));
  assert.equal(frame.hello.picture.geometry.center.x, 50, 'by address in a shadow root');
  await finish(page);
});

test('reading: file, CORS, foreign, revoked blob, canvas, tainted canvas, empty', async () => {
  const page = await open(`<img id=own src="/60x40"><img id=cors crossorigin src="${away}/61x40-cors"><img id=far src="${away}/62x40-cors">
    <img id=shut src="${away}/63x40"><img id=blob><canvas id=c width=30 height=20></canvas><img id=v src="/drawing.svg">
    <img id=dense srcset="/80x40?d 2x">`);
  await page.evaluate(async (away) => {
    const url = URL.createObjectURL(await (await fetch('/64x32')).blob());
    const img = document.querySelector('#blob');
    img.src = url;
    await img.decode();
    URL.revokeObjectURL(url);
    const dense = URL.createObjectURL(await (await fetch('/80x40')).blob());
    const d = document.querySelector('#dense');
    d.srcset = `${dense} 2x`;
    await d.decode();
    URL.revokeObjectURL(dense);
    document.querySelector('#c').getContext('2d').fillRect(0, 0, 30, 20);
  }, away);
  const read = async (selector, call) => {
    const box = await page.locator(selector).boundingBox();
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2, { button: 'right' });
    const frame = await edit(page, clicked());
    const got = await frame.evaluate((call) => bytes({ call }), call);
    await close(page, frame);
    return got;
  };
  const seen = ({ drawn, type, width, height }) => [drawn, type, width, height];
  assert.deepEqual(seen(await read('#own', 'read-direct')), [false, 'image/png', 60, 40]);
  assert.deepEqual(seen(await read('#cors', 'read-direct')), [false, 'image/png', 61, 40]);
  assert.equal((await read('#far', 'read-direct')).err.failure, 'unreadable');
  assert.deepEqual(seen(await read('#far', 'fetch')), [false, 'image/png', 62, 40]);
  assert.equal((await read('#shut', 'fetch')).err.failure, 'unreadable');
  assert.deepEqual(seen(await read('#blob', 'read-direct')), [true, 'image/png', 64, 32]);
  assert.deepEqual(seen(await read('#dense', 'read-direct')), [true, 'image/png', 80, 40], 'true pixels of a 2x source');
  assert.deepEqual(seen(await read('#c', 'read-direct')), [true, 'image/png', 30, 20]);
  assert.equal((await read('#v', 'read-direct')).type, 'image/svg+xml');
  await page.evaluate(() => document.querySelector('#c').getContext('2d').drawImage(document.querySelector('#shut'), 0, 0));
  assert.equal((await read('#c', 'read-direct')).err.failure, 'unreadable');
  await page.evaluate(() => {
    const c = document.querySelector('#c');
    c.style.cssText = 'width:30px;height:20px';
    c.width = 0;
  });
  assert.equal((await read('#c', 'read-direct')).err.failure, 'empty-image');
  await finish(page);
});

test('what is too large is not decoded, and said to be so', async () => {
  const page = await open('<img id=plain width=100 height=100 style="display:block"><img id=dense width=100 height=100 style="display:block">');
  await page.evaluate(async () => {
    window.decoded = 0;
    const { createImageBitmap } = window;
    window.createImageBitmap = (...args) => (decoded++, createImageBitmap(...args));
    const drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="12000" height="10001"/>';
    for (const image of [plain, dense]) {
      const url = URL.createObjectURL(new Blob([drawing], { type: 'image/svg+xml' }));
      if (image === plain) image.src = url;
      else image.srcset = `${url} 100x`;
      await new Promise((done) => (image.onload = done));
      // What is read then is what the element shows.
      window.fetch = () => Promise.reject('no');
    }
  });
  for (const [y, url] of [[50, '#plain'], [150, '#dense']]) {
    await page.mouse.click(50, y, { button: 'right' });
    const frame = await edit(page, clicked(await page.$eval(url, ({ currentSrc }) => currentSrc)));
    assert.deepEqual(await frame.evaluate(() => bytes({ call: 'read-direct' })), { err: { failure: 'too-large', width: 12000, height: 10001 } });
    await close(page, frame);
  }
  assert.equal(await page.evaluate(() => decoded), 0);
  await finish(page);
});

test('a canvas that was tainted when it was chosen is neither read nor written, whatever becomes of it', async () => {
  const page = await open(`<canvas id=c width=30 height=20></canvas><img id=shut src="${away}/63x40">`);
  await page.evaluate(() => c.getContext('2d').drawImage(shut, 0, 0));
  const box = await page.locator('#c').boundingBox();
  await page.mouse.click(box.x + 15, box.y + 10, { button: 'right' });
  const frame = await edit(page, clicked());
  await page.evaluate(() => { c.width = 30; c.getContext('2d').fillRect(0, 0, 30, 20); });
  assert.equal((await frame.evaluate(() => bytes({ call: 'read-direct' }))).err.failure, 'unreadable');
  assert.equal((await frame.evaluate(() => apply(30, 20, 'red'))).err.failure, 'not-replaceable');
  assert.deepEqual(await page.$eval('#c', (c) => [...c.getContext('2d').getImageData(5, 5, 1, 1).data]), [0, 0, 0, 255]);
  await finish(page);
});

test('a server that names a type says nothing of what it gives: the overlay looks', async () => {
  const page = await open('<div style="width:100px;height:100px;background:url(/refused.png)"></div>');
  const frame = await edit(page, clicked(`${home}/refused.png`));
  assert.equal((await frame.evaluate(() => bytes({ call: 'fetch' }))).type, 'text/html');
  assert.equal((await frame.evaluate(() => bytes({ call: 'read-shown' }))).err.failure, 'unreadable', 'nor does it show any');
  await finish(page);
});

test('a file is compared with what is shown', async () => {
  const page = await open('<img src="/changing"><img src="/100x50"><img src="/80x40?d" style="image-orientation:none">');
  let frame = await edit(page, clicked(`${home}/changing`));
  const same = (way) => frame.evaluate(async (way) => {
    const { blobs } = await call({ call: way });
    return (await call({ call: 'compare' }, blobs)).body.ok.same;
  }, way);
  assert.equal(await same('read-direct'), false, 'the server has given another one');
  assert.equal(await same('read-shown'), true);
  await close(page, frame);
  frame = await edit(page, clicked(`${home}/100x50`));
  assert.equal(await same('read-direct'), true);
  // What came out of the browser's cache is not compared. The page forgets what it has loaded.
  await page.evaluate(() => performance.clearResourceTimings());
  const [half, other] = await frame.evaluate(async () => {
    const canvas = new OffscreenCanvas(100, 50);
    const context = canvas.getContext('2d');
    context.fillStyle = 'rgb(90,90,90)';
    context.fillRect(0, 0, 100, 50);
    const like = (await call({ call: 'compare' }, [await canvas.convertToBlob()])).body.ok.same;
    context.fillStyle = '#fff';
    context.fillText('12:01', 60, 45);
    return [like, (await call({ call: 'compare' }, [await canvas.convertToBlob()])).body.ok.same];
  });
  assert.deepEqual([half, other], [true, false], 'a clock in the corner tells');
  assert.equal(frame.hello.picture.asStored, false);
  await close(page, frame);
  frame = await edit(page, clicked(`${home}/80x40?d`));
  assert.equal(frame.hello.picture.asStored, true);
  await finish(page);
});

test('a large compressed file that is as long as what the page has loaded is not decoded to be compared; any other is', async () => {
  const noise = (side, bits) => png(side, side, (row) => row.set(randomBytes(row.length).map((byte) => byte & bits)));
  const two = (side, bits) => [noise(side, bits), noise(side, bits)];
  // What follows the end of a PNG is ignored.
  const alike = (pictures) => pictures.map((picture) => Buffer.concat([picture, Buffer.alloc(2_000_000 - picture.length)]));
  Object.assign(noises, { '/long': alike(two(1800, 64)), '/longer': two(1800, 64), '/plain': alike(two(600, 255)), '/short': two(200, 64) });
  assert.notEqual(noises['/longer'][0].length, noises['/longer'][1].length);
  for (const [address, same] of [['/long', true], ['/longer', false], ['/plain', false], ['/short', false]]) {
    const page = await open(`<img src="${address}">`);
    const frame = await edit(page, clicked(home + address));
    assert.equal(await frame.evaluate(async () => {
      const { blobs } = await call({ call: 'read-direct' });
      return (await call({ call: 'compare' }, blobs)).body.ok.same;
    }), same, address);
    await finish(page);
  }
});

for (const [name, markup, url, width, height] of [
  ['img', '<img id=x alt="A" src="/100x50" loading="lazy">', '/100x50', 100, 50],
  ['img with srcset', '<img id=x srcset="/100x50 1x, /300x150 3x" src="/100x50" sizes="10px">', '/100x50', 100, 50],
  ['2x img', '<img id=x srcset="/200x100 2x">', '/200x100', 200, 100],
  ['picture', '<picture id=x><source srcset="/200x100 2x" media="(min-width:1px)"><img src="/100x50" srcset="/99x50 1x"></picture>', '/200x100', 200, 100],
  ['input', '<input id=x type=image src="/100x50">', '/100x50', 100, 50],
  ['background', '<div id=x style="width:300px; height:90px; background: url(/100x50) center / contain"></div>', '/100x50', 100, 50],
  ['2x background', '<div id=x style="width:300px;height:90px;background-image:linear-gradient(red,blue),image-set(url(/200x100) 2x)"></div>', '/200x100', 200, 100],
  ['background by sheet', '<style>#x{width:99px;height:60px;background:url(/100x50)!important}</style><div id=x></div>', '/100x50', 100, 50],
  ['background with a variable', '<div id=x style="--a: url(/100x50); width:300px; height:90px; background: var(--a) 10px 20px / 50px no-repeat, red"></div>', '/100x50', 100, 50],
  ['content of a div', '<div id=x style="content: url(/100x50)"></div>', '/100x50', 100, 50],
  ['content of an img', '<img id=x src="/2x2" alt="" style="content:url(/100x50);width:200px">', '/100x50', 100, 50],
  ['mask', '<div id=x style="width:300px;height:90px;background:navy;mask:url(/100x50) center / contain no-repeat"></div>', '/100x50', 100, 50],
  ['border', '<div id=x style="width:200px;height:90px;border:20px solid;border-image:url(/100x50) 10 fill"></div>', '/100x50', 100, 50],
  ['list', '<ul id=x><li style="list-style:square url(/100x50)">one</li></ul>', '/100x50', 100, 50],
  ['image-set by type', '<div id=x style="width:300px;height:90px;background:image-set(url(/9x9) type(&quot;image/jxl&quot;), url(/100x50) type(&quot;image/png&quot;))"></div>', '/100x50', 100, 50],
  ['object', '<object id=x data="/100x50" type="image/png"></object>', '/100x50', 100, 50],
  ['embed', '<embed id=x src="/100x50" type="image/png">', '/100x50', 100, 50],
  ['svg', '<svg id=x width="200" height="100"><image width="200" height="100" href="/100x50"></image></svg>', '/100x50', 100, 50],
  ['svg xlink', '<svg id=x width="200" height="100"><image width="200" height="100" xlink:href="/100x50"></image></svg>', '/100x50', 100, 50],
]) {
  test(`apply and revert exactly: ${name}`, async () => {
    const page = await open(markup);
    const was = await html(page, '#x');
    const box = () => page.$eval('#x', (e) => { const i = e.querySelector?.('img,image') ?? e; const r = i.getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; });
    const at = await box();
    const frame = await edit(page, clicked(home + url));
    const natural = frame.hello.picture.geometry.natural;
    for (const color of ['red', 'lime']) {
      assert.deepEqual(await frame.evaluate(([w, h, c]) => apply(w, h, c), [width, height, color]), { ok: { reply: 'done' } });
    }
    assert.match(await html(page, '#x'), /blob:/);
    assert.deepEqual(await box(), at, 'the layout stays');
    const back = await frame.evaluate(async () => (await bytes({ call: 'read-direct' })));
    assert.deepEqual([back.drawn, back.width, back.height], [false, width, height]);
    const { geometry } = (await frame.evaluate(async () => (await call({ call: 'hide', hidden: false })).body)).ok;
    assert.deepEqual(geometry.natural, natural, 'natural size stays');
    assert.deepEqual(await frame.evaluate(async () => (await call({ call: 'revert' })).body), { ok: { reply: 'done' } });
    assert.equal(await html(page, '#x'), was);
    await finish(page);
  });
}

test('only the picture of a shorthand changes, whatever else it says and the page says meanwhile', async () => {
  const shorthand = '--a: url(/100x50); --b: 10px 20px; width: 300px; height: 90px; background: linear-gradient(red, blue) 5px 5px / 9px 9px no-repeat, var(--a) var(--b) / 50px 30px repeat-x, lime';
  const page = await open(`<div id=x style="${shorthand}"></div>`);
  const rest = () => page.$eval('#x', (x) => {
    const style = getComputedStyle(x);
    return ['Position', 'Size', 'Repeat', 'Color', 'Origin', 'Clip', 'Attachment'].map((name) => style[`background${name}`]);
  });
  const image = () => page.$eval('#x', (x) => getComputedStyle(x).backgroundImage);
  const [was, shown] = [await rest(), await image()];
  await page.mouse.click(50, 40, { button: 'right' });
  const frame = await edit(page, clicked());
  await frame.evaluate(() => apply(100, 50, 'red'));
  assert.deepEqual(await rest(), was);
  assert.match(await image(), /^linear-gradient.*, image-set\(url\("blob:/);
  await page.$eval('#x', (x) => { x.style.color = 'blue'; });
  await drawn(page);
  assert.deepEqual([await rest(), /blob:/.test(await image())], [was, true], 'another property is set by the page');
  await frame.evaluate(() => call({ call: 'revert' }));
  assert.deepEqual([await rest(), await image()], [was, shown]);
  assert.equal(await page.$eval('#x', (x) => x.style.color), 'blue');
  await finish(page);
});

test('generated content and closed shadow trees are found', async () => {
  const page = await open(`<style>#x::before{content:"";position:absolute;inset:0;background:url(/100x50)} #y::after{content:url(/90x45)}</style>
    <p id=x style="position:absolute;left:0;top:0;width:200px;height:100px;margin:0">text</p><p id=y style="position:absolute;left:300px;top:0;margin:0"></p>
    <div id=z style="position:absolute;left:500px;top:0"></div>`);
  await page.evaluate(() => {
    z.closedRoot = z.attachShadow({ mode: 'closed' });
    z.closedRoot.innerHTML = '<img src="/80x40">';
    return z.closedRoot.firstChild.decode();
  });
  for (const [x, url, kind, answer] of [
    [50, '/100x50', 'generated', { err: { failure: 'not-replaceable' } }],
    [330, '/90x45', 'generated', { err: { failure: 'not-replaceable' } }],
    [540, '/80x40', 'image', { ok: { reply: 'done' } }],
  ]) {
    await page.mouse.click(x, 20, { button: 'right' });
    const frame = await edit(page, clicked());
    assert.deepEqual([frame.hello.picture.kind, frame.hello.picture.url], [kind, home + url]);
    assert.ok((await frame.evaluate(() => bytes({ call: 'read-direct' }))).width >= 80);
    assert.deepEqual(await frame.evaluate(() => apply(100, 50, 'red')), answer);
    await close(page, frame);
  }
  await finish(page);
});

test('a result goes to the picture that was chosen, wherever it is by then, or nowhere', async () => {
  const page = await open('<div id=box><img id=x src="/100x50" data-large="/200x100"></div>');
  const apply = () => frame.evaluate(() => window.apply(100, 50, 'red'));
  const show = (markup) => page.evaluate(async (markup) => { box.innerHTML = markup; await Promise.all([...document.images].map((i) => i.decode())); }, markup);
  let frame = await edit(page, clicked(`${home}/100x50`));
  await page.$eval('#x', (x) => { x.src = '/70x70'; });
  assert.deepEqual(await apply(), { err: { failure: 'gone' } }, 'the next slide');
  assert.equal(await html(page, '#x'), '<img id="x" src="/70x70" data-large="/200x100">');
  await page.$eval('#x', (x) => { x.src = '/100x50'; });
  await drawn(page);
  assert.deepEqual(await apply(), { ok: { reply: 'done' } }, 'it came back');
  await frame.evaluate(() => call({ call: 'revert' }));
  await page.$eval('#x', (x) => { x.src = '/200x100'; });
  assert.deepEqual(await apply(), { ok: { reply: 'done' } }, 'the same in a larger version');
  await close(page, frame);
  await show('<img id=x src="/100x50">');
  frame = await edit(page, clicked(`${home}/100x50`));
  await show('<img id=x src="/70x70"><img id=y src="/100x50">');
  assert.deepEqual(await apply(), { ok: { reply: 'done' } }, 'another element shows it by now');
  assert.match(await html(page, '#y'), /blob:/);
  assert.equal(await html(page, '#x'), '<img id="x" src="/70x70">');
  assert.deepEqual((await frame.evaluate(() => events)).filter(({ event }) => event === 'gone'), []);
  await finish(page);
});

test('a result that cannot be decoded leaves the page as it was', async () => {
  const page = await open('<img id=x src="/100x50">');
  const was = await html(page, '#x');
  const frame = await edit(page, clicked(`${home}/100x50`));
  const answer = await frame.evaluate(async () => (await call({ call: 'apply', changed: { x: 0, y: 0, width: 1, height: 1 }, width: 1, height: 1 }, [new Blob(['x'])])).body);
  assert.equal(answer.err.failure, 'not-replaceable');
  assert.equal(await html(page, '#x'), was);
  await finish(page);
});

test('canvas: only the change is written, and everything comes back', async () => {
  const page = await open('<canvas id=x width=40 height=30 style="width:80px;height:60px"></canvas>');
  const pixels = () => page.$eval('#x', (c) => [...c.getContext('2d').getImageData(0, 0, 40, 30).data]);
  await page.$eval('#x', (c) => {
    const x = c.getContext('2d');
    const g = x.createLinearGradient(0, 0, 40, 30);
    g.addColorStop(0, 'rgba(255,0,0,.3)');
    g.addColorStop(1, 'blue');
    x.fillStyle = g;
    x.fillRect(0, 0, 40, 30);
    x.scale(3, 3);
    x.globalAlpha = 0.5;
  });
  const was = await pixels();
  await page.mouse.click(40, 30, { button: 'right' });
  const frame = await edit(page, clicked());
  for (const [color, rect] of [['lime', { x: 5, y: 5, width: 10, height: 10 }], ['white', { x: 10, y: 8, width: 20, height: 4 }]]) {
    assert.deepEqual(await frame.evaluate(([c, r]) => apply(40, 30, c, r), [color, rect]), { ok: { reply: 'done' } });
  }
  const now = await pixels();
  const at = (p, x, y) => p.slice((y * 40 + x) * 4, (y * 40 + x) * 4 + 4);
  assert.deepEqual(at(now, 6, 6), [0, 255, 0, 255]);
  assert.deepEqual(at(now, 12, 9), [255, 255, 255, 255]);
  assert.deepEqual(at(now, 35, 25), at(was, 35, 25));
  await frame.evaluate(() => call({ call: 'revert' }));
  assert.deepEqual(await pixels(), was);
  await finish(page);
});

test('WebGL canvas and video are not replaced', async () => {
  const page = await open('<canvas id=x width=40 height=30 style="display:block"></canvas>');
  await page.$eval('#x', (c) => c.getContext('webgl'));
  await page.mouse.click(20, 15, { button: 'right' });
  const frame = await edit(page, clicked());
  assert.equal((await frame.evaluate(() => apply(40, 30, 'red'))).err.failure, 'not-replaceable');
  assert.deepEqual((await frame.evaluate(() => bytes({ call: 'read-direct' }))).err, { failure: 'unreadable', detail: 'blank' });
  await finish(page);
});

test('the page writes the same picture again: ours stays, revert knows the latest', async () => {
  const page = await open('<img id=x src="/100x50" data-src="/200x100">');
  const frame = await edit(page, clicked(`${home}/100x50`));
  await frame.evaluate(() => apply(100, 50, 'red'));
  await page.$eval('#x', (x) => { x.src = '/200x100'; });
  await eventually(async () => assert.match(await html(page, '#x'), /src="blob:/));
  await frame.evaluate(() => call({ call: 'revert' }));
  assert.equal(await html(page, '#x'), '<img id="x" src="/200x100" data-src="/200x100">');
  await finish(page);
});

test('the page moves on to another picture: we let go, also after closing', async () => {
  const page = await open('<img id=x srcset="/200x100 2x"><div id=b style="width:90px;height:90px;background-image:url(/70x70)"></div>');
  let frame = await edit(page, clicked(`${home}/200x100`));
  await frame.evaluate(() => apply(200, 100, 'red'));
  await close(page, frame);
  await page.$eval('#x', (x) => { x.srcset = '/120x60 2x'; x.src = '/60x30'; });
  await drawn(page);
  assert.equal(await html(page, '#x'), '<img id="x" srcset="/120x60 2x" src="/60x30">');
  frame = await edit(page, clicked(`${home}/70x70`));
  await frame.evaluate(() => apply(70, 70, 'red'));
  await page.$eval('#b', (b) => { b.style.width = '95px'; });
  await drawn(page);
  assert.match(await html(page, '#b'), /blob:.*width: 95px|width: 95px.*blob:/);
  await page.$eval('#b', (b) => b.setAttribute('style', 'width:90px;height:90px;background-image:url(/71x71)'));
  await drawn(page);
  assert.doesNotMatch(await html(page, '#b'), /blob:/);
  await finish(page);
});

test('an element that the page renders anew is taken over', async () => {
  const page = await open('<p id=p><img src="/100x50"></p>');
  const frame = await edit(page, clicked(`${home}/100x50`));
  await frame.evaluate(() => apply(100, 50, 'red'));
  await page.evaluate(() => { p.innerHTML = '<img src="/100x50" class="again">'; });
  await eventually(async () => assert.match(await html(page, '#p'), /src="blob:[^"]*" class="again"/));
  assert.deepEqual((await frame.evaluate(() => events)).filter((e) => e.event === 'gone'), []);
  await frame.evaluate(() => call({ call: 'revert' }));
  assert.equal(await html(page, '#p'), '<p id="p"><img src="/100x50" class="again"></p>');
  assert.deepEqual(await frame.evaluate(() => apply(100, 50, 'lime')), { ok: { reply: 'done' } });
  await frame.evaluate(() => call({ call: 'revert' }));
  assert.equal(await html(page, '#p'), '<p id="p"><img src="/100x50" class="again"></p>');
  await finish(page);
});

test('a later session reverts to the very first original', async () => {
  const page = await open('<img id=x src="/100x50">');
  let frame = await edit(page, clicked(`${home}/100x50`));
  assert.equal(frame.hello.picture.edited, false);
  await frame.evaluate(() => apply(100, 50, 'red'));
  await close(page, frame);
  await page.mouse.click(50, 25, { button: 'right' });
  frame = await edit(page, clicked());
  assert.match(frame.hello.picture.url, /^blob:/);
  assert.equal(frame.hello.picture.edited, true);
  assert.equal((await frame.evaluate(() => bytes({ call: 'read-direct' }))).width, 100);
  await frame.evaluate(() => call({ call: 'revert' }));
  assert.equal(await html(page, '#x'), '<img id="x" src="/100x50">');
  assert.equal(await frame.evaluate(async () => (await call({ call: 'hello' })).body.ok.picture.edited), false);
  await finish(page);
});

test('opening and closing moves nothing: focus, selection and scroll stay, also what the user scrolled meanwhile', async () => {
  const page = await open('<input id=f value=hello><p id=t>some text</p><img src="/100x50"><div id=host></div><div style="height:3000px">');
  await page.evaluate(() => { f.focus(); f.setSelectionRange(1, 3); scrollTo(0, 30); });
  let frame = await edit(page, clicked(`${home}/100x50`));
  await page.waitForFunction(() => document.activeElement !== f);
  await frame.evaluate(() => document.querySelector('#field').focus());
  assert.equal(await page.evaluate(() => scrollY), 30, 'opening scrolls nothing');
  await page.evaluate(() => scrollTo(0, 200));
  await close(page, frame);
  assert.deepEqual(await page.evaluate(() => [document.activeElement.id, f.selectionStart, f.selectionEnd, scrollY]), ['f', 1, 3, 200]);
  assert.equal(await page.evaluate(() => document.documentElement.children.length), 2, 'nothing of ours is left');

  await page.evaluate(() => { f.blur(); getSelection().setBaseAndExtent(t.firstChild, 2, t.firstChild, 6); });
  frame = await edit(page, clicked(`${home}/100x50`));
  await frame.evaluate(() => document.querySelector('#field').focus());
  await close(page, frame);
  assert.deepEqual(await page.evaluate(() => [String(getSelection()), document.activeElement.tagName, scrollY]), ['me t', 'BODY', 200]);

  await page.evaluate(() => {
    host.attachShadow({ mode: 'open' }).innerHTML = '<textarea>words</textarea>';
    const area = host.shadowRoot.firstChild;
    area.focus();
    area.setSelectionRange(2, 4);
    scrollTo(0, 0);
  });
  frame = await edit(page, clicked(`${home}/100x50`));
  await close(page, frame);
  assert.deepEqual(await page.evaluate(() => {
    const at = host.shadowRoot.activeElement;
    return [at?.localName, at?.selectionStart, at?.selectionEnd, scrollY];
  }), ['textarea', 2, 4, 0]);
  await finish(page);
});

test('the page shows through on a dark page, too', async () => {
  const page = await open('<meta name=color-scheme content=dark><style>html{background:red}</style><img src="/100x50">');
  const frame = await edit(page, clicked(`${home}/100x50`));
  await frame.evaluate(() => call({ call: 'hide', hidden: false }));
  const shot = (await page.screenshot({ clip: { x: 600, y: 400, width: 1, height: 1 } })).toString('base64');
  assert.deepEqual(await page.evaluate(async (shot) => {
    const context = new OffscreenCanvas(1, 1).getContext('2d');
    context.drawImage(await createImageBitmap(await (await fetch(`data:image/png;base64,${shot}`)).blob()), 0, 0);
    return [...context.getImageData(0, 0, 1, 1).data];
  }, shot), [255, 0, 0, 255]);
  await finish(page);
});

test('a page that removes our host gets a tab instead, and the session goes on there', async () => {
  const page = await open('<img id=x src="/100x50">');
  await edit(page, clicked(`${home}/100x50`));
  await page.evaluate(() => document.documentElement.lastElementChild.remove());
  const asked = [{ v: 1, id: 1, body: { call: 'open-in-tab', token: 'tok', editor: false }, blobs: [] }];
  await eventually(async () => assert.deepEqual(await page.evaluate(() => stub.sent), asked));
  const answers = await page.evaluate(async () => {
    const make = (name, id) => {
      const port = { name, sender: { id }, got: [], out: [], left: [], postMessage: (m) => port.got.push(m),
        onMessage: { addListener: (f) => port.out.push(f) }, onDisconnect: { addListener: (f) => port.left.push(f) } };
      for (const f of stub.listeners.connect) f(port);
      return port;
    };
    const wrong = [make('page:tok', 'other'), make('page:nope', 'rubout-id')].map((p) => p.out.length);
    const port = make('page:tok', 'rubout-id');
    for (const f of port.out) f({ v: 1, id: 1, body: { call: 'hello' }, blobs: [] });
    await new Promise((done) => setTimeout(done, 100));
    port.left.forEach((f) => f());
    return { wrong, got: port.got };
  });
  assert.deepEqual(answers.wrong, [0, 0]);
  assert.equal(answers.got[0].body.ok.picture.kind, 'image');
  await finish(page);
});

test('a frame that never says hello gets a tab instead', async () => {
  const page = await open('<img src="/100x50">', { overlay: '/overlay.html?silent' });
  await start(page, clicked(`${home}/100x50`));
  await page.waitForFunction(() => stub.sent.length === 1, null, { timeout: 60_000 });
  assert.equal(await page.evaluate(() => document.documentElement.children.length), 2);
  await finish(page);
});

/** What is said in the page, from the closed shadow root; empty where nothing is. */
const farewell = (page) => page.evaluate(() => stub.roots.findLast((root) => root.host.isConnected)?.querySelector('[role=alert]')?.firstChild?.data ?? '');

/** Lets the test read the shadow roots of what is shown from now on. */
const watchRoots = (page) => page.evaluate(() => {
  stub.roots = [];
  const { attachShadow } = Element.prototype;
  Element.prototype.attachShadow = function (options) {
    const root = attachShadow.call(this, options);
    stub.roots.push(root);
    return root;
  };
});

/** An edit of a page whose shadow roots the test can read. */
async function editSeen(page) {
  await watchRoots(page);
  return edit(page, clicked(`${home}/80x60`));
}

test('a frame that gives no sign of life any more: the page is free within three seconds, and says so until that is closed', async () => {
  const page = await open('<img src="/80x60"><button id=own>own</button>');
  const frame = await editSeen(page);
  await page.evaluate(() => { for (let id = 0; id < 10_000; id++) { clearTimeout(id); clearInterval(id); } });
  const from = Date.now();
  await frame.evaluate(() => void (window.dead = true));
  await eventually(async () => assert.equal(await farewell(page), 'leftPage'));
  assert.ok(Date.now() - from < 3000, `free after ${Date.now() - from} ms`);
  await eventually(() => assert.ok(frame.isDetached(), 'the overlay has left'));
  await page.locator('#own').click();
  const { x, y, width, height } = await page.evaluate(() => stub.roots.at(-1).querySelector('button').getBoundingClientRect().toJSON());
  await page.mouse.click(x + width / 2, y + height / 2);
  assert.equal(await page.evaluate(() => document.documentElement.children.length), 2, 'nothing of ours is left');
  // The next edit begins as the first.
  await close(page, await edit(page, clicked(`${home}/80x60`)));
  await finish(page);
});

test('the extension is reloaded or switched off under an edit: the page is free within three seconds, and says so', async () => {
  const page = await open('<img src="/80x60">');
  const frame = await editSeen(page);
  const from = Date.now();
  await page.evaluate(() => void delete stub.chrome.runtime.id);
  await eventually(async () => assert.equal(await farewell(page), 'leftPage'));
  assert.ok(Date.now() - from < 3000, `free after ${Date.now() - from} ms`);
  await eventually(() => assert.ok(frame.isDetached(), 'the overlay has left'));
  await finish(page);
});

test('what was erased can be saved after the overlay is lost, and only where there is something', async () => {
  for (const [entrusted, expected] of [[true, ['Save']], [false, []]]) {
    const page = await open('<img src="/80x60">');
    const frame = await editSeen(page);
    if (entrusted) {
      assert.deepEqual(await frame.evaluate(async () => {
        const rects = [{ x: 10, y: 20, width: 30, height: 15 }];
        return (await call({ call: 'entrust', rects, width: 80, height: 60 }, [solid(30, 15, 'lime')])).body;
      }), { ok: { reply: 'done' } });
    }
    await page.evaluate(() => void delete stub.chrome.runtime.id);
    await eventually(async () => assert.equal(await farewell(page), 'leftPage'));
    const buttons = await page.evaluate(() => [...stub.roots.at(-1).querySelectorAll('button')].slice(1).map((button) => ({ name: button.textContent, ...button.getBoundingClientRect().toJSON() })));
    assert.deepEqual(buttons.map(({ name }) => name), expected.map((name) => name.toLowerCase()));
    if (entrusted) {
      const [{ x, y, width, height }] = buttons;
      const [download] = await Promise.all([page.waitForEvent('download'), page.mouse.click(x + width / 2, y + height / 2)]);
      assert.equal(download.suggestedFilename(), '80x60-edited.png');
      const file = (await readFile(await download.path())).toString('base64');
      const at = (px, py) => page.evaluate(async ([file, px, py]) => {
        const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${file}`)).blob());
        const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
        context.drawImage(image, 0, 0);
        return [image.width, image.height, ...context.getImageData(px, py, 1, 1).data];
      }, [file, px, py]);
      assert.deepEqual(await at(12, 22), [80, 60, 0, 255, 0, 255], 'the result');
      assert.deepEqual(await at(41, 22), [80, 60, 90, 90, 90, 255], 'the picture beside it');
    }
    await finish(page);
  }
});

test('a page that blocks its own thread is no dead frame', async () => {
  const page = await open('<img src="/80x60">');
  const frame = await editSeen(page);
  for (let round = 0; round < 2; round++) {
    await page.evaluate(() => { for (const end = Date.now() + 3000; Date.now() < end;); });
    await drawn(page);
  }
  assert.equal(await farewell(page), '');
  await close(page, frame);
  await finish(page);
});

test('Escape leaves a frame that has not said hello, and one that is too busy to hear it', async () => {
  const page = await open('<img src="/80x60">', { overlay: '/overlay.html?mute' });
  await start(page, clicked(`${home}/80x60`));
  await eventually(() => assert.equal(page.frames().length, 2));
  await page.keyboard.press('Escape');
  await eventually(() => assert.equal(page.frames().length, 1, 'before hello'));
  await finish(page);

  const other = await open('<img src="/80x60">');
  const frame = await editSeen(other);
  const hostFocused = () => other.evaluate(() => stub.roots.at(-1).activeElement?.localName);
  await eventually(async () => assert.equal(await hostFocused(), 'iframe'));
  await frame.evaluate(() => void (window.busy = 2500));
  await eventually(async () => assert.equal(await hostFocused(), 'dialog'));
  await frame.evaluate(() => void (window.busy = 0));
  await eventually(async () => assert.equal(await hostFocused(), 'iframe', 'the focus comes back'));
  await frame.evaluate(() => void (window.busy = 2500));
  await eventually(async () => assert.equal(await hostFocused(), 'dialog'));
  await other.keyboard.press('Escape');
  await eventually(() => assert.ok(frame.isDetached(), 'the overlay has left'));
  assert.equal(await farewell(other), '', 'it was asked to leave');
  await finish(other);
});

test('fullscreen and dialogs of the page stay under us, and stay', async () => {
  const page = await open('<div id=full><img src="/100x50"><dialog id=d>page</dialog><button id=go>go</button></div>');
  await page.evaluate(() => { go.onclick = () => full.requestFullscreen(); });
  await page.click('#go');
  await page.waitForFunction(() => document.fullscreenElement);
  await page.evaluate(() => d.showModal());
  const frame = await edit(page, clicked(`${home}/100x50`));
  const onTop = () => page.evaluate(() => document.elementFromPoint(500, 300).parentNode === document.documentElement && document.elementFromPoint(500, 300) !== document.body);
  assert.ok(await onTop());
  await page.evaluate(() => { d.close(); d.showModal(); });
  await eventually(async () => assert.ok(await onTop(), 'also above one that opens later'));
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  assert.ok(await onTop(), 'Escape is the overlay\'s');
  assert.equal(await frame.evaluate(() => events.filter((e) => e.event === 'gone').length), 0);
  await close(page, frame);
  assert.deepEqual(await page.evaluate(() => [document.fullscreenElement?.id, d.open]), ['full', true]);
  await finish(page);
});

/** A popover of the page in a closed shadow root of its own, from which no event reaches anybody else. */
const POPOVER = `(style = '') => {
  const shadow = document.body.appendChild(document.createElement('div')).attachShadow({ mode: 'closed' });
  shadow.innerHTML = '<div popover=manual style="width:100vw;height:100vh;background:red;' + style + '">page</div>';
  shadow.firstChild.showPopover();
  return shadow.firstChild;
}`;

const STAYS = {
  'styles on its host': () => { overlayHost.style.cssText = 'opacity:.01!important;filter:blur(9px)!important;display:none!important'; },
  'attributes on its host': () => { overlayHost.inert = overlayHost.hidden = true; overlayHost.popover = 'manual'; overlayHost.showPopover(); },
  'its host moved into something invisible': () => {
    document.body.append(Object.assign(document.createElement('div'), { id: 'away', style: 'opacity:.01;filter:blur(9px)' }));
    away.moveBefore(overlayHost, null);
  },
  'a popover in a closed shadow root': () => void popover(),
  'a popover that lets clicks through': () => void popover('pointer-events:none'),
  'a small popover that lets clicks through': () => void popover('pointer-events:none;width:20px;height:20px;margin:0;inset:60px auto auto 60px'),
  'events that the page stops, timers that it cancels': () => {
    for (const type of ['toggle', 'fullscreenchange', 'focusin']) addEventListener(type, (event) => event.stopImmediatePropagation(), true);
    for (let i = 0; i < 9999; i++) { clearTimeout(i); cancelAnimationFrame(i); }
    popover();
  },
  'a modal dialog with a field': () => {
    document.body.append(document.createElement('dialog'));
    const dialog = document.querySelector('dialog');
    dialog.innerHTML = '<input>';
    dialog.showModal();
  },
  'a view transition that never ends': () => {
    document.head.append(document.createElement('style'));
    document.querySelector('style').textContent = '::view-transition{pointer-events:none;background:red}' +
      '::view-transition-group(*),::view-transition-old(*),::view-transition-new(*){animation-duration:9999s!important}';
    document.startViewTransition(() => document.body.append('changed')).ready.catch(() => 'skipped');
  },
  'a zoomed root': () => { document.documentElement.style.zoom = '.1'; },
  'effects on the root': () => { document.documentElement.style.cssText = 'opacity:.01;filter:blur(9px);transform:scale(.01);clip-path:inset(50%);visibility:hidden;contain:strict'; },
  'an inert root': () => { document.documentElement.inert = true; },
  'a focus that is taken once': () => document.activeElement.blur(),
};

const MOVES = {
  'styles on its host, for ever': () => { setInterval(() => { overlayHost.style.cssText = 'opacity:.01!important'; }, 10); },
  'its host put elsewhere, so that the frame loads anew': () => {
    document.body.append(Object.assign(document.createElement('div'), { id: 'away', style: 'opacity:.01' }));
    away.append(overlayHost);
  },
  'its host put into another document': () => {
    document.body.append(document.createElement('iframe'));
    document.querySelector('iframe').contentDocument.body.append(overlayHost);
  },
  'a popover that comes again and again': () => {
    const one = popover();
    setInterval(() => { one.hidePopover(); one.showPopover(); }, 5);
  },
  'a root that is not displayed': () => { document.documentElement.style.display = 'none'; },
  'a root whose content is not displayed': () => { document.documentElement.style.contentVisibility = 'hidden'; },
  'a focus that is taken every 20 ms': () => { setInterval(() => document.activeElement?.blur?.(), 20); },
  'a document that is written anew': () => { document.open(); document.write('<p>new'); document.close(); },
};

async function attacked(attack) {
  const page = await open('<img src="/100x50">');
  const frame = await edit(page, clicked(`${home}/100x50`));
  await frame.evaluate(() => {
    window.keys = 0;
    addEventListener('keydown', () => keys++);
    // A new observer each time: one that is there may not hear of a change in the page around the frame.
    window.seen = () => new Promise((done) => {
      const observer = new IntersectionObserver(([entry]) => {
        observer.disconnect();
        done(entry.isVisible);
      }, { trackVisibility: true, delay: 100 });
      observer.observe(document.documentElement);
    });
  });
  await page.evaluate((popover) => {
    window.popover = (0, eval)(popover);
    window.overlayHost = document.documentElement.lastElementChild;
  }, POPOVER);
  await page.evaluate(attack);
  return { page, frame };
}

for (const [name, attack] of Object.entries(STAYS)) {
  test(`on top in spite of ${name}`, async () => {
    const { page, frame } = await attacked(attack);
    await eventually(async () => {
      await page.keyboard.press('b');
      assert.deepEqual(await frame.evaluate(async () => [keys > 0, await seen(), innerWidth]), [true, true, 1000]);
    });
    assert.deepEqual(await sent(page), []);
    await finish(page);
  });
}

test('where the browser does not tell what covers the frame, all of it is looked at: a cover as small as a button is found', async () => {
  const page = await open('<img src="/100x50">');
  await page.evaluate(() => { delete IntersectionObserverEntry.prototype.isVisible; });
  const frame = await edit(page, clicked(`${home}/100x50`));
  await eventually(async () => assert.equal(await frame.evaluate(() => events.findLast(({ event }) => event === 'on-top')?.onTop), true));
  for (const [x, y] of [[190, 130], [611, 402]]) {
    await page.evaluate(([x, y]) => {
      const shadow = document.body.appendChild(document.createElement('div')).attachShadow({ mode: 'closed' });
      shadow.innerHTML = `<div popover=manual style="inset:auto;left:${x}px;top:${y}px;width:36px;height:36px;margin:0;padding:0;border:0">page</div>`;
      shadow.firstChild.showPopover();
    }, [x, y]);
    const covered = () => page.evaluate(([x, y]) => document.elementFromPoint(x + 18, y + 18) !== document.documentElement.lastElementChild, [x, y]);
    const from = Date.now();
    await eventually(async () => assert.equal(await covered(), false, 'on top again'));
    assert.ok(Date.now() - from < 5000, `${Date.now() - from} ms`);
  }
  await finish(page);
});

test('asked while the page covers it and keeps busy, it was not on top; after a while it is again', async () => {
  const page = await open('<img src="/100x50">');
  const frame = await edit(page, clicked(`${home}/100x50`));
  const isOnTop = () => frame.evaluate(async () => (await call({ call: 'is-on-top' })).body.ok.onTop);
  const told = () => frame.evaluate(() => events.findLast(({ event }) => event === 'on-top')?.onTop);
  await eventually(async () => assert.equal(await isOnTop(), true));
  await page.evaluate(() => {
    const cover = document.body.appendChild(document.createElement('div'));
    cover.popover = 'manual';
    cover.style.cssText = 'inset:0;width:100%;height:100%';
    cover.showPopover();
    for (const end = performance.now() + 700; performance.now() < end;);
  });
  assert.equal(await isOnTop(), false, 'whatever has been done against it since');
  await eventually(async () => assert.deepEqual([await told(), await isOnTop()], [true, true]));
  await finish(page);
});

for (const [name, attack] of Object.entries(MOVES)) {
  test(`in a tab because of ${name}`, async () => {
    const { page, frame } = await attacked(attack);
    await eventually(async () => assert.deepEqual(await sent(page), [{ call: 'open-in-tab', token: 'tok', editor: false }]));
    await eventually(() => assert.ok(frame.isDetached()));
    await page.close();
  });
}

/** The names of all properties that the browser gives forms and documents. */
const propertyNames = (page) =>
  page.evaluate(() => {
    const names = new Set();
    for (const { prototype } of [HTMLFormElement, HTMLDocument, Window]) {
      for (let at = prototype; at; at = Object.getPrototypeOf(at)) for (const name of Object.getOwnPropertyNames(at)) names.add(name);
    }
    return [...names];
  });

/** The subject as the overlay gets to know it, and where it is, after everything that was due has happened. */
const described = (frame) => frame.evaluate(async () => [(await call({ call: 'hello' })).body, (await call({ call: 'hide', hidden: false })).body]);

for (const [name, url, size] of [['a picture in a form', '/100x50', [100, 50]], ['the background of a form', '/70x70', [70, 70]]]) {
  test(`clobbering: ${name}, whose controls are named like properties of forms`, async () => {
    // The controls stand in the form: a script that takes one of them for the form's parent walks in a circle.
    const page = await open(`<form id=f style="width:300px;height:200px;padding:9px;rotate:3deg;background:url(/70x70)">
      <img id=i src="/100x50" alt=A title=T><p id=names hidden></p></form>`);
    const names = await propertyNames(page);
    const frame = await edit(page, clicked(home + url));
    const plain = await described(frame);
    assert.equal(plain[0].ok?.picture.url, home + url);
    for (const name of names) {
      await page.evaluate((name) => window.names.replaceChildren(Object.assign(document.createElement('input'), { name })), name);
      assert.deepEqual((await frame.evaluate(() => call({ call: 'hello' }))).body, plain[0], name);
    }
    await page.evaluate((all) => window.names.append(...all.map((name) => Object.assign(document.createElement('input'), { name }))), names);
    assert.equal(await page.evaluate(() => f.getAttribute instanceof HTMLInputElement && f.parentElement instanceof HTMLInputElement), true);
    assert.deepEqual(await described(frame), plain, 'all of them at once');
    const was = await html(page, '#f');
    for (const color of ['red', 'lime']) assert.deepEqual(await frame.evaluate(([w, h, c]) => apply(w, h, c), [...size, color]), { ok: { reply: 'done' } });
    assert.match(await html(page, '#f'), /blob:/);
    assert.equal((await frame.evaluate(() => bytes({ call: 'read-direct' }))).width, size[0]);
    assert.deepEqual(await frame.evaluate(async () => (await call({ call: 'revert' })).body), { ok: { reply: 'done' } });
    assert.equal(await html(page, '#f'), was);
    await close(page, frame);
    const spot = name.startsWith('the') ? [280, 180] : [50, 30];
    await page.mouse.click(...spot, { button: 'right' });
    assert.equal((await edit(page, clicked())).hello.picture.url, home + url, 'found by the click');
    await finish(page);
  });
}

test('clobbering: pictures named like properties of the document and of the window', async () => {
  const page = await open('<img id=i src="/100x50" alt=A><p id=names></p>');
  const names = await propertyNames(page);
  const frame = await edit(page, clicked(`${home}/100x50`));
  const plain = await described(frame);
  await page.evaluate(() => { window.named = window.names.appendChild(new Image()); });
  for (const name of names) {
    await page.evaluate((name) => { named.name = named.id = name; }, name);
    assert.deepEqual((await frame.evaluate(() => call({ call: 'hello' }))).body, plain[0], name);
  }
  await page.evaluate((all) => window.names.append(...all.map((name) => Object.assign(new Image(), { name, id: name }))), [...names, 'rubout']);
  assert.equal(await page.evaluate(() => document.documentElement instanceof HTMLImageElement && window.rubout instanceof HTMLImageElement), true);
  assert.deepEqual(await described(frame), plain, 'all of them at once');
  assert.deepEqual(await frame.evaluate(() => apply(100, 50, 'red')), { ok: { reply: 'done' } });
  assert.deepEqual(await frame.evaluate(async () => (await call({ call: 'revert' })).body), { ok: { reply: 'done' } });
  await close(page, frame);
  await inject(page);
  assert.equal(await page.evaluate(() => stub.listeners.message.length), 1, 'it still finds itself');
  await start(page, { target: 'pick' });
  for (const key of ['Tab', 'Enter']) await page.keyboard.press(key);
  assert.equal((await overlayOf(page)).hello.picture.url, `${home}/100x50`, 'picked');
  await finish(page);
});

test('pick: hover and click, and nothing of it reaches the page', async () => {
  const page = await open('<img id=a src="/100x50" style="position:absolute;left:20px;top:20px"><img src="/8x8" style="position:absolute;left:300px;top:0">');
  await page.evaluate(() => { window.clicks = 0; addEventListener('click', () => clicks++); });
  await start(page, { target: 'pick' });
  await page.mouse.click(304, 4);
  await drawn(page);
  assert.equal(page.frames().length, 1, 'too small to pick');
  await page.mouse.move(60, 40);
  await page.mouse.click(60, 40);
  const frame = await overlayOf(page);
  assert.equal(frame.hello.picture.url, `${home}/100x50`);
  assert.equal(await page.evaluate(() => clicks), 0);
  assert.deepEqual(await sent(page), [{ call: 'pick-ended' }], 'so that other frames stop, too');
  await finish(page);
});

test('pick: keys go through the pictures, Escape leaves', async () => {
  const page = await open('<img src="/100x50" style="display:block"><img src="/90x90" style="display:block"><img src="/70x70" style="display:block">');
  await start(page, { target: 'pick' });
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => document.documentElement.children.length), 2);
  assert.deepEqual(await sent(page), [{ call: 'pick-ended' }]);
  await start(page, { target: 'pick' });
  for (const key of ['Tab', 'ArrowDown', 'ArrowRight', 'Shift+Tab', 'Enter']) await page.keyboard.press(key);
  assert.equal((await overlayOf(page)).hello.picture.url, `${home}/90x90`);
  await finish(page);
});

test('pick: where there is nothing to pick, that is said, and a click anywhere goes on', async () => {
  const page = await open('<p>no picture</p>');
  const nodes = () => page.evaluate(() => document.documentElement.children.length);
  const hint = () => page.evaluate(() => stub.roots.at(-1).querySelector('p').textContent);
  await watchRoots(page);
  await start(page, { target: 'pick' });
  assert.equal(await hint(), 'pickNoneclose', 'with a button, for where a plug-in gets all clicks');
  await page.mouse.click(500, 400);
  assert.equal(await nodes(), 2);
  await page.evaluate(() => document.body.append(document.createElement('iframe')));
  await start(page, { target: 'pick' });
  assert.equal(await hint(), 'pickHint', 'there may be one in the frame');
  await page.mouse.click(500, 400);
  assert.equal(await nodes(), 3, 'still picking');
  await page.keyboard.press('Escape');
  await finish(page);
});

test('pick: in a PDF it is said what to do instead, and the button closes that although a plug-in hears all other clicks', async () => {
  const page = await open('<embed type="application/x-plug-in" style="position:fixed;inset:0;width:100%;height:100%">');
  await page.evaluate(() => Object.defineProperty(Document.prototype, 'contentType', { get: () => 'application/pdf' }));
  await watchRoots(page);
  await start(page, { target: 'pick' });
  assert.equal(await page.evaluate(() => stub.roots.at(-1).querySelector('p').textContent), 'pickPdfclose');
  const { x, y } = await page.evaluate(() => stub.roots.at(-1).querySelector('button').getBoundingClientRect());
  await page.mouse.click(x + 5, y + 5);
  assert.equal(await page.evaluate(() => document.documentElement.children.length), 2);
  assert.deepEqual(await sent(page), [{ call: 'pick-ended' }]);
  await finish(page);
});

test('pick: a frame of another origin is picked as a whole, to be asked for', async () => {
  const page = await open(`<iframe src="${away}/page.html" style="position:absolute;left:0;top:100px;width:300px;height:200px"></iframe>
    <img src="/100x50" style="position:absolute;left:20px;top:120px"><iframe src="/page.html" style="position:absolute;left:400px;top:100px"></iframe>`);
  await start(page, { target: 'pick' });
  await page.mouse.click(450, 150);
  await drawn(page);
  assert.equal(page.frames().filter((frame) => frame.url().includes('overlay')).length, 0, 'a frame of the page picks by itself');
  await page.mouse.move(200, 200);
  await page.mouse.click(200, 200);
  let frame = await overlayOf(page);
  assert.deepEqual(frame.hello, { reply: 'frame', origin: away, frameId: -1, srcUrl: null });
  await close(page, frame);
  await start(page, { target: 'pick' });
  await page.mouse.click(50, 140);
  frame = await overlayOf(page);
  assert.equal(frame.hello.picture.url, `${home}/100x50`, 'a picture above the frame');
  await finish(page);
});

test('pick: ends when it ended in another frame', async () => {
  const page = await open('<img src="/100x50" style="display:block">');
  const nodes = () => page.evaluate(() => document.documentElement.children.length);
  await start(page, { target: 'pick' });
  assert.equal(await nodes(), 3);
  assert.deepEqual(await start(page, { target: 'pick-end' }, ''), { v: 1, re: 5, body: { ok: null }, blobs: [] });
  assert.equal(await nodes(), 2);
  await page.mouse.click(50, 25);
  assert.deepEqual([page.frames().length, await sent(page)], [1, []], 'and says nothing of it again');
  const frame = await edit(page, clicked(`${home}/100x50`));
  await start(page, { target: 'pick-end' }, '');
  assert.equal(await frame.evaluate(() => token), 'tok', 'a session goes on');
  await finish(page);
});

test('pick: the extension is reloaded or switched off meanwhile: the page is free, and says so', async () => {
  const page = await open('<img src="/100x50" style="display:block"><button id=own style="position:absolute;left:400px;top:300px">own</button>');
  await watchRoots(page);
  await page.evaluate(() => { window.heard = []; for (const type of ['click', 'keydown']) addEventListener(type, ({ type }) => heard.push(type)); });
  // What the browser does then: the id is gone, and everything else throws.
  const reload = () => page.evaluate(() => {
    delete stub.chrome.runtime.id;
    const gone = () => { throw Error('Extension context invalidated.'); };
    Object.assign(stub.chrome.runtime, { sendMessage: gone });
    stub.chrome.dom.openOrClosedShadowRoot = stub.chrome.i18n.getMessage = gone;
  });
  await start(page, { target: 'pick' });
  await page.mouse.move(50, 25);
  await reload();
  await page.mouse.click(420, 310);
  await page.keyboard.press('Escape');
  assert.deepEqual(await page.evaluate(() => heard), ['click', 'keydown'], 'the first click and key are the page’s');
  assert.equal(await farewell(page), 'leftPage');
  assert.equal(await page.evaluate(() => stub.roots.filter(({ host }) => host.isConnected).length), 1, 'once');
  await finish(page);
  const idle = await open('<img src="/100x50">');
  await watchRoots(idle);
  await start(idle, { target: 'pick' });
  await idle.evaluate(() => void delete stub.chrome.runtime.id);
  await eventually(async () => assert.equal(await farewell(idle), 'leftPage', 'also where nobody does anything'));
  await finish(idle);
});

/** A page whose own pointer lock is on: a script can have it only after the user clicked. */
async function locked(again) {
  const page = await open('<img src="/100x50" style="display:block"><button id=go style="position:absolute;left:400px;top:300px">go</button>');
  await page.evaluate((again) => {
    window.moves = 0;
    document.addEventListener('mousemove', () => moves++, true);
    const lock = () => document.body.requestPointerLock().catch(() => 0);
    go.onclick = () => {
      lock();
      if (again) setInterval(() => document.pointerLockElement || lock(), 5);
    };
  }, again);
  await page.click('#go');
  await page.waitForFunction(() => document.pointerLockElement);
  return page;
}

test('a page that has locked the mouse gives it up under the overlay and under the pick', async () => {
  const page = await locked();
  const frame = await edit(page, clicked(`${home}/100x50`));
  await eventually(async () => assert.equal(await page.evaluate(() => document.pointerLockElement), null));
  let x = 300;
  // A move of the time of the lock may still be on its way.
  await eventually(async () => {
    await page.evaluate(() => { window.moves = 0; });
    await page.mouse.move(x += 1, 300);
    await drawn(page);
    assert.equal(await page.evaluate(() => moves), 0, 'what the mouse does is not the page’s');
  });
  assert.deepEqual(await sent(page), []);
  await close(page, frame);
  await finish(page);
  const picking = await locked();
  await start(picking, { target: 'pick' });
  await eventually(async () => assert.equal(await picking.evaluate(() => document.pointerLockElement), null));
  await picking.mouse.move(50, 25);
  await picking.mouse.click(50, 25);
  await overlayOf(picking);
  await finish(picking);
});

test('a page that locks the mouse again and again does not have it: the edit goes on in a tab', async () => {
  const page = await locked(true);
  await start(page, clicked(`${home}/100x50`));
  await eventually(async () => assert.deepEqual(await sent(page), [{ call: 'open-in-tab', token: 'tok', editor: false }]));
  await page.close();
});

test('an answer that cannot be sent is an error, so that nobody waits for it', async () => {
  const page = await open('<img src="/100x50">');
  const frame = await edit(page, clicked(`${home}/100x50`));
  await page.evaluate(() => {
    const { postMessage } = MessagePort.prototype;
    MessagePort.prototype.postMessage = function (message, ...more) {
      if (message?.body?.ok?.reply === 'picture') message = { ...message, more: () => 0 };
      return postMessage.call(this, message, ...more);
    };
  });
  const { body } = await frame.evaluate(() => call({ call: 'hello' }));
  assert.equal(body.err.failure, 'internal');
  assert.match(body.err.detail, /DataCloneError/);
  assert.deepEqual((await frame.evaluate(() => call({ call: 'hide', hidden: false }))).body.ok.reply, 'geometry', 'the next one is answered as ever');
  await finish(page);
});

test('events that no user made are ignored', async () => {
  const page = await open('<img id=a src="/100x50" style="position:absolute;left:20px;top:20px"><img src="/90x90" style="position:absolute;left:500px;top:20px">');
  await page.evaluate(() => a.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, composed: true, clientX: 50, clientY: 40 })));
  await start(page, clicked());
  assert.equal(page.frames().length, 1, 'a made-up right-click picks nothing: the user is asked');
  await page.evaluate(() => {
    for (const type of ['pointermove', 'click']) a.dispatchEvent(new PointerEvent(type, { bubbles: true, clientX: 50, clientY: 40 }));
    for (const key of ['Tab', 'Enter', 'Escape']) a.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, key }));
  });
  await drawn(page);
  assert.equal(page.frames().length, 1);
  assert.equal(await page.evaluate(() => document.documentElement.children.length), 3, 'still picking');
  await finish(page);
});

test('start: only from us, once, answered; other frames are named; unknown calls are refused', async () => {
  const page = await open('<img src="/100x50">');
  await inject(page);
  assert.equal(await page.evaluate(() => stub.listeners.message.length), 1, 'injected once');
  assert.equal(await start(page, clicked(`${home}/100x50`), 'tok', 'somebody'), undefined);
  assert.equal(page.frames().length, 1);
  const target = { target: 'frame', origin: 'https://example.org', frameId: 4, srcUrl: null };
  assert.deepEqual(await start(page, target), { v: 1, re: 5, body: { ok: null }, blobs: [] });
  const frame = await overlayOf(page);
  assert.deepEqual(frame.hello, { reply: 'frame', origin: 'https://example.org', frameId: 4, srcUrl: null });
  await start(page, clicked(`${home}/100x50`), 'second');
  assert.equal(page.frames().length, 2, 'one overlay');
  assert.equal(await frame.evaluate(() => token), 'tok');
  const failures = await frame.evaluate(async () => {
    raw(null); raw('x'); raw({ v: 1 });
    return [(await call({ call: 'dance' })).body, (await call({ call: 'read-direct' })).body, (await call({ call: 'hello' }, [], 2)).body];
  });
  assert.deepEqual(failures.map((f) => f.err.failure), ['internal', 'internal', 'internal']);
  await finish(page);
});
