// Hiding private details instead of erasing them: black, a mosaic, a blur.

import assert from 'node:assert/strict';
import { BALL, browser, compareOutside, open, readElement, readUrl, same, server, test, useBrowser } from './harness.mjs';

useBrowser();

const visit = () => browser.page(`${server.home}/test/kinds.html`);
const method = (editor) => editor.frame.locator('#engine');
const hint = (editor) => editor.frame.locator('#hint').textContent();

/** The pixels of `rect` in a picture. */
function inside({ width, data }, rect) {
  const pixels = [];
  for (let y = rect.y; y < rect.y + rect.height; y += 1) {
    for (let x = rect.x; x < rect.x + rect.width; x += 1) pixels.push([...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)]);
  }
  return pixels;
}

test('what is blacked out is black and opaque in the page and in the file, and the next picture begins with erasing', async () => {
  const page = await visit();
  const was = await readElement(page, '#img');
  const editor = await open(page, '#img');
  await editor.pick('engine', 'black-out');
  assert.equal(await editor.frame.locator('#erase').getAttribute('aria-label'), 'Black out', 'the button says what it does');
  assert.match(await hint(editor), /opaque black/);
  await editor.eraseRect(BALL);
  assert.match(await hint(editor), /Nothing of it is left/);
  const { bytes } = await editor.save('png');
  const file = await readUrl(page, `data:image/png;base64,${bytes.toString('base64')}`);
  compareOutside(was, file, BALL);
  assert.ok(inside(file, BALL).every((pixel) => pixel.join() === '0,0,0,255'), 'in the file');
  await editor.done();
  const now = await readElement(page, '#img');
  compareOutside(was, now, BALL);
  assert.ok(inside(now, BALL).every((pixel) => pixel.join() === '0,0,0,255'), 'in the page');

  const next = await open(page, '#img');
  assert.equal(await method(next).inputValue(), 'instant');
  assert.equal(await next.frame.locator('#erase').getAttribute('aria-label'), 'Erase');
  await next.leave();
});

test('a mosaic and a blur leave coarse colours, say that they are not safe, and are undone like a fill', async () => {
  const page = await visit();
  const was = await readElement(page, '#img');
  const editor = await open(page, '#img');
  for (const way of ['pixelate', 'blur']) {
    await editor.pick('engine', way);
    assert.match(await hint(editor), /Black out is the safe choice/, way);
    await editor.eraseRect(BALL);
    assert.match(await hint(editor), /Black out is the safe choice/, way);
    const hidden = await editor.shown();
    compareOutside(was, hidden, BALL);
    const colours = new Set(inside(hidden, BALL).map(String));
    const before = new Set(inside(was, BALL).map(String));
    if (way === 'pixelate') assert.ok(colours.size < before.size / 10, `${colours.size} colours of ${before.size}`);
    assert.ok(!hidden.data.equals(was.data), way);
    await editor.press('undo');
    same(was, await editor.shown(), `${way} is undone`);
    await editor.press('undo');
  }
  await editor.leave();
});

test('what was erased can be blacked out instead', async () => {
  const page = await visit();
  const editor = await open(page, '#img');
  await editor.eraseRect(BALL);
  await editor.pick('engine', 'black-out');
  await editor.passed();
  await editor.press('again');
  await editor.waitDone();
  assert.ok(inside(await editor.shown(), BALL).every((pixel) => pixel.join() === '0,0,0,255'));
  await editor.leave();
});
