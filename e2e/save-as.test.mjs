// "Save as": format, quality, size and metadata are what the user set; the size in bytes is that of the file; and the result can be dragged out. What is
// in the files, a reader says that is not ours.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import exifr from 'exifr';
import { BALL, browser, editorOverlay, open, server, test, until, useBrowser } from './harness.mjs';
import { located } from './located.mjs';
import { temporaryFolder } from './temporary.mjs';

const picture = (name) => fileURLToPath(new URL(`./pages/pictures/test/${name}`, import.meta.url));
const folder = temporaryFolder('save-as');

useBrowser();

/** A JPEG from a camera that knows where it is. */
function photograph() {
  const path = join(folder, 'located.jpg');
  writeFileSync(path, located());
  return path;
}

async function editor(path) {
  const page = await browser.page(`chrome-extension://${browser.id}/editor.html`);
  await page.locator('html[data-ready]').waitFor();
  await page.setInputFiles('#files', path);
  return editorOverlay(page);
}

/** What the sheet says of the file, once it is made. */
const facts = (overlay) => until(async () => {
  const made = await overlay.frame.locator('#save-as-save').isEnabled();
  return made && overlay.frame.locator('#save-as-facts').textContent();
}, { what: 'a file that is made' });

/** Sets a slider or a number with the keyboard. */
async function set(overlay, id, value) {
  const control = overlay.frame.locator(`#${id}`);
  const before = await overlay.frame.locator('#save-as-facts').textContent();
  await control.focus();
  if ((await control.getAttribute('type')) === 'range') {
    await overlay.key('Home');
    for (let at = 1; at < value; at += 10) if (at + 10 <= value) await overlay.key('PageUp');
    const now = Number(await control.inputValue());
    for (let i = 0; i < Math.abs(value - now); i += 1) await overlay.key(value > now ? 'ArrowRight' : 'ArrowLeft');
  } else await control.fill(String(value));
  return before;
}

async function saved(overlay) {
  const [download] = await Promise.all([overlay.surface.waitForEvent('download'), overlay.frame.locator('#save-as-save').click()]);
  return { bytes: await readFile(await download.path()), name: download.suggestedFilename() };
}

/** The size that the sheet promises, in kB. */
const kilobytes = (text) => Number(/([\d.,]+)\skB/.exec(text)[1].replace(',', ''));

const size = (overlay, bytes, type) => overlay.frame.evaluate(async ([base64, type]) => {
  const file = await (await fetch(`data:${type};base64,${base64}`)).blob();
  const { width, height } = await createImageBitmap(file);
  return [width, height];
}, [bytes.toString('base64'), type]);

test('location and camera data are kept or removed as set, in every format', async () => {
  const overlay = await editor(photograph());
  await overlay.eraseRect(BALL);
  for (const format of ['jpeg', 'png', 'webp']) {
    for (const keeps of [true, false]) {
      await overlay.press('save-as');
      await overlay.pick('save-as-format', format);
      assert.ok(await overlay.frame.locator('#save-as-metadata').isChecked(), 'kept unless the user says something else');
      if (!keeps) await overlay.frame.locator('#save-as-metadata').click();
      await facts(overlay);
      const { bytes, name } = await saved(overlay);
      assert.equal(name, `located-edited.${format === 'jpeg' ? 'jpg' : format}`);
      // That reader knows no WebP: there, the block is looked for by what is in it.
      const found = format === 'webp'
        ? { Make: bytes.includes('Testcam') ? 'Testcam' : undefined, latitude: bytes.includes('EXIF') ? 48.5 : undefined }
        : (await exifr.parse(bytes, { gps: true, tiff: true })) ?? {};
      assert.equal(found.Make, keeps ? 'Testcam' : undefined, `${format}, kept: ${keeps}`);
      assert.equal(found.latitude, keeps ? 48.5 : undefined, `${format}, kept: ${keeps}`);
      if (!keeps) assert.ok(!bytes.includes('Testcam') && !bytes.includes('2024:05:06'), 'nowhere in the file');
    }
  }
});

test('quality and width: the sheet shows the size of the file, before it is saved', async () => {
  const overlay = await editor(picture('sand.jpg'));
  await overlay.eraseRect(BALL);
  await overlay.frame.locator('#picture').focus();
  await overlay.key('Control+Shift+S');
  await until(() => overlay.frame.locator('#save-as-sheet').evaluate((sheet) => sheet.open), { what: 'the sheet' });
  assert.equal(await overlay.frame.locator('#quality-shown').textContent(), 'as the original');
  const original = kilobytes(await facts(overlay));
  if (process.env.LOOK) await overlay.surface.screenshot({ path: `${process.env.LOOK}/save-as-1280.png` });
  const sizes = [];
  for (const quality of [20, 95]) {
    await set(overlay, 'quality', quality);
    await until(async () => (await overlay.frame.locator('#quality-shown').textContent()) === String(quality), { what: 'the quality' });
    sizes.push(kilobytes(await facts(overlay)));
  }
  assert.ok(sizes[0] < original && sizes[0] < sizes[1], `${sizes} of ${original}`);
  await set(overlay, 'save-as-width', 160);
  const words = await until(async () => /^160 × 120 pixels/.test(await facts(overlay)) && facts(overlay), { what: 'the new size' });
  // What is dragged out is that file.
  await overlay.frame.evaluate(() => {
    const taken = new Promise((resolve) => document.addEventListener('dragstart', (event) => resolve(event.dataTransfer.getData('DownloadURL')), { once: true }));
    globalThis.taken = taken.then(async (text) => {
      const [, type, name, url] = /^([^:]+):([^:]+):(.*)$/.exec(text);
      return { type, name, bytes: [...new Uint8Array(await (await fetch(url)).arrayBuffer())] };
    });
  });
  const box = await overlay.frame.locator('#save-as-drag').boundingBox();
  const { mouse } = overlay.surface;
  await mouse.move(box.x + 40, box.y + 40);
  await mouse.down();
  await mouse.move(box.x + 60, box.y + 60, { steps: 4 });
  const out = await until(() => overlay.frame.evaluate(() => globalThis.taken), { what: 'a drag' });
  await mouse.up();
  assert.deepEqual([out.type, out.name], ['image/jpeg', 'sand-edited.jpg']);
  const { bytes } = await saved(overlay);
  assert.ok(Buffer.from(out.bytes).equals(bytes), 'the same bytes');
  assert.equal(Math.ceil(bytes.length / 1000), kilobytes(words), 'as large as the sheet said');
  assert.deepEqual(await size(overlay, bytes, 'image/jpeg'), [160, 120]);
  assert.equal(await overlay.frame.locator('#save-as-sheet').evaluate((sheet) => sheet.open), false);
  // Nothing is unsaved now: the picture closes without a question.
  await overlay.close();
  await until(() => overlay.gone(), { what: 'the end of the picture' });
});

test('a WebP without loss has the pixels that are shown, and a picture with alpha keeps it when it is reduced', async () => {
  const overlay = await editor(picture('soft.png'));
  const shown = await overlay.shown();
  await overlay.press('save-as');
  await overlay.pick('save-as-format', 'webp');
  await set(overlay, 'quality', 100);
  await until(async () => (await overlay.frame.locator('#quality-shown').textContent()) === 'lossless', { what: 'the quality' });
  await facts(overlay);
  const { bytes } = await saved(overlay);
  assert.ok(bytes.includes('VP8L'), 'lossless');
  assert.deepEqual(await size(overlay, bytes, 'image/webp'), [shown.width, shown.height]);
  await overlay.press('save-as');
  await overlay.pick('save-as-format', 'png');
  assert.equal(await overlay.frame.locator('#quality-setting').isVisible(), false, 'a PNG has no quality');
  await set(overlay, 'save-as-width', Math.round(shown.width / 2));
  await until(async () => (await facts(overlay)).startsWith(`${Math.round(shown.width / 2)} ×`), { what: 'the new size' });
  const half = await saved(overlay);
  const clear = await overlay.frame.evaluate(async (base64) => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    return data.some((value, at) => at % 4 === 3 && value < 250);
  }, half.bytes.toString('base64'));
  assert.equal(clear, true);
});

test('it is there in a page as well, and Escape leaves it alone', async () => {
  const page = await browser.page(`${server.home}/test/kinds.html`);
  await page.locator('html[data-ready]').waitFor();
  const overlay = await open(page, '#img');
  await overlay.press('save-as');
  await facts(overlay);
  await overlay.key('Escape');
  await until(() => overlay.frame.locator('#save-as-sheet').evaluate((sheet) => !sheet.open), { what: 'the end of the sheet' });
  assert.equal(await overlay.state(), 'painting');
  await overlay.leave();
});
