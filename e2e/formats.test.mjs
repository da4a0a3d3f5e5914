// The files that Save writes and Copy copies, and what happens with odd or broken pictures.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { PNG } from 'pngjs';
import {
  BALL, browser, compareOutside, differences, open, overlay, pngChunks, readElement, readUrl, redness, rightClickErase, same, server,
  sleep, test, until, useBrowser,
} from './harness.mjs';

let page;

useBrowser();

const file = (name) => readFile(new URL(`./pages/pictures/test/${name}`, import.meta.url));

async function edit(name, rect = BALL) {
  page = await browser.page(`${server.home}/test/files.html?/pictures/test/${name}`);
  await page.locator('#img').evaluate((image) => image.decode());
  const editor = await open(page, '#img');
  await editor.eraseRect(rect);
  return editor;
}

// ------------------------------------------------------------------ containers

/** The segments of a JPEG up to its first scan: `{ marker, data }`. */
function segments(jpeg) {
  assert.equal(jpeg.readUInt16BE(0), 0xffd8, 'a JPEG');
  const found = [];
  for (let at = 2; jpeg[at + 1] !== 0xda; ) {
    const length = jpeg.readUInt16BE(at + 2);
    found.push({ marker: jpeg[at + 1], data: jpeg.subarray(at + 4, at + 2 + length) });
    at += 2 + length;
  }
  return found;
}

/** Mean of all quantisation steps of a JPEG. The smaller, the better its quality. */
function coarseness(jpeg) {
  const steps = segments(jpeg)
    .filter(({ marker }) => marker === 0xdb)
    .flatMap(({ data }) => {
      const values = [];
      for (let at = 0; at < data.length; ) {
        const wide = data[at] >> 4;
        at += 1;
        for (let i = 0; i < 64; i += 1) values.push(wide ? data.readUInt16BE(at + i * 2) : data[at + i]);
        at += wide ? 128 : 64;
      }
      return values;
    });
  return steps.reduce((sum, step) => sum + step, 0) / steps.length;
}

function jpegSize(jpeg) {
  const { data } = segments(jpeg).find(({ marker }) => marker >= 0xc0 && marker <= 0xc2);
  return { width: data.readUInt16BE(3), height: data.readUInt16BE(1) };
}

function jpegProfile(jpeg) {
  const parts = segments(jpeg).filter(({ marker, data }) => marker === 0xe2 && data.toString('latin1', 0, 11) === 'ICC_PROFILE');
  return parts.length ? Buffer.concat(parts.map(({ data }) => data.subarray(14))) : undefined;
}

/** The tags of the first directory of an EXIF block: numbers and texts. */
function exifTags(tiff) {
  const little = tiff.toString('latin1', 0, 2) === 'II';
  const u16 = (at) => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const u32 = (at) => (little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  const start = u32(4);
  const tags = {};
  for (let i = 0; i < u16(start); i += 1) {
    const at = start + 2 + i * 12;
    const [tag, type, count] = [u16(at), u16(at + 2), u32(at + 4)];
    if (type === 3) tags[tag] = u16(at + 8);
    else if (type === 2) {
      const from = count > 4 ? u32(at + 8) : at + 8;
      tags[tag] = tiff.toString('latin1', from, from + count - 1);
    }
  }
  return tags;
}

function jpegExif(jpeg) {
  const found = segments(jpeg).find(({ marker, data }) => marker === 0xe1 && data.toString('latin1', 0, 4) === 'Exif');
  return found && exifTags(found.data.subarray(6));
}

function webpChunks(webp) {
  assert.equal(webp.toString('latin1', 0, 4) + webp.toString('latin1', 8, 12), 'RIFFWEBP');
  const found = [];
  for (let at = 12; at < webp.length; ) {
    const length = webp.readUInt32LE(at + 4);
    found.push({ type: webp.toString('latin1', at, at + 4), data: webp.subarray(at + 8, at + 8 + length) });
    at += 8 + length + (length % 2);
  }
  return found;
}

/** Mean difference of two pictures in the pixels outside of `rect`. */
function drift(was, now, rect, margin = 16) {
  let sum = 0;
  let count = 0;
  for (let y = 0; y < was.height; y += 1) {
    for (let x = 0; x < was.width; x += 1) {
      if (x > rect.x - margin && x < rect.x + rect.width + margin && y > rect.y - margin && y < rect.y + rect.height + margin) continue;
      for (let i = 0; i < 3; i += 1) sum += Math.abs(was.data[(y * was.width + x) * 4 + i] - now.data[(y * was.width + x) * 4 + i]);
      count += 3;
    }
  }
  return sum / count;
}

const decode = (type, bytes) => readUrl(page, `data:${type};base64,${bytes.toString('base64')}`);

// ------------------------------------------------------------------------ save

test('PNG with alpha: saved as PNG, every spared pixel and its alpha as before', async () => {
  const rect = { x: 98, y: 73, width: 44, height: 34 };
  const editor = await edit('soft.png', rect);
  assert.equal(await editor.frame.locator('#format').inputValue(), 'png', "the source's format is proposed");
  const { bytes, name } = await editor.save();
  assert.match(name, /^soft.*\.png$/);
  const was = PNG.sync.read(await file('soft.png'));
  const now = PNG.sync.read(bytes);
  compareOutside(was, now, rect);
  const clear = now.data.filter((_, at) => at % 4 === 3).filter((alpha) => alpha < 255).length;
  assert.ok(clear > 1000, 'it is still transparent');
  await editor.done();
});

for (const name of ['sand.jpg', 'sand-coarse.jpg']) {
  test(`${name}: saved as JPEG in about the quality of the source`, async () => {
    const editor = await edit(name);
    assert.equal(await editor.frame.locator('#format').inputValue(), 'jpeg');
    const saved = await editor.save();
    assert.match(saved.name, /\.jpe?g$/);
    const source = await file(name);
    assert.deepEqual(jpegSize(saved.bytes), { width: 320, height: 240 });
    const ratio = coarseness(saved.bytes) / coarseness(source);
    assert.ok(ratio > 0.8 && ratio < 1.2, `quantisation is ${ratio.toFixed(2)} times that of the source`);
    assert.ok(saved.bytes.length < source.length * 1.6 && saved.bytes.length > source.length * 0.5, `${saved.bytes.length} bytes after ${source.length}`);
    const was = await readElement(page, '#img');
    const now = await decode('image/jpeg', saved.bytes);
    assert.ok(drift(was, now, BALL) < 4, 'little is lost');
    assert.ok(redness(now) < 20, 'the ball is gone');
  });
}

test('a file keeps the name of its picture, once the user wants that', async () => {
  const editor = await edit('sand.jpg');
  assert.equal((await editor.save()).name, 'sand-edited.jpg');
  for (const name of ['sand.jpg', 'sand-edited.jpg']) {
    await editor.press('settings');
    await editor.press('keep-name');
    await editor.press('settings-close');
    assert.equal((await editor.save()).name, name);
  }
  await editor.leave();
});

test('EXIF: upright in the page and in the file, orientation 1, the rest kept', async () => {
  const rect = { x: 240 - BALL.y - BALL.height, y: BALL.x, width: BALL.height, height: BALL.width };
  page = await browser.page(`${server.home}/test/files.html?/pictures/test/turned.jpg`);
  const was = await readElement(page, '#img');
  assert.deepEqual([was.width, was.height], [240, 320]);
  const editor = await open(page, '#img');
  await editor.eraseRect(rect);
  const { bytes } = await editor.save('jpeg');
  assert.deepEqual(jpegSize(bytes), { width: 240, height: 320 });
  const tags = jpegExif(bytes);
  assert.equal(tags?.[0x010f], 'Rubout test camera');
  assert.equal(tags[0x0132], '2026:01:02 03:04:05');
  assert.ok(tags[0x0112] === 1 || tags[0x0112] === undefined, `orientation ${tags[0x0112]}`);
  assert.ok(drift(was, await decode('image/jpeg', bytes), rect) < 4, 'upright');
  const png = await editor.save('png');
  const plain = await decode('image/png', png.bytes);
  compareOutside(was, plain, rect);
  await editor.done();
  compareOutside(was, await readElement(page, '#img'), rect);
});

test('put into the page and erased again, it is saved like the file that it was', async () => {
  const turned = { x: 240 - BALL.y - BALL.height, y: BALL.x, width: BALL.height, height: BALL.width };
  for (const [name, rect, corner] of [['turned.jpg', turned, { x: 10, y: 10, width: 30, height: 40 }], ['sand.webp', BALL, { x: 10, y: 10, width: 40, height: 30 }]]) {
    page = await browser.page(`${server.home}/test/files.html?/pictures/test/${name}`);
    const first = await open(page, '#img');
    await first.eraseRect(rect);
    await first.done();
    const was = await readElement(page, '#img');
    const again = await open(page, '#img');
    same(was, await again.shown(), 'what is in the page is edited');
    await again.eraseRect(corner);
    const now = await again.shown();
    const saved = await again.save();
    const [stem, extension] = name.split('.');
    assert.equal(saved.name, `${stem}-edited.${extension}`);
    assert.equal(await again.hint(), `Saved as “${saved.name}”.`, 'and this is said');
    assert.ok(saved.bytes.length < (await file(name)).length * 1.6, `${saved.bytes.length} bytes`);
    const type = `image/${extension === 'jpg' ? 'jpeg' : extension}`;
    const seen = await decode(type, saved.bytes);
    assert.ok(drift(now, seen, { x: 0, y: 0, width: 0, height: 0 }, 0) < 4, 'both are erased in the file');
    assert.ok(redness(seen) < 20);
    if (extension === 'jpg') assert.equal(jpegExif(saved.bytes)?.[0x010f], 'Rubout test camera', 'with its metadata');
    await again.done();
    compareOutside(was, await readElement(page, '#img'), corner);
  }
});

test('a colour profile is kept: JPEG', async () => {
  const editor = await edit('wide-gamut.jpg');
  const was = await readElement(page, '#img');
  const { bytes } = await editor.save('jpeg');
  assert.deepEqual(jpegProfile(bytes), jpegProfile(await file('wide-gamut.jpg')));
  assert.ok(drift(was, await decode('image/jpeg', bytes), BALL) < 4, 'the same colours');
  await editor.done();
  compareOutside(was, await readElement(page, '#img'), BALL);
});

test('a colour profile is kept: PNG, samples untouched', async () => {
  const editor = await edit('wide-gamut.png');
  const was = await readElement(page, '#img');
  const { bytes } = await editor.save('png');
  const profile = (png) => pngChunks(png).find(({ type }) => type === 'iCCP')?.data;
  assert.ok(profile(bytes), 'there is a profile');
  compareOutside(PNG.sync.read(await file('wide-gamut.png')), PNG.sync.read(bytes), BALL);
  await editor.done();
  compareOutside(was, await readElement(page, '#img'), BALL);
});

test('WebP, lossy: saved as lossy WebP', async () => {
  const editor = await edit('sand.webp');
  assert.equal(await editor.frame.locator('#format').inputValue(), 'webp');
  const { bytes, name } = await editor.save();
  assert.match(name, /\.webp$/);
  assert.ok(webpChunks(bytes).some(({ type }) => type === 'VP8 '), 'lossy');
  const was = await readElement(page, '#img');
  const now = await decode('image/webp', bytes);
  assert.deepEqual([now.width, now.height], [320, 240]);
  assert.ok(drift(was, now, BALL) < 6, 'little is lost');
});

test('WebP, lossless with alpha: stays both', async () => {
  const rect = { x: 98, y: 73, width: 44, height: 34 };
  const editor = await edit('soft.webp', rect);
  const was = await readElement(page, '#img');
  const { bytes } = await editor.save('webp');
  assert.ok(webpChunks(bytes).some(({ type }) => type === 'VP8L'), 'lossless');
  compareOutside(was, await decode('image/webp', bytes), rect, { tolerance: 1 });
});

test('a JPEG of a picture with alpha stands on white', async () => {
  const editor = await edit('soft.png', { x: 98, y: 73, width: 44, height: 34 });
  const { bytes } = await editor.save('jpeg');
  const { data } = await decode('image/jpeg', bytes);
  assert.ok(data[0] > 240 && data[1] > 240 && data[2] > 240, `the corner is ${[...data.subarray(0, 3)]}`);
});

test('Copy puts a PNG of the native size on the clipboard', async () => {
  const editor = await edit('sand.jpg');
  await editor.press('copy');
  await until(async () => /copied/i.test(await editor.hint()), { what: 'the word that it is copied' });
  await browser.context.grantPermissions(['clipboard-read'], { origin: server.home });
  const reader = await browser.page(`${server.home}/test/framed.html`);
  const base64 = await reader.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    const bytes = new Uint8Array(await (await item.getType('image/png')).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  });
  await reader.close();
  const now = PNG.sync.read(Buffer.from(base64, 'base64'));
  const was = await readElement(page, '#img');
  compareOutside(was, now, BALL);
  assert.ok(redness(now) < 5, 'the ball is gone');
});

test('Ctrl+S and Ctrl+C are those of the overlay', async () => {
  const editor = await edit('sand.jpg');
  const [download] = await Promise.all([editor.surface.waitForEvent('download'), page.keyboard.press('Control+s')]);
  assert.match(download.suggestedFilename(), /\.jpe?g$/);
  await page.keyboard.press('Control+c');
  await until(() => editor.frame.evaluate(() => /copied/i.test(document.querySelector('#status').textContent)), { what: 'the word that it is copied' });
});

// ------------------------------------------------------------------- bad input

/** Opens the overlay on an element of bad.html, and waits until it can be painted on or says something. */
async function unusual(selector) {
  page = await browser.page(`${server.home}/test/bad.html`);
  await page.locator(selector).scrollIntoViewIfNeeded();
  await rightClickErase(page, selector);
  return overlay(page, { states: ['painting', 'failed', 'asking'] });
}

for (const [selector, sentence] of Object.entries({
  '#none': /empty|no pixels|damaged|could not be read/i,
  '#empty': /empty|no pixels/i,
  '#text': /damaged|cannot read|no pixels|could not be read/i,
  '#missing': /could not load/i,
})) {
  test(`bad: ${selector} gives a sentence and a button`, async () => {
    const editor = await unusual(selector);
    const said = await editor.says();
    assert.match(said, sentence);
    // A canvas may still be drawn.
    if (selector !== '#empty') assert.doesNotMatch(said, /wait until/i, 'it has loaded, and nothing else will come');
    assert.match(said, /[.?!]$/, 'a whole sentence');
    const buttons = await editor.frame.locator('#notice button:visible').count();
    assert.ok(buttons >= 1, 'a button that helps');
    await editor.leave();
  });
}

test('bad: a JPEG that ends too early is edited as far as it goes', async () => {
  const editor = await unusual('#cut');
  await editor.reaches('painting');
  await editor.eraseRect({ x: 40, y: 20, width: 40, height: 30 });
  await editor.done();
  assert.equal((await readElement(page, '#cut')).width, 320);
});

test('bad: 20 000 pixels wide just works', async () => {
  const editor = await unusual('#wide');
  await editor.reaches('painting');
  const was = await readElement(page, '#wide');
  assert.equal(was.width, 20_000);
  const rect = { x: 9000, y: 8, width: 1600, height: 20 };
  await editor.eraseRect(rect);
  const { bytes } = await editor.save('png');
  const now = PNG.sync.read(bytes);
  assert.deepEqual([now.width, now.height], [20_000, 40]);
  compareOutside(was, now, rect, { margin: 80 });
  // A WebP cannot be that wide, which is said, and what to do instead.
  await editor.frame.locator('#format').selectOption('webp');
  await editor.press('save');
  assert.match(await editor.says(/WebP/), /16[,. \u00a0]?383|PNG|another format/i);
  await editor.key('Escape');
  await editor.done();
});

for (const selector of ['#gif', '#webp']) {
  test(`bad: animated ${selector}: the first frame, and it says so`, async () => {
    const editor = await unusual(selector);
    await editor.reaches('painting');
    assert.match(`${await editor.hint()} ${await editor.notice()}`, /first frame/i);
    const [width, height] = selector === '#gif' ? [160, 120] : [320, 240];
    await editor.eraseRect({ x: width * 0.3, y: height * 0.3, width: width * 0.3, height: height * 0.3 });
    await editor.done();
    const one = await readElement(page, selector);
    assert.deepEqual([one.width, one.height], [width, height]);
    // Longer than one round of the animation: there is no event to wait for if nothing happens.
    await sleep(1200);
    const { inside, outside } = differences(one, await readElement(page, selector), { x: 0, y: 0, width, height });
    assert.equal(inside + outside, 0, 'it stands still');
  });
}

test('bad: an SVG file is edited as it is drawn', async () => {
  const editor = await unusual('#svg');
  await editor.reaches('painting');
  const view = await editor.frame.locator('#picture').evaluate(({ width, height }) => ({ width, height }));
  assert.ok(view.width >= 320 && view.height >= 240, 'in no lower resolution than it is shown');
  const [a] = await editor.view();
  assert.ok(a > 0);
  // It may be drawn with more than 320 x 240 pixels, so the circle is measured as a share of all pixels.
  const scale = 320 / a / 320 || 1;
  const rect = { x: 118 * scale, y: 68 * scale, width: 84 * scale, height: 84 * scale };
  await editor.eraseRect(rect);
  await editor.done();
  assert.ok(redness(await readElement(page, '#svg')) < 20, 'the circle is gone');
});

test('bad: nothing painted, everything painted', async () => {
  page = await browser.page(`${server.home}/test/kinds.html`);
  const editor = await open(page, '#img');
  const told = () =>
    editor.frame.evaluate(() => `${document.querySelector('#notice').hidden ? '' : document.querySelector('#notice-text').textContent} ${document.querySelector('#status').textContent}`);
  await editor.key('Enter');
  await until(async () => /nothing is painted/i.test(await told()), { what: 'a word that nothing is painted' });
  await editor.press('invert');
  await editor.press('erase');
  await until(async () => /everything is painted/i.test(await told()), { what: 'a word that everything is painted' });
  // And on it goes.
  await editor.press('clear').catch(() => {});
  await editor.eraseRect(BALL);
});

test('what is invented over text says so, for all to read', async () => {
  page = await browser.page(`${server.home}/test/files.html?`);
  const png = await page.evaluate(() => {
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width: 480, height: 320 });
    const context = canvas.getContext('2d');
    context.fillStyle = '#fff';
    context.fillRect(0, 0, 480, 320);
    context.fillStyle = '#111';
    context.font = '18px sans-serif';
    for (let y = 24; y < 320; y += 24) context.fillText('The quick brown fox jumps over the lazy dog 0123', 12, y);
    // Nothing shines through it.
    context.fillStyle = '#c01030';
    context.fillRect(140, 110, 180, 90);
    return canvas.toDataURL().split(',')[1];
  });
  server.put('/letters.png', 'image/png', Buffer.from(png, 'base64'));
  page = await browser.page(`${server.home}/test/files.html?/letters.png`);
  await page.locator('#img').evaluate((image) => image.decode());
  const editor = await open(page, '#img');
  await editor.eraseRect({ x: 134, y: 104, width: 192, height: 102 });
  assert.match(await editor.hint(), /text here is made up/i);
  assert.match(await editor.frame.locator('#status').textContent(), /text here is made up/i, 'for screen readers, too');
  await editor.leave();
});

test('a picture whose address answers slowly is edited from what the browser has', async () => {
  page = await browser.page(`${server.home}/test/files.html?/slow/400/pictures/test/sand.jpg`);
  await page.locator('#img').evaluate((image) => image.decode());
  const editor = await open(page, '#img');
  await editor.eraseRect(BALL);
});
