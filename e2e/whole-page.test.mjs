// "Capture whole page": from window to window, put together without seams. What sticks or is fixed is there once, what loads late is loaded, and the page is
// afterwards as it was. The reference is what the browser itself makes of the same page when nothing in it sticks.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { PNG } from 'pngjs';
import { after, before, browser, compareOutside, editorOverlay, longTest, openPopup, sleep, test, until, useBrowser, xdotool } from './harness.mjs';

useBrowser();

const PICTURE = readFileSync(new URL('./pages/pictures/test/sand.jpg', import.meta.url));

/** A long page: bands with fine lines and words, a header that sticks, a bar that is fixed below, pictures that are loaded late. */
const page = (query) => {
  const flat = query.has('flat');
  const bands = Array.from({ length: Number(query.get('bands') ?? 30) }, (_, i) => `<div style="height:97px;background:
    repeating-linear-gradient(hsl(${i * 37} 60% 80%) 0 3px, hsl(${i * 37} 60% 60%) 3px 7px);font:16px monospace">Band ${i} of many</div>
    ${i % 6 === 3 ? `<img ${flat ? '' : 'loading="lazy"'} src="/picture.jpg?${i}" width="320" height="240" style="display:block">` : ''}`);
  return `<!doctype html><meta charset="utf-8"><title>long</title><style>
    body { margin: 0; position: relative; padding-bottom: 40px } html { scroll-behavior: smooth }
    header { position: ${flat ? 'static' : 'sticky'}; top: 0; height: 60px; background: #024; color: #fff; font: 20px sans-serif }
    footer { position: ${flat ? 'absolute' : 'fixed'}; bottom: 0; left: 0; right: 0; height: 40px; background: #400; color: #fff; transition: opacity 1s }
    </style><header>Header</header>${bands.join('')}<footer>Footer</footer>`;
};

/** A page that has elements named like properties of the document and of elements, something that moves for ever, and a message that it hides itself. */
const ODD = `<!doctype html><meta charset="utf-8"><title>odd</title><style>
  body { margin: 0; height: 2600px; background: linear-gradient(#fff, #999) }
  @keyframes turn { to { rotate: 1turn } } #spinner { width: 40px; height: 40px; background: green; animation: turn 1s linear infinite }
  form, #toast { position: fixed; left: 50px } form { top: 10px } #toast { top: 200px; width: 300px; height: 80px; background: red }</style>
  <img name="adoptedStyleSheets"><img name="getAnimations"><div id="spinner"></div>
  <form><input name="style"><input name="getAttribute"></form><div id="toast" style="opacity: 0">message</div>`;

/** Pages that are not scrolled as others are: by their body, in both directions, without end, inside. */
const SCROLLING = {
  '/body': `<!doctype html><title>body</title><style>html, body { height: 100%; margin: 0; overflow: auto } html { overflow: hidden }
    div { height: 3000px; background: linear-gradient(red, blue) }</style><div></div>`,
  '/wide': '<!doctype html><title>wide</title><body style="margin:0"><div style="width:3000px;height:1500px;background:linear-gradient(to right,red,blue)"></div>',
  '/endless': `<!doctype html><title>endless</title><body style="margin:0"><script>
    const more = () => { for (let i = 0; i < 4; i += 1) document.body.append(Object.assign(document.createElement('div'), { style: 'height:400px;border:1px solid' })); };
    more();
    addEventListener('scroll', () => { if (scrollY + innerHeight * 2 > document.body.scrollHeight && document.body.scrollHeight < 30000) setTimeout(more, 700); });
    setInterval(() => document.body.scrollHeight < 30000 && more(), 2500);</script>`,
  '/inner': '<!doctype html><title>inner</title><div style="height:90vh;overflow:auto"><div style="height:4000px;background:linear-gradient(red,blue)"></div></div>',
};

let site;
before(async () => {
  const server = http.createServer(async (request, response) => {
    const url = new URL(request.url, 'http://site');
    if (url.pathname === '/picture.jpg') {
      await sleep(150);
      response.setHeader('content-type', 'image/jpeg');
      return response.end(PICTURE);
    }
    response.setHeader('content-type', 'text/html');
    if (url.pathname === '/odd') return response.end(ODD);
    response.end(SCROLLING[url.pathname] ?? page(url.searchParams));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  site = { home: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
});
after(() => site?.close());

/** Chooses "Capture whole page", the fifth entry of the popup. */
async function capture(tab) {
  await openPopup(tab);
  xdotool('key', 'Down', 'Down', 'Down', 'Down', 'sleep', 0.2, 'key', 'Return');
  return until(() => browser.context.pages().find((other) => other.url().includes('editor.html')), { what: 'the editor' });
}

/** The page as the browser draws it at once, at the resolution of the screen. */
async function reference(path) {
  const tab = await browser.page(`${site.home}/${path}`);
  await tab.evaluate(async (zoom) => { await Promise.all([...document.images].map((image) => image.decode())); }, 0);
  const client = await tab.context().newCDPSession(tab);
  const { data } = await client.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true });
  await tab.close();
  return PNG.sync.read(Buffer.from(data, 'base64'));
}

/** Rows of `shown` in which a pixel differs by more than `tolerance` from `wanted`, up to the width that both have. */
function differentRows(shown, wanted, tolerance) {
  const width = Math.min(shown.width, wanted.width);
  const rows = [];
  for (let y = 0; y < Math.min(shown.height, wanted.height); y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [a, b] = [(y * shown.width + x) * 4, (y * wanted.width + x) * 4];
      if ([0, 1, 2].some((i) => Math.abs(shown.data[a + i] - wanted.data[b + i]) > tolerance)) {
        rows.push(y);
        break;
      }
    }
  }
  return rows;
}

test('a long page: every pixel is that of the reference', async () => {
  const wanted = await reference('?flat');
  const tab = await browser.page(`${site.home}/`);
  await tab.evaluate(() => scrollTo({ top: 321, behavior: 'instant' }));
  const styles = await tab.evaluate(() => document.documentElement.outerHTML);
  const editor = await capture(tab);
  const overlay = await editorOverlay(editor, { timeout: 120_000 });
  const shown = await overlay.shown();
  const size = await tab.evaluate(() => [document.documentElement.clientWidth, document.documentElement.scrollHeight]);
  assert.deepEqual([shown.width, shown.height], size);
  assert.deepEqual(differentRows(shown, wanted, 2), []);
  assert.equal(await tab.evaluate(() => scrollY), 321, 'where the user was');
  assert.equal(await tab.evaluate(() => document.documentElement.outerHTML), styles, 'and nothing is left in it');
  assert.equal(await browser.worker().evaluate(async () => chrome.action.getBadgeText({ tabId: (await chrome.tabs.query({ url: '*://127.0.0.1/*' }))[0].id })), '');
  assert.equal(await editor.title(), 'long.png – Rubout editor');
  // And something is erased from it, and saved: all else in the file is that of the reference.
  const hole = { x: 20, y: 64, width: 150, height: 24 };
  await overlay.eraseRect(hole);
  const { name, bytes } = await overlay.save();
  assert.equal(name, 'long-edited.png');
  const saved = PNG.sync.read(bytes);
  compareOutside(shown, saved, hole);
  assert.deepEqual(differentRows(saved, wanted, 2).filter((row) => row < hole.y - 8 || row > hole.y + hole.height + 8), []);
});

/** Zooms the tab that shows. */
const zoom = (factor) => browser.worker().evaluate(async (factor) => {
  const [{ id }] = await chrome.tabs.query({ active: true, lastFocusedWindow: true });
  await chrome.tabs.setZoom(id, factor);
}, factor);

/** Rows around a seam in which something differs from the reference. */
const SEAM = 2;

for (const factor of [1.1, 1.25, 1.5]) {
  test(`with ${factor} device pixels for each of the page, too: there is nothing to see at the seams`, async () => {
    const tab = await browser.page(`${site.home}/`);
    await zoom(factor);
    await until(() => tab.evaluate((factor) => Math.abs(devicePixelRatio - factor) < 0.01, factor), { what: 'the zoom' });
    const wanted = await reference('?flat');
    const editor = await capture(tab);
    const overlay = await editorOverlay(editor, { timeout: 120_000 });
    const shown = await overlay.shown();
    const [height, view] = await tab.evaluate(() => [document.documentElement.scrollHeight, Math.min(innerHeight, document.documentElement.clientHeight)]);
    assert.ok(Math.abs(shown.height - height * factor) <= 2, `${shown.height} rows of ${height * factor}`);
    const different = differentRows(shown, wanted, 24);
    assert.ok(different.length < shown.height / 100, `rows ${different.slice(0, 40)}`);
    // A window is scrolled by whole device pixels: that many of the page's.
    const grid = Array.from({ length: 100 }, (_, number) => number + 1).find((number) => Math.abs(number * factor - Math.round(number * factor)) < 1e-3);
    const step = Math.floor(view / grid) * grid;
    const seams = Array.from({ length: Math.ceil(height / step) }, (_, number) => Math.round(Math.min(number * step, height - view) * factor)).slice(1);
    const visible = different.filter((row) => seams.some((seam) => Math.abs(row - seam) <= SEAM));
    assert.deepEqual(visible, [], `seams at ${seams}`);
    // The browser keeps the zoom of a site, and the editor is in front.
    await tab.bringToFront();
    await zoom(1);
    await until(() => tab.evaluate(() => devicePixelRatio === 1), { what: 'the end of the zoom' });
  });
}

test('Escape ends it: there is no picture, and the page is as it was', async () => {
  const tab = await browser.page(`${site.home}/?bands=200`);
  const editor = await capture(tab);
  // How far it is, is said where the user looks for it.
  await until(async () => /^\d+% – Rubout editor$/.test(await editor.title()), { what: 'how far it is' });
  assert.match(await editor.locator('#why').textContent(), /whole page is being captured: \d+%/);
  await tab.keyboard.press('Escape');
  await until(() => editor.isClosed(), { what: 'the end of the editor' });
  await until(() => tab.evaluate(() => scrollY === 0 && !document.querySelector('[style*="opacity"]')), { what: 'the page as it was' });
});

test('a page with odd names and things that move is captured, and goes on as before; what it hides stays hidden', async () => {
  const tab = await browser.page(`${site.home}/odd`);
  const editor = await capture(tab);
  const shown = await (await editorOverlay(editor, { timeout: 120_000 })).shown();
  assert.ok(shown.height >= 2600, `${shown.height} rows`);
  const at = (240 * shown.width + 100) * 4;
  const colour = shown.data.subarray(at, at + 3);
  assert.ok(colour[1] > 100, `the message does not show: ${colour.join()}`);
  const state = () => tab.evaluate(() => ({
    animation: document.querySelector('#spinner').getAnimations()[0].playState,
    toast: document.querySelector('#toast').getAttribute('style'),
    form: HTMLElement.prototype.getAttribute.call(document.querySelector('form'), 'style'),
  }));
  assert.deepEqual(await state(), { animation: 'running', toast: 'opacity: 0', form: null });
});

test('where it fails midway, the part that there is comes with a word on it', async () => {
  const tab = await browser.page(`${site.home}/?bands=200`);
  const editor = await capture(tab);
  await until(() => tab.evaluate(() => scrollY > 2000), { what: 'the middle' });
  await sleep(3000);
  await (await browser.page('about:blank')).bringToFront();
  const overlay = await editorOverlay(editor, { timeout: 120_000 });
  assert.match(await editor.locator('#alert-text').textContent(), /before the end/);
  const { height } = await overlay.shown();
  const whole = await tab.evaluate(() => document.documentElement.scrollHeight);
  assert.ok(height > 500 && height < whole, `${height} of ${whole}`);
});

test('of what scrolls inside the page, it says that only what shows is there', async () => {
  const tab = await browser.page(`${site.home}/inner`);
  const editor = await capture(tab);
  await editorOverlay(editor, { timeout: 120_000 });
  assert.match(await editor.locator('#alert-text').textContent(), /scroll/);
});

test('where the body scrolls and not the window, all of it is there', async () => {
  const tab = await browser.page(`${site.home}/body`);
  const editor = await capture(tab);
  const shown = await (await editorOverlay(editor, { timeout: 120_000 })).shown();
  assert.equal(shown.height, 3000);
  const red = (row) => shown.data[row * shown.width * 4];
  assert.ok(red(10) > 245 && Math.abs(red(1500) - 128) < 6 && red(2990) < 10, `${[red(10), red(1500), red(2990)]}`);
  assert.equal(await editor.locator('#alert').isVisible(), false, 'nothing is missing');
  assert.equal(await tab.evaluate(() => document.body.scrollTop), 0, 'where the user was');
});

test('of a page that is wider than the window, and of one that grows for ever, it says what is missing', async () => {
  for (const [path, words] of [['wide', /wider than the window/], ['endless', /goes on growing/]]) {
    const tab = await browser.page(`${site.home}/${path}`);
    const editor = await capture(tab);
    await editorOverlay(editor, { timeout: 120_000 });
    assert.match(await editor.locator('#alert-text').textContent(), words);
    await editor.close();
    await tab.close();
  }
});

test('a frame that has the keyboard does not keep Escape from the capture, and has it again afterwards', async () => {
  const tab = await browser.page(`${site.home}/?bands=200&frame`);
  await tab.evaluate(() => {
    const frame = Object.assign(document.createElement('iframe'), { srcdoc: '<input autofocus>' });
    document.body.prepend(frame);
    return new Promise((done) => { frame.onload = done; });
  });
  await tab.locator('iframe').click();
  await tab.frameLocator('iframe').locator('input').focus();
  const editor = await capture(tab);
  await until(async () => /^\d+%/.test(await editor.title()), { what: 'a capture' });
  xdotool('key', 'Escape');
  await until(() => editor.isClosed(), { what: 'the end of the editor' });
  assert.equal(await tab.evaluate(() => document.activeElement.localName), 'iframe');
});

longTest('of a page that is too long for one picture, it says how much is there', async () => {
  const tab = await browser.page(`${site.home}/?bands=1200&flat`);
  const editor = await capture(tab);
  const overlay = await editorOverlay(editor, { timeout: 300_000 });
  const [width, height] = (await overlay.frame.evaluate(() => document.documentElement.dataset.image)).split('x').map(Number);
  const whole = await tab.evaluate(() => document.documentElement.scrollHeight);
  assert.ok(width * height <= 100e6 && height < whole, `${width} x ${height} of ${whole}`);
  const percent = Number(/first (\d+)%/.exec(await editor.locator('#alert-text').textContent())[1]);
  assert.equal(percent, Math.floor((height / whole) * 100));
}, 600_000);
