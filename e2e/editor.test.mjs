// The editor: pictures that are in no web page. Ways in, several at once, and out as in the overlay. And the popup of the toolbar.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import { audit, fitsPhone } from './audit.mjs';
import { BALL, browser, compareOutside, editorOverlay, openPopup, pngChunks, same, server, sleep, test, until, useBrowser, xdotool } from './harness.mjs';
import { temporaryFolder } from './temporary.mjs';

const picture = (name) => fileURLToPath(new URL(`./pages/pictures/test/${name}`, import.meta.url));

useBrowser();

const folder = temporaryFolder('editor');

/** A file on the disk, which the browser itself puts into the chooser: it is the user who chooses files, and scripts are not heard. */
function made(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const address = (page = 'editor.html') => `chrome-extension://${browser.id}/${page}`;

/** Opens the editor with files from its chooser. */
async function editor(...files) {
  const page = await browser.page(address());
  // A page that another one has come before gets no chooser of files.
  await page.bringToFront();
  await until(() => page.evaluate(() => document.documentElement.dataset.pictures && document.activeElement.id === 'open'), { what: 'an editor that listens' });
  if (files.length) await page.setInputFiles('#files', files.map(picture));
  return page;
}

const count = (page) => page.evaluate(() => Number(document.documentElement.dataset.pictures));

/** The names of the pictures in the strip, the one that shows marked by a star. */
const strip = (page) => page.locator('#strip button').evaluateAll((buttons) =>
  buttons.map((button) => (button.ariaCurrent === 'true' ? '*' : '') + button.ariaLabel));

/** Drops files on the page, as the browser would, at the point of an element. */
async function drop(page, names) {
  const client = await page.context().newCDPSession(page);
  const data = { items: [], files: names.map(picture), dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop']) await client.send('Input.dispatchDragEvent', { type, x: 200, y: 300, data });
  await client.detach();
}

test('nothing is open: one sentence says what to do, and the first button does it', async () => {
  const page = await editor();
  assert.equal(await count(page), 0);
  assert.match(await page.locator('#invitation').textContent(), /open, drop or paste/i);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'open');
  const choosing = page.waitForEvent('filechooser');
  // A key that is pressed while the window is just coming to the front may be lost.
  await until(() => page.keyboard.press('Enter').then(() => Promise.race([choosing, sleep(10_000)])), { what: 'the list of files' });
  const chooser = await choosing;
  assert.ok(chooser.isMultiple());
  await chooser.setFiles(picture('sand.jpg'));
  await editorOverlay(page);
  assert.equal(await page.title(), 'sand.jpg – Rubout editor');
  assert.match(await page.locator('#kept-here').innerText(), /kept on this computer/i);
});

test('a file: painted, erased, saved in its own format under its own name', async () => {
  const page = await editor('sand.png');
  const overlay = await editorOverlay(page);
  const before = await overlay.shown();
  await overlay.eraseRect(BALL);
  const { bytes, name } = await overlay.save();
  assert.equal(name, 'sand-edited.png');
  assert.equal(pngChunks(bytes)[0].type, 'IHDR');
  compareOutside(before, await overlay.shown(), BALL);
  // Escape is no way out of the editor: the picture stays.
  await overlay.key('Escape');
  await sleep(300);
  assert.equal(await count(page), 1);
});

test('files are dropped: each has a history of its own, also when it slept', async () => {
  const page = await editor('sand.png');
  await editorOverlay(page);
  await drop(page, ['sand.jpg', 'sand.webp', 'soft.png', 'wide.png']);
  await until(async () => (await count(page)) === 5, { what: 'five pictures' });
  assert.deepEqual(await strip(page), ['sand.png', '*sand.jpg', 'sand.webp', 'soft.png', 'wide.png'], 'the first of the new ones shows');
  const first = await editorOverlay(page);
  await first.eraseRect(BALL);
  const erased = await first.shown();
  await until(async () => (await strip(page))[1] === '*sand.jpg, edited', { what: 'a thumbnail that says so' });
  for (const number of [2, 3, 4]) {
    await page.locator('#strip button').nth(number).click();
    await editorOverlay(page);
  }
  assert.equal(await page.locator('iframe').count(), 3, 'those that were not looked at for longest sleep');
  // The paging keys show another picture, but not where they belong to what has the focus.
  const last = await editorOverlay(page);
  await last.key('PageUp');
  await until(async () => (await strip(page))[3].startsWith('*'), { what: 'the neighbour' });
  const neighbour = await editorOverlay(page);
  await neighbour.press('save-as');
  await neighbour.pick('save-as-format', 'webp');
  const quality = neighbour.frame.locator('#quality');
  await quality.focus();
  const before = Number(await quality.inputValue());
  await neighbour.key('PageDown');
  assert.ok(Number(await quality.inputValue()) < before, 'the slider moves');
  assert.ok((await strip(page))[3].startsWith('*'), 'and the picture stays');
  await neighbour.key('Escape');
  await page.locator('#strip button').nth(1).click();
  const again = await editorOverlay(page, { states: ['done', 'painting'] });
  assert.deepEqual(await again.shown(), erased);
  await again.press('undo');
  await until(async () => (await strip(page))[1] === '*sand.jpg', { what: 'the original' });
  // Closing asks for what would be lost, and shows the neighbour.
  await again.press('redo');
  await again.close();
  await again.says(/without keeping/i);
  await again.press('notice-yes');
  await until(async () => (await count(page)) === 4, { what: 'four pictures' });
  assert.deepEqual(await strip(page), ['sand.png', '*sand.webp', 'soft.png', 'wide.png']);
});

test('paste, erase, copy: the same pixels but for the hole', async () => {
  const page = await editor();
  await browser.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: address('').slice(0, -1) }).catch(() => {});
  const original = await page.evaluate(async (url) => {
    const blob = await (await fetch(url)).blob();
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
    return true;
  }, `data:image/png;base64,${readFileSync(picture('sand.png')).toString('base64')}`);
  assert.ok(original);
  await page.keyboard.press('Control+v');
  const overlay = await editorOverlay(page);
  const before = await overlay.shown();
  await overlay.eraseRect(BALL);
  await overlay.press('copy');
  await until(() => overlay.frame.evaluate(() => /copied/i.test(document.querySelector('#status').textContent + document.querySelector('#hint').textContent)), { what: 'a copy' });
  // Pasted again: what was copied is what was shown.
  await overlay.key('Control+v');
  await until(async () => (await count(page)) === 2, { what: 'another picture' });
  const copy = await editorOverlay(page);
  compareOutside(before, await copy.shown(), BALL);
});

/** Answers, for the user, every page of ours that wants to read the clipboard. It counts for as long as the page is there that it is set by. */
async function clipboard(page, setting) {
  const client = await page.context().newCDPSession(page);
  for (const name of ['clipboard-read', 'clipboard-write']) {
    await client.send('Browser.setPermission', { permission: { name }, setting, origin: address('').slice(0, -1) });
  }
}

test('the buttons paste: that of the editor, and that of the popup; where the user declines, the key is named', async () => {
  const [first] = browser.context.pages();
  await clipboard(first, 'granted');
  const page = await editor();
  await page.evaluate(async (url) => {
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': await (await fetch(url)).blob() })]);
  }, `data:image/png;base64,${readFileSync(picture('sand.png')).toString('base64')}`);
  await page.locator('#paste').click();
  const wanted = PNG.sync.read(readFileSync(picture('sand.png')));
  same({ width: wanted.width, height: wanted.height, data: wanted.data }, await (await editorOverlay(page)).shown(), 'what was on the clipboard');
  assert.equal(await page.title(), 'picture.png – Rubout editor');
  await page.close();
  const site = await browser.page(`${server.home}/test/kinds.html`);
  await site.locator('html[data-ready]').waitFor();
  await openPopup(site);
  xdotool('key', 'Down', 'Down', 'sleep', 0.2, 'key', 'Return');
  const tab = await opened();
  same({ width: wanted.width, height: wanted.height, data: wanted.data }, await (await editorOverlay(tab)).shown(), 'by the popup, too');
  await tab.close();
  const other = await editor();
  await clipboard(first, 'denied');
  await other.locator('#paste').click();
  await until(async () => /Ctrl\+V/.test(await other.locator('#alert-text').textContent()), { what: 'the key that pastes' });
  await clipboard(first, 'granted');
  await other.evaluate(() => navigator.clipboard.writeText('words'));
  await other.locator('#paste').click();
  await until(async () => !/Ctrl\+V/.test(await other.locator('#alert-text').textContent()), { what: 'that there is no picture' });
  assert.equal(await count(other), 0);
});

test('something that is no picture gets one sentence, and the page goes on', async () => {
  const page = await editor();
  await page.setInputFiles('#files', made('notes.txt', 'no picture'));
  const overlay = await editorOverlay(page, { states: ['failed'] });
  assert.match(await overlay.says(), /picture/i);
  await overlay.frame.getByRole('button', { name: 'Close' }).first().click();
  await until(async () => (await count(page)) === 0, { what: 'nothing' });
});

test('what the browser cannot open is called by its name, with what to do', async () => {
  const page = await editor();
  const head = Buffer.from('000000186674797068656963000000006d69663168656963', 'hex');
  await page.setInputFiles('#files', made('phone.heic', Buffer.concat([head, Buffer.alloc(200)])));
  const overlay = await editorOverlay(page, { states: ['failed'] });
  assert.match(await overlay.says(), /could not open this HEIC picture.*JPEG or PNG/);
});

/** A TIFF of an RGB picture, uncompressed in one strip. */
function tiff({ width, height, data }) {
  const pixels = Buffer.alloc(width * height * 3);
  for (let i = 0; i < width * height; i += 1) data.copy(pixels, 3 * i, 4 * i, 4 * i + 3);
  const entries = [[256, 4, 1, width], [257, 4, 1, height], [258, 3, 1, 8], [259, 3, 1, 1], [262, 3, 1, 2], [273, 4, 1, 8], [277, 3, 1, 3], [278, 4, 1, height], [279, 4, 1, pixels.length]];
  const head = Buffer.alloc(8);
  head.write('II*\0');
  head.writeUInt32LE(8 + pixels.length + 6, 4);
  const list = Buffer.alloc(2 + 12 * entries.length + 4);
  list.writeUInt16LE(entries.length);
  entries.forEach(([tag, type, number, value], i) => {
    list.writeUInt16LE(tag, 2 + 12 * i);
    list.writeUInt16LE(type, 4 + 12 * i);
    list.writeUInt32LE(number, 6 + 12 * i);
    list.writeUInt32LE(value, 10 + 12 * i);
  });
  const depths = Buffer.from([8, 0, 8, 0, 8, 0]);
  list.writeUInt32LE(3, 2 + 12 * 2 + 4);
  list.writeUInt32LE(8 + pixels.length, 2 + 12 * 2 + 8);
  return Buffer.concat([head, pixels, depths, list]);
}

test('a TIFF is opened, erased from and saved as a PNG; it comes back with its edit; one that cannot be opened is called by its name', async () => {
  const page = await editor();
  const wanted = PNG.sync.read(readFileSync(picture('sand.png')));
  await page.setInputFiles('#files', made('scan.tif', tiff(wanted)));
  const overlay = await editorOverlay(page);
  const before = await overlay.shown();
  same({ width: wanted.width, height: wanted.height, data: wanted.data }, before, 'every pixel of the file');
  await overlay.eraseRect(BALL);
  const { name, bytes } = await overlay.save();
  assert.equal(name, 'scan-edited.png');
  compareOutside(before, PNG.sync.read(bytes), BALL);
  const erased = await overlay.shown();
  await until(() => page.evaluate(async () => {
    const drafts = await (await navigator.storage.getDirectory()).getDirectoryHandle('drafts');
    for await (const [name, handle] of drafts) if (name.endsWith('.json') && /scan\.tif.*"fills":1/.test(await (await handle.getFile()).text())) return true;
    return false;
  }), { what: 'a draft that is written' });
  await page.reload();
  same(erased, await (await editorOverlay(page, { states: ['done', 'painting'] })).shown(), 'the edit is back');
  await page.setInputFiles('#files', made('broken.tif', tiff(wanted).subarray(0, 4000)));
  const broken = await editorOverlay(page, { states: ['failed'] });
  assert.match(await broken.says(), /could not open this TIFF picture.*JPEG or PNG/);
});

test('AVIF, BMP and the first frame of a GIF are opened and saved', async () => {
  const bmp = Buffer.alloc(54 + 40 * 30 * 3, 200);
  bmp.fill(0, 0, 54);
  bmp.write('BM');
  for (const [at, value] of [[2, bmp.length], [10, 54], [14, 40], [18, 40], [22, 30]]) bmp.writeUInt32LE(value, at);
  for (const [at, value] of [[26, 1], [28, 24]]) bmp.writeUInt16LE(value, at);
  const page = await editor();
  await page.setInputFiles('#files', made('grey.bmp', bmp));
  for (const [name, saved] of [['grey.bmp', 'grey-edited.png'], ['still.avif', 'still-edited.png'], ['animated.gif', 'animated-edited.png']]) {
    if (name !== 'grey.bmp') await page.setInputFiles('#files', picture(name));
    const overlay = await editorOverlay(page);
    const { width, height } = await overlay.shown();
    await overlay.eraseRect({ x: width / 4, y: height / 4, width: width / 8, height: height / 8 });
    assert.equal((await overlay.save()).name, saved);
    await page.locator('#strip').waitFor({ state: 'attached' });
  }
});

const RED = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="red"/><circle cx="20" cy="10" r="5"/></svg>';

test('an SVG is drawn large enough to edit, or as wide as the user chooses', async () => {
  const page = await editor();
  await page.setInputFiles('#files', made('red.svg', RED));
  let overlay = await editorOverlay(page);
  const size = () => overlay.frame.evaluate(() => document.documentElement.dataset.image);
  const redrawn = async (wanted) => {
    overlay = await until(async () => {
      const now = await editorOverlay(page);
      return (await now.frame.evaluate(() => document.documentElement.dataset.image)) === wanted && now;
    }, { what: `a drawing of ${wanted}` });
  };
  assert.equal(await size(), '2048x1024');
  const field = page.locator('#drawing-width');
  const pressed = () => page.locator('#drawing-times button').evaluateAll((buttons) => buttons.map(({ ariaPressed, ariaLabel }) => `${ariaLabel}: ${ariaPressed}`));
  await until(async () => (await field.inputValue()) === '2048', { what: 'its width' });
  assert.equal(await page.locator('#drawing-height').textContent(), '× 1024 pixels');
  await audit(page);
  if (process.env.LOOK) {
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 780 });
      await sleep(500);
      await page.screenshot({ path: `${process.env.LOOK}/drawing-${width}.png` });
      await fitsPhone(page);
    }
    await page.setViewportSize({ width: 1280, height: 780 });
  }
  // Its own size, by a button; another one, by the keyboard.
  await page.getByRole('button', { name: '1× – As large as the file says' }).click();
  await redrawn('40x20');
  assert.deepEqual(await pressed(), ['1× – As large as the file says: true', '2× – 2 times as large: false', '4× – 4 times as large: false']);
  await page.getByRole('button', { name: '4× – 4 times as large' }).click();
  await redrawn('160x80');
  await field.focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('600');
  await page.keyboard.press('Enter');
  await redrawn('600x300');
  assert.equal((await pressed()).some((words) => /true/.test(words)), false);
  // More than can be drawn becomes the most.
  await field.fill('99999');
  await page.keyboard.press('Enter');
  await redrawn('8192x4096');
  assert.equal(await field.inputValue(), '8192');
  await field.fill('600');
  await page.keyboard.press('Enter');
  await redrawn('600x300');
  // Once something was done in it, the user is asked.
  await overlay.eraseRect({ x: 200, y: 50, width: 200, height: 200 });
  const erased = await overlay.shown();
  await page.getByRole('button', { name: '4× – 4 times as large' }).click();
  await page.locator('#question').waitFor();
  assert.match(await page.locator('#question-text').textContent(), /painted and erased/);
  if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/drawing-asks.png` });
  await page.keyboard.press('Escape');
  await until(async () => (await field.inputValue()) === '600', { what: 'the width as it was' });
  same(erased, await overlay.shown());
  const { name, bytes } = await overlay.save();
  assert.deepEqual([name, bytes.readUInt32BE(16), bytes.readUInt32BE(20)], ['red-edited.png', 600, 300]);
  // The size comes back with the draft, and the edit with it.
  await page.reload();
  overlay = await editorOverlay(page, { states: ['done', 'painting'] });
  same(erased, await overlay.shown());
  await until(async () => (await field.inputValue()) === '600', { what: 'its width' });
  await page.getByRole('button', { name: '4× – 4 times as large' }).click();
  await page.locator('#question-yes').click();
  await redrawn('160x80');
  assert.deepEqual(await overlay.state(), 'painting');
  // What has pixels of its own has no such choice.
  await page.setInputFiles('#files', picture('sand.png'));
  await until(() => page.locator('#drawing').isHidden(), { what: 'no choice of a width' });
});

test('a drawing that repeats itself without end is refused in the editor as well, and the page goes on', async () => {
  const uses = Array.from({ length: 9 }, (_, i) => `<g id="g${i + 1}">${`<use href="#g${i}"/>`.repeat(10)}</g>`).join('');
  const page = await editor();
  await page.setInputFiles('#files', made('bomb.svg', `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240"><g id="g0"><rect width="9" height="9"/></g>${uses}</svg>`));
  const overlay = await editorOverlay(page, { states: ['failed'] });
  assert.match(await overlay.says(), /picture/i);
  assert.equal(await page.locator('#drawing').isVisible(), false);
  await page.setInputFiles('#files', [made('red.svg', RED), made('wide.svg', RED.replace('width="40"', 'width="80"'))]);
  await editorOverlay(page);
  // The one that was not opened has a thumbnail, too.
  await until(() => page.locator('#strip canvas').nth(2).evaluate((canvas) => canvas.getContext('2d').getImageData(4, 4, 1, 1).data[0] > 200), { what: 'a red thumbnail' });
});

test('the list of keys is there while nothing is open, with those of the extension; with a picture, the overlay has them as well', async () => {
  const page = await editor();
  await page.keyboard.press('?');
  const rows = (scope) => scope.locator('#help-sheet tr').evaluateAll((rows) => rows.filter((row) => row.checkVisibility())
    .map((row) => `${row.querySelector('th').textContent}: ${[...row.querySelectorAll('kbd')].map((key) => key.textContent).join(' ')}`));
  await page.locator('#help-sheet').waitFor();
  const own = ['In any page: pick a picture to edit: Alt+Shift+E', 'In any page: open Rubout’s menu: Alt+Shift+O'];
  await until(async () => (await rows(page)).length === 9, { what: 'the keys of the extension' });
  const wanted = ['Open pictures…: Ctrl O', 'Paste picture: Ctrl V', 'Hand over to the upload field: Ctrl Enter', 'Same in many files…: Ctrl M', 'Previous or next picture: Page Up Page Down', 'All other buttons and fields: Tab'];
  assert.deepEqual(await rows(page), [...wanted, 'This list: ?', ...own]);
  await audit(page);
  if (process.env.LOOK) {
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 780 });
      await page.screenshot({ path: `${process.env.LOOK}/keys-${width}.png` });
    }
    await page.setViewportSize({ width: 1280, height: 780 });
  }
  await page.keyboard.press('Escape');
  await until(() => page.locator('#help-sheet').isHidden(), { what: 'the end of the list' });
  await page.locator('#help').click();
  await page.locator('#help-close').click();
  await page.setInputFiles('#files', picture('sand.png'));
  const overlay = await editorOverlay(page);
  await overlay.key('?');
  await until(async () => (await rows(overlay.frame)).length > 20, { what: 'the list of the overlay' });
  const there = await rows(overlay.frame);
  for (const row of [...wanted, ...own]) assert.ok(there.includes(row), `${row} in ${there.join('; ')}`);
});

test('the popup: the tab becomes a picture at the resolution of the screen', async () => {
  const page = await browser.page(`${server.home}/test/kinds.html`);
  await page.locator('html[data-ready]').waitFor();
  await openPopup(page);
  xdotool('key', 'Down', 'Down', 'Down', 'sleep', 0.2, 'key', 'Return');
  const tab = await until(() => browser.context.pages().find((other) => other.url().includes('editor.html')), { what: 'the editor' });
  const overlay = await editorOverlay(tab);
  const size = await page.evaluate(() => `${Math.round(innerWidth * devicePixelRatio)}x${Math.round(innerHeight * devicePixelRatio)}`);
  assert.equal(await overlay.frame.evaluate(() => document.documentElement.dataset.image), size);
  await until(() => tab.evaluate(() => document.visibilityState === 'visible'), { what: 'the editor in front' });
  // And something is erased from it and saved: the file has what is shown, and nothing else has changed.
  const before = await overlay.shown();
  const hole = { x: 60, y: 60, width: 80, height: 60 };
  await overlay.eraseRect(hole);
  const { name, bytes } = await overlay.save();
  assert.match(name, /-edited\.png$/);
  const saved = PNG.sync.read(bytes);
  same(await overlay.shown(), { width: saved.width, height: saved.height, data: saved.data }, 'the file has what is shown');
  compareOutside(before, saved, hole);
});

test('the popup: picking begins in the page', async () => {
  const page = await browser.page(`${server.home}/test/kinds.html`);
  await page.locator('html[data-ready]').waitFor();
  const before = await page.evaluate(() => document.documentElement.children.length);
  await openPopup(page);
  xdotool('key', 'Return');
  await until(() => page.evaluate((before) => document.documentElement.children.length > before, before), { what: 'picking' });
  await page.keyboard.press('Escape');
});

/** The editor that was opened last. */
const opened = () => until(() => browser.context.pages().find((other) => other.url().includes('editor.html')), { what: 'the editor' });

test('a page that no extension may enter leads to the editor, which says so: by the popup and by the key', async () => {
  const byPopup = async (page) => {
    await openPopup(page);
    xdotool('key', 'Return');
  };
  const byKey = async (page) => {
    await page.bringToFront();
    xdotool('key', 'alt+shift+e');
  };
  const newTab = async () => {
    const [page] = await Promise.all([browser.context.waitForEvent('page'), browser.worker().evaluate(() => chrome.tabs.create({}).then(() => {}))]);
    return page;
  };
  for (const [closed, begin] of [
    ['chrome://version/', byPopup],
    ['chrome://extensions/', byPopup],
    ['chrome://version/', byKey],
    ['a new tab', byPopup],
    ['a new tab', byKey],
  ]) {
    const page = await (closed === 'a new tab' ? newTab() : browser.page(closed));
    await begin(page);
    const tab = await opened();
    await until(async () => /no extension/.test(await tab.locator('#why').textContent()), { what: `why, on ${closed}` });
    await tab.close();
    await page.close();
  }
});

test('the popup opens the editor', async () => {
  const page = await browser.page(`${server.home}/test/kinds.html`);
  await page.locator('html[data-ready]').waitFor();
  await openPopup(page);
  xdotool('key', 'Down', 'sleep', 0.2, 'key', 'Return');
  const tab = await opened();
  await until(() => tab.locator('#invitation').isVisible(), { what: 'an empty editor' });
});
