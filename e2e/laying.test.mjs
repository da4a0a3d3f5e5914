// The same mask again: what was painted in one picture is laid on the next, in whichever way fits; masks as files.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { audit } from './audit.mjs';
import { browser, editorOverlay, open, server, sleep, test, until, useBrowser } from './harness.mjs';
import { temporaryFolder } from './temporary.mjs';

useBrowser({ args: ['--touch-events=enabled'] });

const folder = temporaryFolder('laying');

/** Writes a picture of this size whose pixels `colour` gives, and gives its path. */
function written(name, width, height, colour) {
  const png = new PNG({ width, height });
  for (let at = 0; at < width * height; at += 1) png.data.set(colour(at % width, Math.floor(at / width)), at * 4);
  const path = join(folder, name);
  writeFileSync(path, PNG.sync.write(png));
  return path;
}

const sand = (x, y) => [210 - y / 9, 190 - y / 9 + ((x * 31 + y * 17) % 5), 150 + x / 20];

/** Grainy sand with a red mark that ends 30 pixels from the right and 20 from the bottom. */
const marked = (name, width, height) => written(name, width, height, (x, y) => {
  const inMark = x >= width - 90 && x < width - 30 && y >= height - 50 && y < height - 20;
  return [...(inMark ? [200, 30, 30] : sand(x, y)), 255];
});

/** Around the mark of the first picture. */
const AROUND = { x: 304, y: 244, width: 72, height: 42 };
const FILES = [marked('one.png', 400, 300), marked('two.png', 400, 300), marked('three.png', 620, 410)];

/** The editor with pictures; `size` is that of its window. */
async function editor(files, size) {
  const page = await browser.page(`chrome-extension://${browser.id}/editor.html`);
  if (size) await page.setViewportSize(size);
  await page.bringToFront();
  await until(() => page.evaluate(() => document.documentElement.dataset.pictures && document.activeElement.id === 'open'), { what: 'an editor that listens' });
  await page.setInputFiles('#files', files);
  return page;
}

/** Shows the next picture, and gives its overlay. */
async function next(page, name) {
  await page.keyboard.press('PageDown');
  await until(() => page.evaluate((name) => document.title.startsWith(name), name), { what: name });
  return editorOverlay(page, { states: ['painting', 'done'] });
}

/** The mask that the menu saves: where it is white, and the name of its file. */
async function savedMask(overlay) {
  const [download] = await Promise.all([overlay.surface.waitForEvent('download'), overlay.press('save-mask')]);
  const { width, height, data } = PNG.sync.read(readFileSync(await download.path()));
  const [xs, ys] = [[], []];
  for (let at = 0; at < width * height; at += 1) {
    const [r, g, b, a] = data.subarray(at * 4, at * 4 + 4);
    assert.ok(a === 255 && r === g && g === b && (r === 0 || r === 255), 'black or white');
    if (r) { xs.push(at % width); ys.push(Math.floor(at / width)); }
  }
  const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1];
  return { size: [width, height], box, count: xs.length, name: download.suggestedFilename() };
}

const reds = ({ data }) => {
  let count = 0;
  for (let at = 0; at < data.length; at += 4) count += data[at] > 150 && data[at + 1] < 90;
  return count;
};

const says = (overlay, pattern) => until(async () => pattern.test(await overlay.hint()), { what: `a hint like ${pattern}` });
/** Waits until the mask is drawn, which is a frame after it was laid, or until none is. */
const drawn = (overlay, { is = true } = {}) => until(
  () => overlay.frame.locator('#mask').evaluate((canvas, is) => canvas.width > 0 === is, is),
  { what: is ? 'a mask that is drawn' : 'a mask that is gone' },
);

test('erased in one picture, laid on the next at the same place, by pointer; nothing erases it unasked', async () => {
  const page = await editor(FILES);
  const first = await editorOverlay(page);
  await first.eraseRect(AROUND);
  assert.ok(reds(await first.shown()) < 5);
  const { box, count, size, name } = await savedMask(first);
  assert.deepEqual(size, [400, 300]);
  assert.equal(name, 'one-mask.png');
  assert.ok(count > AROUND.width * AROUND.height && box[2] < 400 && box[3] < 300, JSON.stringify(box));

  const second = await next(page, 'two.png');
  await second.passed();
  await second.press('same-place');
  await says(second, /same place. “Erase” erases it/);
  await drawn(second);
  if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/laying-two.png` });
  await audit(second.frame);
  await sleep(1500);
  assert.ok(!(await second.passed()).includes('running'), 'nothing erases it unasked');
  const again = await savedMask(second);
  assert.deepEqual([again.box, again.count], [box, count], 'exactly the same pixels');
  await second.press('undo');
  await drawn(second, { is: false });
  await second.press('redo');
  await drawn(second);
  await second.press('erase');
  await second.waitDone();
  assert.ok(reds(await second.shown()) < 5, 'the mark is gone');
});

test('a picture of another size: as far from the corner as before, then the other ways, by the keyboard', async () => {
  const page = await editor([FILES[0], FILES[2]]);
  const first = await editorOverlay(page);
  await first.eraseRect(AROUND);
  const { box, count } = await savedMask(first);
  const other = await next(page, 'three.png');
  await other.key('p');
  await says(other, /same distance from the corner.*“Same place again” paints it in another way/);
  if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/laying-three.png` });
  const corner = await savedMask(other);
  assert.deepEqual(corner.size, [620, 410]);
  assert.deepEqual([corner.box, corner.count], [[box[0] + 220, box[1] + 110, box[2] + 220, box[3] + 110], count]);
  await other.key('p');
  await says(other, /same part of the picture/);
  const scaled = await savedMask(other);
  scaled.box.forEach((side, i) => assert.ok(Math.abs(side - box[i] * (i % 2 ? 410 / 300 : 620 / 400)) <= 1, JSON.stringify(scaled)));
  await other.key('p');
  await says(other, /same pixels/);
  assert.deepEqual((await savedMask(other)).box, box);
  await other.key('p');
  await says(other, /same distance from the corner/);
  assert.deepEqual((await savedMask(other)).box, corner.box, 'around, and never more than one of them');
  await other.key('Control+z');
  // One step for all of them.
  await drawn(other, { is: false });
  await other.key('p');
  await drawn(other);
  await other.passed();
  await other.key('Enter');
  await other.waitDone();
  assert.ok(reds(await other.shown()) < 5);
});

test('painted in one page and not erased, laid in the overlay of the next', async () => {
  await browser.worker().evaluate(() => chrome.storage.session.remove('lastMask'));
  server.put('/laying.png', 'image/png', readFileSync(FILES[0]));
  const shows = async () => {
    const page = await browser.page(`${server.home}/test/files.html?/laying.png`);
    await page.locator('#img').evaluate((image) => image.decode());
    return open(page, '#img');
  };
  const before = await shows();
  await before.key('p');
  await says(before, /No mask is kept yet/);
  const auto = before.frame.locator('#auto');
  if ((await auto.getAttribute('aria-pressed')) === 'true') await before.press('auto');
  await before.paintRect(AROUND);
  const { box } = await savedMask(before);
  await before.leave();
  const after = await shows();
  await after.key('p');
  await says(after, /same place/);
  assert.deepEqual((await savedMask(after)).box, box);
  assert.deepEqual(await browser.worker().evaluate(() => chrome.storage.local.get('lastMask')), {}, 'nothing of it is on the disk');
  await after.press('auto');
  await after.leave();
});

test('masks from files: white or opaque, of this size or another; what holds none is said', async () => {
  const page = await editor([FILES[2]]);
  const overlay = await editorOverlay(page);
  const load = (path) => overlay.frame.locator('#mask-file').setInputFiles(path);
  const inside = (x, y) => x >= 560 && x < 600 && y >= 10 && y < 30;
  await load(written('white.png', 620, 410, (x, y) => (inside(x, y) ? [255, 255, 255, 255] : [0, 0, 0, 255])));
  await says(overlay, /same place/);
  assert.deepEqual((await savedMask(overlay)).box, [560, 10, 600, 30]);
  await load(written('opaque.png', 620, 410, (x, y) => [0, 0, 0, inside(x + 20, y) ? 255 : 0]));
  await until(async () => (await savedMask(overlay)).box.join() === '540,10,580,30', { what: 'the other mask in place of the first' });
  // Half as large, and the same picture.
  await load(written('half.png', 310, 205, (x, y) => (inside(x * 2, y * 2) ? [255, 255, 255, 255] : [0, 0, 0, 255])));
  await says(overlay, /same part of the picture/);
  assert.deepEqual((await savedMask(overlay)).box, [560, 10, 600, 30]);
  await overlay.key('p');
  await says(overlay, /same distance from the corner/);
  await load(written('black.png', 40, 40, () => [0, 0, 0, 255]));
  await says(overlay, /no mask in this file/);
  const text = join(folder, 'words.png');
  writeFileSync(text, 'no picture at all');
  await load(text);
  await overlay.says(/damaged or of a kind/);
  await overlay.press('notice-yes');
  // The button opens the chooser.
  const choosing = page.waitForEvent('filechooser');
  await overlay.press('load-mask');
  await choosing;
});

test('with a finger, in a narrow window', async () => {
  const page = await editor([FILES[0], FILES[2]], { width: 360, height: 640 });
  const first = await editorOverlay(page);
  await first.eraseRect(AROUND);
  await page.locator('#strip button').nth(1).click();
  await until(() => page.evaluate(() => document.title.startsWith('three.png')), { what: 'the other picture' });
  const other = await editorOverlay(page);
  const session = await page.context().newCDPSession(page);
  const tap = async (id) => {
    await other.frame.locator(`#${id}`).scrollIntoViewIfNeeded();
    const { x, y, width, height } = await other.frame.locator(`#${id}`).boundingBox();
    await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x: x + width / 2, y: y + height / 2 }] });
    await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  };
  for (const [number, pattern] of [/same distance/, /same part/].entries()) {
    await tap('more');
    await until(() => other.frame.evaluate(() => !document.querySelector('#more-menu').hidden), { what: 'the menu' });
    if (process.env.LOOK && !number) await page.screenshot({ path: `${process.env.LOOK}/laying-menu-360.png` });
    if (!number) await audit(other.frame);
    await tap('same-place');
    await says(other, pattern);
    if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/laying-360-${number}.png` });
  }
  await drawn(other);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
});
