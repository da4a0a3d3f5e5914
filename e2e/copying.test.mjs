// Copying and saving large pictures: how long our own part takes, and that it can be stopped. What the clipboard does with the file is the browser's affair.

import assert from 'node:assert/strict';
import { browser, longTest, open, server, test, until, useBrowser } from './harness.mjs';

useBrowser();

/** A page with a picture of so many pixels, full of detail. */
async function show(width, height) {
  const page = await browser.page(`${server.home}/test/files.html`);
  const bytes = await page.evaluate(async ([width, height]) => {
    const small = new ImageData(512, 512);
    for (let at = 0; at < small.data.length; at += 1) small.data[at] = at % 4 === 3 ? 255 : (at * 2654435761) >>> 25;
    const tile = await createImageBitmap(small);
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d');
    for (let y = 0; y < height; y += 700) for (let x = 0; x < width; x += 900) context.drawImage(tile, x, y, 900, 700);
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 });
    const reader = new FileReader();
    await new Promise((read) => {
      reader.onload = read;
      reader.readAsDataURL(blob);
    });
    return reader.result.split(',')[1];
  }, [width, height]);
  server.put('/large.jpg', 'image/jpeg', Buffer.from(bytes, 'base64'), { 'cache-control': 'no-store' });
  await page.goto(`${server.home}/test/files.html?/large.jpg`);
  await page.locator('#img').evaluate((image) => image.decode());
  return page;
}

/** Milliseconds from the press until the file is there. */
async function copied(editor) {
  await editor.frame.evaluate(() => {
    navigator.clipboard.write = async ([item]) => {
      const { size } = await item.getType('image/png');
      globalThis.copied = { at: performance.now(), size };
    };
    document.querySelector('#copy').addEventListener('click', () => (globalThis.pressed = performance.now()), { capture: true });
  });
  await editor.press('copy');
  const { at, size } = await until(() => editor.frame.evaluate(() => globalThis.copied), { what: 'a copy' });
  assert.ok(size > 1_000_000);
  return at - (await editor.frame.evaluate(() => globalThis.pressed));
}

for (const [megapixels, width, height, promised, most, kind] of [
  [12, 4000, 3000, 2_000, 4_000, test],
  [48, 8000, 6000, 8_000, 8_000, longTest],
]) {
  kind(`a copy of ${megapixels} megapixels is there soon`, async (t) => {
    const page = await show(width, height);
    const editor = await open(page, '#img');
    const ms = await copied(editor);
    t.diagnostic(`${megapixels} MP copied in ${Math.round(ms)} ms`);
    // What is promised is 2 and 8 seconds: with STRICT=1, on a machine that does nothing else. Other work may run beside this.
    assert.ok(ms < (process.env.STRICT ? promised : most), `${ms} ms`);
    assert.match(await editor.hint(), /copied/i);
    await editor.leave();
  });
}

test('a copy can be stopped, at once, and the clipboard gets nothing', async (t) => {
  // So large that it is surely still written when the key arrives: after the end, Escape leaves.
  const page = await show(8000, 6000);
  const editor = await open(page, '#img');
  await editor.frame.evaluate(() => {
    navigator.clipboard.write = ([item]) => item.getType('image/png').then(() => (globalThis.came = 'a file'), () => (globalThis.came = 'nothing'));
  });
  await editor.passed();
  await editor.press('copy');
  await editor.reaches('running');
  const pressed = Date.now();
  await editor.key('Escape');
  await editor.reaches(['painting', 'done']);
  t.diagnostic(`stopped after ${Date.now() - pressed} ms`);
  // Alone it takes a sixth of a second. What it must not do is wait for the copy; that nothing comes of one says so on a busy machine, too.
  assert.ok(Date.now() - pressed < (process.env.STRICT ? 1_000 : 4_000), `${Date.now() - pressed} ms`);
  assert.equal(await until(() => editor.frame.evaluate(() => globalThis.came), { what: 'what the clipboard gets' }), 'nothing');
  assert.doesNotMatch(await editor.hint(), /copied/i);
  await editor.leave();
});

/** A drawing: to make it small takes long, and is worth it. */
async function drawing(page, width, height) {
  const bytes = await page.evaluate(async ([width, height]) => {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d');
    for (let i = 0; i < 40_000; i += 1) {
      context.fillStyle = `hsl(${(i * 47) % 360} 60% 50%)`;
      context.fillRect((i * 7919) % width, (i * 104_729) % height, 60 + (i % 90), 20 + (i % 50));
    }
    const reader = new FileReader();
    await new Promise(async (read) => {
      reader.onload = read;
      reader.readAsDataURL(await canvas.convertToBlob());
    });
    return reader.result.split(',')[1];
  }, [width, height]);
  return Buffer.from(bytes, 'base64');
}

test('what is being written can be stopped, and the engine is free at once', async (t) => {
  const page = await browser.page(`${server.home}/test/files.html`);
  server.put('/drawing.png', 'image/png', await drawing(page, 6000, 4000), { 'cache-control': 'max-age=600' });
  await page.goto(`${server.home}/test/files.html?/drawing.png`);
  await page.locator('#img').evaluate((image) => image.decode());
  const editor = await open(page, '#img');
  await editor.frame.evaluate(() => {
    globalThis.told = [];
    const bar = document.querySelector('#progress-bar');
    new MutationObserver(() => told.push(bar.getAttribute('value'))).observe(bar, { attributeFilter: ['value'] });
  });
  await editor.press('save');
  const told = await until(() => editor.frame.evaluate(() => told.some((value) => Number(value) > 0) && told), { what: 'progress' });
  t.diagnostic(`told: ${told.slice(0, 5)}`);
  await editor.key('Escape');
  await editor.reaches(['painting', 'done']);
  // Writing it to its end would take much longer than this.
  const stopped = Date.now();
  await editor.eraseRect({ x: 100, y: 100, width: 40, height: 30 });
  t.diagnostic(`erased ${Date.now() - stopped} ms after it was stopped`);
  await editor.leave();
});
