// The same in many files: at the same place or wherever a mark is found, into a ZIP file or a folder, with a report; paused and stopped.

import assert from 'node:assert/strict';
import { linkSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { audit } from './audit.mjs';
import { browser, editorOverlay, longTest, sleep, test, until, useBrowser } from './harness.mjs';
import { temporaryFolder } from './temporary.mjs';

useBrowser();

const folder = temporaryFolder('batch');

/** Grainy ground, different in each picture, with a red ring at a place if there is one. */
function written(name, width, height, number, mark) {
  const png = new PNG({ width, height });
  for (let at = 0; at < width * height; at += 1) {
    const [x, y] = [at % width, Math.floor(at / width)];
    const grain = (x * 31 + y * 17 + number * 7) % 5;
    const colour = [190 - y / 9 - number * 4, 180 + grain, 120 + x / 20 + number * 5];
    const from = mark && Math.hypot((x - mark.x - 30 * mark.scale) / mark.scale, (y - mark.y - 30 * mark.scale) / mark.scale);
    const inMark = mark && (from > 16 && from < 24 || from < 7);
    png.data.set([...(inMark ? [200, 20, 30] : colour), 255], at * 4);
  }
  const path = join(folder, name);
  writeFileSync(path, PNG.sync.write(png));
  return path;
}

/** The mark lies 90 pixels from the right and 80 from the bottom of these. */
const cornered = (name, width, height, number) => written(name, width, height, number, { x: width - 90, y: height - 80, scale: 1 });
const SOURCE = cornered('source.png', 400, 300, 0);
const FILES = [cornered('a.png', 400, 300, 1), cornered('b.png', 620, 410, 2), cornered('c.png', 400, 300, 3), cornered('d.png', 500, 300, 4)];
const MOVED = [
  written('e.png', 640, 400, 5, { x: 40, y: 50, scale: 1 }),
  written('f.png', 640, 400, 6, { x: 420, y: 250, scale: 1.15 }),
];
const CLEAR = written('g.png', 400, 300, 7);
const BROKEN = join(folder, 'h.png');
writeFileSync(BROKEN, 'no picture');

const reds = ({ data }) => {
  let count = 0;
  for (let at = 0; at < data.length; at += 4) count += data[at] > 150 && data[at + 1] < 90;
  return count;
};

/** The files in a ZIP file without compression, by their names. */
function unzipped(zip) {
  const files = {};
  let at = zip.readUInt32LE(zip.length - 22 + 16);
  for (let left = zip.readUInt16LE(zip.length - 22 + 10); left > 0; left -= 1) {
    assert.equal(zip.readUInt32LE(at), 0x02014b50);
    assert.equal(zip.readUInt16LE(at + 10), 0, 'stored as it is');
    const [size, name, extra, comment] = [zip.readUInt32LE(at + 24), ...[28, 30, 32].map((field) => zip.readUInt16LE(at + field))];
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    files[zip.toString('utf8', at + 46, at + 46 + name)] = zip.subarray(start, start + size);
    at += 46 + name + extra + comment;
  }
  return files;
}

/** The editor, with the mark of a picture painted over. */
async function painted(size) {
  const page = await browser.page(`chrome-extension://${browser.id}/editor.html`);
  if (size) await page.setViewportSize(size);
  await page.bringToFront();
  await until(() => page.evaluate(() => document.documentElement.dataset.ready !== undefined), { what: 'an editor that listens' });
  await page.setInputFiles('#files', [SOURCE]);
  const overlay = await editorOverlay(page);
  await overlay.eraseRect({ x: 306, y: 216, width: 68, height: 68 });
  assert.ok(reds(await overlay.shown()) < 5);
  return page;
}

const batch = (page) => page.evaluate(() => document.querySelector('#batch-sheet').dataset.batch);
const text = (page, id) => page.locator(`#${id}`).textContent();

/** Starts, and gives what is downloaded when all is done. */
async function zipped(page) {
  const [download] = await Promise.all([page.waitForEvent('download', { timeout: 120_000 }), page.locator('#batch-start').click()]);
  await until(async () => (await batch(page)) === 'over', { what: 'an end' });
  assert.equal(download.suggestedFilename(), 'rubout.zip');
  return unzipped(readFileSync(await download.path()));
}

test('at the same place in files of other sizes: shown first, then all in one ZIP file; what fails is said', async () => {
  const page = await painted();
  await page.keyboard.press('Control+m');
  await until(async () => (await batch(page)) === 'choosing', { what: 'the dialog' });
  assert.match(await text(page, 'batch-what'), /what you painted in “source.png”/);
  assert.equal(await page.locator('#batch-start').isDisabled(), true, 'nothing to do yet');
  await page.setInputFiles('#batch-chooser', [...FILES, BROKEN]);
  assert.match(await text(page, 'batch-count'), /^Files: 5 \(/);
  await until(async () => (await page.locator('#batch-proofs figure').count()) === 3, { what: 'three first results', timeout: 60_000 });
  if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/batch.png` });
  await audit(page);
  const files = await zipped(page);
  assert.deepEqual(Object.keys(files).sort(), ['a.png', 'b.png', 'c.png', 'd.png'], 'names are kept');
  for (const [name, file] of Object.entries(files)) {
    const [result, source] = [PNG.sync.read(file), PNG.sync.read(readFileSync(join(folder, name)))];
    assert.ok(reds(source) > 800 && reds(result) < 5, name);
    assert.deepEqual(result.data.subarray(0, 4 * 400 * 200), source.data.subarray(0, 4 * 400 * 200), 'the rest is as it was');
  }
  assert.equal(await text(page, 'batch-sum'), 'Edited: 4 · Nothing to erase: 0 · Failed: 1');
  assert.match(await page.locator('#batch-list .failed').textContent(), /^h\.png.{10,}/, 'what failed comes first, with the reason');
  if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/batch-over.png` });
  await audit(page);
  await page.locator('#batch-again').click();
  await until(async () => (await batch(page)) === 'choosing', { what: 'other files' });
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'batch-open');
});

test('a mark is found wherever it is, larger too; a picture without it is left out', async () => {
  const page = await painted({ width: 360, height: 640 });
  await page.locator('#batch-open').click();
  await until(async () => (await batch(page)) === 'choosing', { what: 'the dialog' });
  await page.locator('#batch-find').check();
  await page.setInputFiles('#batch-chooser', [...MOVED, CLEAR]);
  await until(async () => (await page.locator('#batch-proofs figure').count()) === 3, { what: 'three first results', timeout: 60_000 });
  assert.match(await page.locator('#batch-proofs figure').nth(2).textContent(), /g\.png: Nothing to erase was found here/);
  if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/batch-360.png` });
  const width = await page.evaluate(() => document.querySelector('#batch-sheet').scrollWidth - document.querySelector('#batch-sheet').clientWidth);
  assert.equal(width, 0, 'nothing is cut off');
  const files = await zipped(page);
  assert.deepEqual(Object.keys(files).sort(), ['e.png', 'f.png']);
  for (const [name, file] of Object.entries(files)) assert.ok(reds(PNG.sync.read(file)) < 20, name);
  assert.equal(await text(page, 'batch-sum'), 'Edited: 2 · Nothing to erase: 1 · Failed: 0');
});

test('blacked out instead; paused, gone on with, and stopped: what was done is in the results', async () => {
  const page = await painted();
  await page.locator('#batch-open').click();
  await until(async () => (await batch(page)) === 'choosing', { what: 'the dialog' });
  await page.locator('#batch-how').selectOption('black-out');
  const many = Array.from({ length: 30 }, (_, number) => cornered(`many-${number}.png`, 700, 500, number % 9));
  await page.setInputFiles('#batch-chooser', many);
  const download = page.waitForEvent('download', { timeout: 120_000 });
  await page.locator('#batch-start').click();
  const done = async () => Number(/^\d+/.exec(await text(page, 'batch-progress'))?.[0] ?? 0);
  await until(async () => (await done()) >= 2, { what: 'two files', timeout: 60_000 });
  await page.locator('#batch-pause').click();
  assert.equal(await text(page, 'batch-pause'), 'Resume');
  // What is being edited is finished.
  let before = -1;
  await until(async () => {
    const now = await done();
    const still = now === before;
    before = now;
    return still;
  }, { what: 'a pause', pause: 1500 });
  await page.keyboard.press('Escape');
  assert.equal(await batch(page), 'running', 'Escape stops nothing');
  await page.locator('#batch-pause').click();
  await until(async () => (await done()) > before, { what: 'going on', timeout: 60_000 });
  await page.locator('#batch-stop').click();
  const files = unzipped(readFileSync(await (await download).path()));
  await until(async () => (await batch(page)) === 'over', { what: 'an end' });
  assert.match(await text(page, 'batch-say'), /Stopped/);
  const count = Object.keys(files).length;
  assert.ok(count > before && count < 30, `${count} of 30`);
  for (const file of Object.values(files)) {
    const { data, width } = PNG.sync.read(file);
    assert.deepEqual([...data.subarray((450 * width + 640) * 4, (450 * width + 640) * 4 + 4)], [0, 0, 0, 255], 'black where it was painted');
  }
});

test('before anything is painted, it says what to do', async () => {
  const page = await browser.page(`chrome-extension://${browser.id}/editor.html`);
  await page.evaluate(() => chrome.storage.session.remove('lastMask'));
  await until(() => page.evaluate(() => document.documentElement.dataset.ready !== undefined), { what: 'an editor that listens' });
  await page.locator('#batch-open').click();
  await until(async () => (await batch(page)) === 'unpainted', { what: 'what to do' });
  assert.match(await text(page, 'batch-unpainted'), /^Open one of the pictures/);
  await audit(page);
});

test('into a folder: names and folders are kept, and what is there already stays', async () => {
  const page = await painted();
  // The browser's own dialog cannot be pressed here: a private folder stands for the one that the user chooses.
  await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry('chosen', { recursive: true }).catch(() => {});
    const chosen = await root.getDirectoryHandle('chosen', { create: true });
    const there = await (await chosen.getFileHandle('a.png', { create: true })).createWritable();
    await there.write('mine');
    await there.close();
    globalThis.showDirectoryPicker = async () => chosen;
  });
  await page.locator('#batch-open').click();
  await until(async () => (await batch(page)) === 'choosing', { what: 'the dialog' });
  await page.setInputFiles('#batch-chooser', [FILES[0], FILES[1]]);
  await page.locator('#batch-to-folder').check();
  await page.locator('#batch-start').click();
  await until(async () => (await batch(page)) === 'over', { what: 'an end', timeout: 60_000 });
  const found = await page.evaluate(async () => {
    const chosen = await (await navigator.storage.getDirectory()).getDirectoryHandle('chosen');
    const files = {};
    for await (const [name, handle] of chosen.entries()) files[name] = [...new Uint8Array(await (await handle.getFile()).arrayBuffer())];
    return files;
  });
  assert.deepEqual(Object.keys(found).sort(), ['a (2).png', 'a.png', 'b.png']);
  assert.equal(Buffer.from(found['a.png']).toString(), 'mine', 'nothing is overwritten');
  assert.ok(reds(PNG.sync.read(Buffer.from(found['a (2).png']))) < 5);
  assert.equal(await page.locator('#batch-save').isVisible(), false, 'there is no ZIP file');
});

/** The bytes of a JPEG of 12 megapixels, as the browser writes it, with a red mark in its corner. */
async function largeJpeg(page) {
  const base64 = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(4000, 3000);
    const context = canvas.getContext('2d');
    for (let band = 0; band < 300; band += 1) {
      context.fillStyle = `hsl(${band} 40% ${40 + (band % 7) * 4}%)`;
      context.fillRect(0, band * 10, 4000, 10);
    }
    context.fillStyle = '#c81e1e';
    context.fillRect(3700, 2800, 200, 120);
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
    return new Promise((done) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result.split(',')[1]);
      reader.readAsDataURL(blob);
    });
  });
  return Buffer.from(base64, 'base64');
}

longTest('200 files of 12 megapixels: memory does not grow with them', async () => {
  const COUNT = Number(process.env.COUNT ?? 200);
  const page = await browser.page(`chrome-extension://${browser.id}/editor.html`);
  await until(() => page.evaluate(() => document.documentElement.dataset.ready !== undefined), { what: 'an editor that listens' });
  const bytes = await largeJpeg(page);
  const files = Array.from({ length: COUNT }, (_, number) => join(folder, `large-${number}.jpg`));
  writeFileSync(files[0], bytes);
  files.slice(1).forEach((path) => linkSync(files[0], path));
  await page.setInputFiles('#files', files[0]);
  const overlay = await editorOverlay(page, { timeout: 60_000 });
  await overlay.eraseRect({ x: 3690, y: 2790, width: 220, height: 140 }, 60_000);
  await page.keyboard.press('Control+m');
  await until(async () => (await batch(page)) === 'choosing', { what: 'the dialog' });
  await page.setInputFiles('#batch-chooser', files);
  const download = page.waitForEvent('download', { timeout: 40 * 60_000 });
  const began = Date.now();
  await page.locator('#batch-start').click();
  const curve = [];
  while ((await batch(page)) !== 'over') {
    const done = Number(/^\d+/.exec(await text(page, 'batch-progress'))?.[0] ?? 0);
    curve.push({ done, memory: browser.extensionMemory() });
    await sleep(250);
  }
  const seconds = (Date.now() - began) / 1000;
  const most = (from, to) => Math.max(...curve.filter(({ done }) => done >= from * COUNT && done < to * COUNT).map(({ memory }) => memory)) / 1e6;
  const tenths = Array.from({ length: 10 }, (_, tenth) => most(tenth / 10, (tenth + 1) / 10));
  console.log(`${COUNT} files in ${seconds.toFixed(0)} s; MB by tenths: ${tenths.map((memory) => memory.toFixed(0)).join(' ')}`);
  assert.match(await text(page, 'batch-sum'), new RegExp(`^Edited: ${COUNT} `));
  assert.ok(Math.max(...tenths.slice(5)) < Math.max(...tenths.slice(1, 5)) * 1.1 + 50, 'the second half takes no more than the first');
  const zip = unzipped(readFileSync(await (await download).path()));
  assert.equal(Object.keys(zip).length, COUNT);
}, 45 * 60_000);
