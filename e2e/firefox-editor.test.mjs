// The popup and the editor in Firefox: the ways in, captures, what is dropped and pasted, and what is saved and copied.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import { launchFirefox } from './firefox.mjs';
import { after, afterEach, BALL, before, compareOutside, editorOverlay, overlay, redness, same, sleep, test, until } from './harness.mjs';
import { startServer } from './server.mjs';

const picture = (name) => fileURLToPath(new URL(`./pages/pictures/test/${name}`, import.meta.url));

let server;
let firefox;

before(async () => {
  server = await startServer();
  server.put('/test/fields.html', 'text/html', '<!doctype html><title>Fields</title><label>Portrait <input id="field" type="file"></label>');
  // Without a display, Firefox's clipboard holds no pictures.
  firefox = await launchFirefox({ headed: true });
});
afterEach(() => firefox.tidy());
after(async () => {
  await firefox?.close();
  await server?.close();
});

/** Presses a button of the popup over a page, which opens the editor. Gives the editor's tab. */
async function throughPopup(selector) {
  const popup = await firefox.popup();
  await popup.click(selector);
  return firefox.tab('/editor.html');
}

const count = (editor) => editor.evaluate(() => Number(document.documentElement.dataset.pictures ?? 0));

const ready = (editor) => until(() => editor.evaluate(() => document.documentElement.hasAttribute('data-ready')), { what: 'the editor' });

/** The file sand.png, in base64. */
const SAND = readFileSync(picture('sand.png')).toString('base64');

/** Drops a file on the editor, as the browser does. */
async function drop(editor) {
  await editor.evaluate((base64) => {
    globalThis.dropped = new DataTransfer();
    dropped.items.add(new File([Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0))], 'sand.png', { type: 'image/png' }));
  }, SAND);
  await firefox.inPage('/editor.html', (window) => {
    const options = { bubbles: true, cancelable: true, composed: true, dataTransfer: window.wrappedJSObject.dropped };
    for (const kind of ['dragenter', 'dragover', 'drop']) {
      window.windowUtils.dispatchDOMEventViaPresShellForTesting(window.document.body, new window.DragEvent(kind, options));
    }
  });
}

test('popup: its ways in, and picking in the page behind it', async () => {
  const page = await firefox.page(`${server.home}/test/kinds.html`);
  const popup = await firefox.popup();
  const words = () => popup.evaluate((window) => window.document.body.innerText);
  assert.match(await words(), /Pick a picture here\s+Alt\+Shift\+E/);
  // What belongs to the page behind the popup comes once that is known.
  await until(async () => /On 127\.0\.0\.1, offer to edit/.test(await words()), { what: 'the switch of the site' });
  const { width, height } = await popup.evaluate(({ innerWidth: width, innerHeight: height, document: { documentElement: root } }) =>
    ({ width: root.scrollWidth - width, height: root.scrollHeight - height }));
  assert.deepEqual({ width, height }, { width: 0, height: 0 }, 'all of it shows');
  const before = await page.evaluate(() => document.documentElement.children.length);
  await popup.click('#pick');
  await until(async () => (await page.evaluate(() => document.documentElement.children.length)) > before, { what: 'picking' });
  const { x, y } = await page.locator('#img').middle();
  await page.mouse.move(x - 3, y - 3);
  await page.mouse.click(x, y);
  const editor = await overlay(page);
  await editor.eraseRect(BALL);
  assert.ok(redness(await editor.shown()) < 5);
});

test('popup: the upload fields of the page, one of which is edited', async () => {
  const page = await firefox.page(`${server.home}/test/fields.html`);
  await page.upload('#field', picture('sand.png'));
  const popup = await firefox.popup();
  await until(() => popup.evaluate((window) => window.document.querySelector('#fields-list canvas')?.width > 0), { what: 'a thumbnail' });
  assert.match(await popup.evaluate((window) => window.document.querySelector('#fields').innerText), /Portrait/);
  await popup.click('#fields-list button');
  const editor = await firefox.tab('/editor.html');
  const opened = await editorOverlay(editor);
  await opened.eraseRect(BALL);
  await editor.locator('#use').click();
  const size = () => page.evaluate(() => document.querySelector('#field').files[0].size);
  const was = readFileSync(picture('sand.png')).length;
  await until(async () => (await size()) !== was, { what: 'the edited file in the field' });
});

test('popup: switched on for a site, what is chosen there is offered to be edited', async () => {
  const page = await firefox.page(`${server.home}/test/fields.html`);
  await page.evaluate(() => document.querySelector('#field').addEventListener('change', () => (globalThis.heard = true)));
  const popup = await firefox.popup();
  await popup.click('#offer-on');
  await firefox.agree();
  // The script that waits for a choice has no sign in the page: until it is there, a choice passes.
  const children = () => page.evaluate(() => document.documentElement.children.length);
  const before = await children();
  await until(async () => {
    await page.evaluate(() => (globalThis.heard = false));
    await page.upload('#field', picture('sand.png'));
    return until(async () => (await children()) > before, { timeout: 2000 });
  }, { what: 'the offer' });
  assert.equal(await page.evaluate(() => heard), false, 'the page hears nothing yet');
  // Its buttons hear no key that was meant for the browser's own chooser.
  await sleep(900);
  await page.bringToFront();
  await page.keyboard.press('Enter');
  const editor = await firefox.tab('/editor.html');
  await (await editorOverlay(editor)).eraseRect(BALL);
  await editor.locator('#use').click();
  await until(() => page.evaluate(() => heard), { what: 'the hand-over' });
});

test('popup: where no extension may be, it says so', async () => {
  await firefox.openInternal('about:support');
  const editor = await throughPopup('#pick');
  await ready(editor);
  assert.match(await editor.evaluate(() => document.querySelector('#why').textContent), /lets no extension work/i);
});

test('popup: the tab is captured, erased and saved', async () => {
  const page = await firefox.page(`${server.home}/test/kinds.html`);
  const box = await page.locator('#img').boundingBox();
  const editor = await throughPopup('#capture');
  const opened = await editorOverlay(editor);
  const was = await opened.shown();
  const scale = was.width / (await page.evaluate(() => innerWidth));
  const ball = { x: box.x + BALL.x, y: box.y + BALL.y, width: BALL.width, height: BALL.height };
  const rect = Object.fromEntries(Object.entries(ball).map(([side, length]) => [side, length * scale]));
  await opened.eraseRect(rect);
  const erased = await opened.shown();
  compareOutside(was, erased, rect);
  assert.ok(redness(erased) < redness(was) - 500, 'this ball is gone');
  const { name, bytes } = await opened.save();
  assert.match(name, /^Every kind of picture.*\.png$/);
  const { width, height, data } = PNG.sync.read(bytes);
  same(erased, { width, height, data }, 'the file has what was shown');
});

test('popup: the whole page is captured, and afterwards as it was', async () => {
  server.put('/test/long.html', 'text/html', `<!doctype html><title>long</title><style>body { margin: 0 } header { position: sticky; top: 0; height: 50px; background: #f00 }
    div { height: 400px } div:nth-of-type(odd) { background: #0f0 } div:nth-of-type(even) { background: #00f }</style>
    <header></header>${'<div></div>'.repeat(6)}`);
  const page = await firefox.page(`${server.home}/test/long.html`);
  const was = await page.evaluate(() => document.documentElement.outerHTML);
  const editor = await throughPopup('#whole');
  const opened = await editorOverlay(editor);
  const { width, height, data } = await opened.shown();
  const dpr = await page.evaluate(() => devicePixelRatio);
  assert.equal(height, Math.round(2450 * dpr));
  const colour = (y) => [...data.subarray((Math.round(y * dpr) * width + 20) * 4).subarray(0, 3)].map((value) => (value > 127 ? 1 : 0)).join('');
  const seen = [25, 60, 440, 460, 860, 1260, 1660, 2060, 2440].map(colour);
  assert.deepEqual(seen, ['100', '010', '010', '001', '010', '001', '010', '001', '001'], 'what sticks is there once');
  assert.equal(await page.evaluate(() => document.documentElement.outerHTML), was);
});

test('editor: an upload field in a frame of another site, which is asked for', async () => {
  server.put('/test/field-in-frame.html', 'text/html', `<!doctype html><title>Frame</title><iframe id="frame" src="${server.away}/test/fields.html"></iframe>`);
  const page = await firefox.page(`${server.home}/test/field-in-frame.html`);
  await firefox.choose(page, '#frame', 'Edit picture before upload…');
  const editor = await firefox.tab('/editor.html');
  await ready(editor);
  await editor.locator('#grant-yes').click();
  await firefox.agree();
  await until(() => editor.evaluate(() => document.querySelector('#grant').hidden), { what: 'the site' });
});

/** The records of pictures that are kept on the disk. */
const records = (editor) => editor.evaluate(async () => {
  const drafts = await (await navigator.storage.getDirectory()).getDirectoryHandle('drafts', { create: true });
  const found = [];
  for await (const [name, handle] of drafts) if (name.endsWith('.json')) found.push(JSON.parse(await (await handle.getFile()).text()));
  return found;
});

test('editor: a picture is dropped and erased, and comes back with its fill when the editor is loaded anew', async () => {
  await firefox.page(`${server.home}/test/kinds.html`);
  const editor = await throughPopup('#editor');
  await ready(editor);
  await drop(editor);
  const opened = await editorOverlay(editor);
  await opened.eraseRect(BALL);
  const erased = await opened.shown();
  await until(async () => (await records(editor))[0]?.edit?.fills === 1, { what: 'a fill that is kept' });
  // By the protocol: a script that leaves its own page may never give an answer.
  await editor.reload();
  const again = await editorOverlay(editor, { states: ['done'] });
  same(erased, await again.shown());
});

test('editor: pasted by key, copied, and pasted again by the button; what another program copied, once the browser has asked', async () => {
  await firefox.page(`${server.home}/test/kinds.html`);
  await firefox.putOnClipboard(SAND);
  const editor = await throughPopup('#paste');
  await ready(editor);
  assert.match(await editor.evaluate(() => document.body.innerText), /Press Ctrl\+V instead/);
  await editor.keyboard.press('Control+v');
  const opened = await editorOverlay(editor);
  await opened.eraseRect(BALL);
  const erased = await opened.shown();
  await opened.press('copy');
  await until(async () => /copied/i.test(await opened.hint()), { what: 'a copy' });
  await editor.locator('#paste').click();
  await until(async () => (await count(editor)) === 2, { what: 'what was copied' });
  same(erased, await (await editorOverlay(editor)).shown());
  await firefox.putOnClipboard(SAND);
  await editor.locator('#paste').click();
  await firefox.agreeToPaste();
  await until(async () => (await count(editor)) === 3, { what: 'what another program copied' });
});
