// The same extension in Firefox: from the right click to the changed page, for each kind of picture; pictures of other sites; the end of the background,
// where the engine lives there; and pages of the extension.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { launchFirefox } from './firefox.mjs';
import { after, afterEach, BALL, before, compareOutside, overlay, readElement, redness, same, test, until } from './harness.mjs';
import { startServer } from './server.mjs';

const ITEM = 'Erase something…';

let server;
let firefox;

before(async () => {
  server = await startServer();
  firefox = await launchFirefox();
});
afterEach(() => firefox.tidy());
after(async () => {
  await firefox?.close();
  await server?.close();
});

/** From the right click to an overlay that can be painted on. */
async function open(page, selector) {
  await firefox.choose(page, selector, ITEM);
  return overlay(page);
}

for (const [kind, path, selector] of [
  ['an img', '/test/kinds.html', '#img'],
  ['an img under a strict content security policy', '/test/strict.html', '#img'],
  ['srcset', '/test/kinds.html', '#srcset'],
  ['a CSS background', '/test/kinds.html', '#background'],
  ['an image inside SVG', '/test/kinds.html', '#svg'],
  ['a canvas', '/test/kinds.html', '#canvas'],
]) {
  test(`erased in the page: ${kind}`, async () => {
    const page = await firefox.page(server.home + path);
    const was = await readElement(page, selector);
    const editor = await open(page, selector);
    const rect = Object.fromEntries(Object.entries(BALL).map(([side, length]) => [side, (length * was.width) / 320]));
    await editor.eraseRect(rect);
    await editor.done();
    const now = await readElement(page, selector);
    compareOutside(was, now, rect);
    assert.ok(redness(now) < 5);
  });
}

test('a picture of another site: asked for in a window of our own, then read', async () => {
  const page = await firefox.page(`${server.home}/test/kinds.html`);
  await firefox.choose(page, '#away', ITEM);
  const asking = await overlay(page, { states: ['asking'] });
  await asking.press('notice-yes');
  await firefox.grant();
  const editor = await overlay(page);
  await editor.eraseRect(BALL);
  assert.ok(redness(await editor.shown()) < 5);
});

test('an edit that its page disturbs goes on in a tab, whole', async () => {
  const page = await firefox.page(`${server.home}/test/kinds.html`);
  const was = await readElement(page, '#img');
  const editor = await open(page, '#img');
  await editor.eraseRect(BALL);
  const erased = await editor.shown();
  await page.evaluate(() => void setInterval(() => window.focus(), 20));
  const moved = await overlay(await firefox.tab('/overlay.html?tab'), { states: ['done'] });
  same(erased, await moved.shown());
  await moved.pressUntil('undo', (shown) => redness(shown) === redness(was));
});

test('a picture goes through the editor into an upload field', async () => {
  server.put('/test/upload.html', 'text/html', '<!doctype html><title>Upload</title><input id="zone" type="file" style="padding: 40px"><script>\
    zone.onchange = ({ type, target }) => (globalThis.heard = [type, target.files[0].name]);</script>');
  const page = await firefox.page(`${server.home}/test/upload.html`);
  await firefox.choose(page, '#zone', 'Edit picture before upload…');
  const editor = await firefox.ownTab('/editor.html');
  await until(() => editor.evaluate(() => document.documentElement.hasAttribute('data-ready')), { what: 'the editor' });
  await editor.setFiles('#files', fileURLToPath(new URL('./pages/pictures/test/turned.jpg', import.meta.url)));
  const opened = () => editor.inFrame('/overlay.html', () => document.documentElement.dataset.state);
  await until(async () => (await opened()) === 'painting', { what: 'a picture that can be painted on' });
  await editor.click('#use');
  const handed = () => page.evaluate(() => [...document.querySelector('#zone').files].map(({ name, type, size }) => ({ name, type, size })));
  const [file] = await until(async () => (await handed()).length && handed(), { what: 'a file in the field' });
  assert.deepEqual([file.name, file.type], ['turned.jpg', 'image/jpeg']);
  assert.deepEqual(await page.evaluate(() => heard), ['change', 'turned.jpg'], 'the page may read what it is told');
});

test('the background ends, and with it the engine: the next fill is made all the same', async () => {
  const page = await firefox.page(`${server.home}/test/kinds.html`);
  const editor = await open(page, '#img');
  assert.equal(await firefox.killBackground(), 'stopped');
  await editor.eraseRect(BALL);
  assert.ok(redness(await editor.shown()) < 5);
});
