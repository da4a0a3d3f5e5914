// Cropping and turning in the editor: what is left is exact, undoable, and what is saved, copied and handed over; with pointer, finger and keyboard.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import exifr from 'exifr';
import { PNG } from 'pngjs';
import { audit } from './audit.mjs';
import { browser, editorOverlay, longTest, open, server, test, until, useBrowser } from './harness.mjs';
import { temporaryFolder } from './temporary.mjs';

useBrowser({ args: ['--touch-events=enabled'] });

const folder = temporaryFolder('cropping');
const picture = (name) => fileURLToPath(new URL(`./pages/pictures/test/${name}`, import.meta.url));

/** A picture in which a pixel tells where it is. */
const [WIDTH, HEIGHT] = [300, 200];
const plain = new PNG({ width: WIDTH, height: HEIGHT });
for (let at = 0; at < WIDTH * HEIGHT; at += 1) plain.data.set([at % WIDTH % 256, Math.floor(at / WIDTH), at % WIDTH > 255 ? 200 : 100, 255], at * 4);
// Something to erase.
for (let at = 0; at < 200; at += 1) plain.data.set([250, 20, 240, 255], ((65 + Math.floor(at / 20)) * WIDTH + 105 + (at % 20)) * 4);
const FILE = join(folder, 'plain.png');
writeFileSync(FILE, PNG.sync.write(plain));

const PART = { x: 40, y: 30, width: 160, height: 90 };

/** A part of a picture, turned clockwise by quarters. */
function left(from, { x, y, width, height }, turns) {
  let now = { width, height, at: (column, row) => from.data.subarray(((y + row) * from.width + x + column) * 4).subarray(0, 4) };
  for (let turn = 0; turn < turns; turn += 1) {
    const before = now;
    now = { width: before.height, height: before.width, at: (column, row) => before.at(row, before.height - 1 - column) };
  }
  const data = Buffer.alloc(now.width * now.height * 4);
  for (let at = 0; at < now.width * now.height; at += 1) now.at(at % now.width, Math.floor(at / now.width)).copy(data, at * 4);
  return { width: now.width, height: now.height, data };
}

function equal(is, wanted, words) {
  assert.deepEqual([is.width, is.height], [wanted.width, wanted.height], words);
  assert.ok(Buffer.from(is.data).equals(Buffer.from(wanted.data)), `${words}: every pixel`);
}

/** Width and height that a JPEG has. */
function jpegSize(bytes) {
  for (let at = 2; ; at += 2 + bytes.readUInt16BE(at + 2)) {
    if ([0xc0, 0xc2].includes(bytes[at + 1])) return [bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5)];
  }
}

async function editor(files, size) {
  const page = await browser.page(`chrome-extension://${browser.id}/editor.html`);
  if (size) await page.setViewportSize(size);
  await page.bringToFront();
  await page.locator('html[data-ready]').waitFor();
  await page.setInputFiles('#files', files);
  return page;
}

const says = (overlay, pattern) => until(async () => pattern.test(await overlay.hint()), { what: `a hint like ${pattern}` });
const saved = async (overlay) => PNG.sync.read((await overlay.save('png')).bytes);
const corners = ({ x, y, width, height }) => [{ x, y }, { x: x + width, y: y + height }];

/** Waits until the middle of what is left stands in the middle of the window: it was fitted anew. */
async function fitted(overlay, { x, y, width, height }) {
  const room = await overlay.frame.evaluate(() => innerWidth);
  await until(async () => {
    const [a, , c, , e] = await overlay.view();
    return Math.abs(a * (x + width / 2) + c * (y + height / 2) + e - room / 2) < 2;
  }, { what: 'what is left in the middle' });
}

test('by pointer: cropped and turned, erased in between, undone and redone; every pixel that is left is its own, also after a reload', async () => {
  const page = await editor([FILE]);
  let overlay = await editorOverlay(page);
  await overlay.press('tool-crop');
  await says(overlay, /Drag over what is to stay/);
  await overlay.drag(corners(PART));
  await says(overlay, /Cropped to 160 × 90 pixels/);
  await fitted(overlay, PART);
  equal(await saved(overlay), left(plain, PART, 0), 'cropped');
  await overlay.press('rotate-right');
  await says(overlay, /90 × 160 pixels/);
  equal(await saved(overlay), left(plain, PART, 1), 'and turned');
  await fitted(overlay, PART);
  if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/cropping.png` });
  await audit(overlay.frame);
  // What is painted now lies where it is seen.
  const spot = { x: 100, y: 60, width: 30, height: 20 };
  await overlay.eraseRect(spot);
  const erased = await saved(overlay);
  const all = left(plain, PART, 1);
  let changed = 0;
  for (let at = 0; at < all.width * all.height; at += 1) {
    const [x, y] = [PART.x + Math.floor(at / all.width), PART.y + all.width - 1 - (at % all.width)];
    const inside = x >= spot.x - 8 && x < spot.x + spot.width + 8 && y >= spot.y - 8 && y < spot.y + spot.height + 8;
    const same = erased.data.subarray(at * 4, at * 4 + 4).equals(all.data.subarray(at * 4, at * 4 + 4));
    assert.ok(inside || same, `pixel ${x}, ${y}`);
    changed += !same;
  }
  assert.ok(changed > 100, `${changed} pixels were erased`);
  await until(() => page.evaluate(async () => {
    const drafts = await (await navigator.storage.getDirectory()).getDirectoryHandle('drafts', { create: true });
    for await (const [name, handle] of drafts) {
      const record = name.endsWith('.json') && JSON.parse(await (await handle.getFile()).text());
      if (record && record.edit?.fills === 2) return true;
    }
    return false;
  }), { what: 'a draft with the crop and the fill' });
  await page.reload();
  overlay = await editorOverlay(page, { states: ['painting', 'done'] });
  equal(await saved(overlay), erased, 'after a reload');
  for (const [steps, wanted] of [[2, left(plain, PART, 1)], [1, left(plain, PART, 0)], [1, plain]]) {
    for (let step = 0; step < steps; step += 1) await overlay.key('Control+z');
    await until(async () => {
      const now = await saved(overlay);
      return now.width === wanted.width && Buffer.from(now.data).equals(Buffer.from(wanted.data));
    }, { what: `the picture of ${wanted.width} × ${wanted.height} after undo` });
  }
  await overlay.key('Control+Shift+z');
  equal(await saved(overlay), left(plain, PART, 0), 'redone');
});

test('by keyboard: a corner, the other corner, turned both ways; Escape gives a corner up', async () => {
  const page = await editor([FILE]);
  const overlay = await editorOverlay(page);
  await overlay.key('k');
  await overlay.key('ArrowRight');
  await overlay.key('Space');
  await says(overlay, /One corner is set/);
  for (let i = 0; i < 4; i += 1) await overlay.key('Shift+ArrowDown');
  await overlay.key('Escape');
  equal(await saved(overlay), plain, 'given up');
  await overlay.frame.locator('#picture').focus();
  await overlay.key('Space');
  for (let i = 0; i < 4; i += 1) await overlay.key('Shift+ArrowLeft');
  for (let i = 0; i < 3; i += 1) await overlay.key('Shift+ArrowUp');
  await overlay.key('Space');
  await says(overlay, /Cropped to \d+ × \d+ pixels/);
  const [, width, height] = (await overlay.hint()).match(/(\d+) × (\d+)/).map(Number);
  assert.ok(width > 20 && height > 20 && width > height, `${width} × ${height}`);
  await overlay.key('o');
  await says(overlay, new RegExp(`${height} × ${width} pixels`));
  const turned = await saved(overlay);
  await overlay.key('Shift+O');
  await says(overlay, new RegExp(`${width} × ${height} pixels`));
  const cropped = await saved(overlay);
  equal(turned, left(cropped, { x: 0, y: 0, width, height }, 1), 'turned');
  await overlay.key('?');
  assert.equal(await overlay.frame.locator('#help-sheet tr:has([data-i18n=helpCrop])').isVisible(), true);
  await overlay.key('Escape');
});

test('with a finger, in a narrow window', async () => {
  const page = await editor([FILE], { width: 360, height: 640 });
  const overlay = await editorOverlay(page);
  await overlay.press('tool-crop');
  const [from, to] = await overlay.toTab(corners(PART));
  const session = await page.context().newCDPSession(page);
  const touch = (type, touchPoints) => session.send('Input.dispatchTouchEvent', { type, touchPoints });
  await touch('touchStart', [{ ...from, id: 0 }]);
  for (let step = 1; step <= 4; step += 1) {
    await touch('touchMove', [{ x: from.x + ((to.x - from.x) * step) / 4, y: from.y + ((to.y - from.y) * step) / 4, id: 0 }]);
  }
  await touch('touchEnd', []);
  await says(overlay, /Cropped to/);
  const [, width, height] = (await overlay.hint()).match(/(\d+) × (\d+)/).map(Number);
  assert.ok(Math.abs(width - PART.width) <= 2 && Math.abs(height - PART.height) <= 2, `${width} × ${height}`);
  const tap = async (id) => {
    await overlay.frame.locator(`#${id}`).scrollIntoViewIfNeeded();
    const box = await overlay.frame.locator(`#${id}`).boundingBox();
    await touch('touchStart', [{ x: box.x + box.width / 2, y: box.y + box.height / 2, id: 0 }]);
    await touch('touchEnd', []);
  };
  const seen = () => overlay.frame.locator('#rotate-left').isVisible();
  // A tap that follows a stroke within a moment is none to the browser.
  await until(async () => {
    await tap('more');
    return until(seen, { timeout: 1000 }).catch(() => false);
  }, { what: 'the menu' });
  await audit(overlay.frame);
  if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/cropping-360.png` });
  await tap('rotate-left');
  await says(overlay, new RegExp(`${height} × ${width} pixels`));
  assert.equal(await seen(), false, 'the menu makes room for what it did');
  if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/cropping-360-turned.png` });
});

test('a photograph that its Exif turns is turned once, and what the file says of its size is true; the sheet of "Save as" as well', async () => {
  const page = await editor([picture('turned.jpg')]);
  const overlay = await editorOverlay(page);
  await overlay.key('o');
  await says(overlay, /320 × 240 pixels/);
  const { bytes } = await overlay.save('jpeg');
  assert.deepEqual(jpegSize(bytes), [320, 240]);
  const told = await exifr.parse(bytes, { tiff: true, translateValues: false });
  assert.ok([undefined, 1].includes(told.Orientation), `orientation ${told.Orientation}`);
  assert.equal(told.Make, 'Rubout test camera');
  await overlay.key('Control+Shift+s');
  await until(async () => /320 × 240/.test(await overlay.frame.locator('#save-as-facts').textContent()), { what: 'the size in the sheet' });
  assert.equal(await overlay.frame.locator('#save-as-width').inputValue(), '320');
});

longTest('a photograph of 48 megapixels is turned at once and saved without holding the page', async (t) => {
  const page = await editor([]);
  const bytes = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(8000, 6000);
    const context = canvas.getContext('2d');
    for (let at = 0; at < 4000; at += 1) {
      context.fillStyle = `hsl(${at * 37} 60% ${20 + (at % 60)}%)`;
      context.fillRect((at * 211) % 8000, (at * 307) % 6000, 300, 200);
    }
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 });
    const reader = new FileReader();
    await new Promise((read) => {
      reader.onload = read;
      reader.readAsDataURL(blob);
    });
    return reader.result.split(',')[1];
  });
  const large = join(folder, 'large.jpg');
  writeFileSync(large, Buffer.from(bytes, 'base64'));
  await page.setInputFiles('#files', [large]);
  const overlay = await editorOverlay(page);
  const begun = Date.now();
  await overlay.key('o');
  await says(overlay, /6000 × 8000 pixels/);
  const turned = Date.now() - begun;
  await overlay.frame.evaluate(() => {
    globalThis.longest = 0;
    let last = performance.now();
    const look = () => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      setTimeout(look, 10);
    };
    look();
  });
  const saving = Date.now();
  const file = await overlay.save('jpeg');
  const [saved, longest] = [Date.now() - saving, await overlay.frame.evaluate(() => longest)];
  t.diagnostic(`turned in ${turned} ms, saved in ${saved} ms, the page was held for ${Math.round(longest)} ms at most`);
  assert.deepEqual(jpegSize(file.bytes), [6000, 8000]);
  assert.ok(turned < 3000 && longest < 1000);
});

test('over a page there is neither: the picture has its shape from its place there', async () => {
  server.put('/cropping.png', 'image/png', readFileSync(FILE));
  const page = await browser.page(`${server.home}/test/files.html?/cropping.png`);
  await page.locator('#img').evaluate((image) => image.decode());
  const overlay = await open(page, '#img');
  await overlay.key('k');
  await overlay.key('o');
  assert.equal(await overlay.frame.locator('#tool-brush').getAttribute('aria-checked'), 'true');
  await overlay.press('more');
  for (const id of ['tool-crop', 'rotate-left', 'rotate-right']) assert.equal(await overlay.frame.locator(`#${id}`).isVisible(), false, id);
  assert.equal((await saved(overlay)).width, WIDTH);
  await overlay.leave();
});
