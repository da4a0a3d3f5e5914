// The whole overlay by keyboard, without a pointer.

import assert from 'node:assert/strict';
import {
  BALL, browser, compareOutside, open, overlay, pressCommand, readElement, redness, server, startPicking,
  test, until, useBrowser,
} from './harness.mjs';

let page;

useBrowser();

/** The tool that is chosen; none once the overlay has left. */
const checked = (editor) =>
  editor.frame.evaluate(() => document.querySelector('[role=radio][aria-checked=true]').id).catch(() => undefined);

test('command, pick, paint, erase, done: without a pointer, and the focus comes back', async () => {
  page = await browser.page(`${server.home}/test/lazy.html`);
  await page.locator('#swap').focus();
  const was = await readElement(page, '#img');
  await startPicking(page);
  // Arrow keys go to a picture, Enter picks it.
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  const editor = await overlay(page);
  await editor.passed();

  // A brush of about half the ball, then a few rows across it.
  for (let i = 0; i < 8; i += 1) await page.keyboard.press(']');
  const size = await editor.frame.locator('#size').inputValue();
  assert.ok(Number(size) > 0.3, `the brush grew: ${size}`);
  const go = async (key, times) => {
    for (let i = 0; i < times; i += 1) await page.keyboard.press(key);
  };
  // In circles from the middle of the picture, which is the middle of the ball.
  await go('Shift+ArrowRight', 3);
  await page.keyboard.press('Space');
  for (const [key, times] of [
    ['Shift+ArrowUp', 2], ['Shift+ArrowLeft', 6], ['Shift+ArrowDown', 3],
    ['Shift+ArrowRight', 7], ['Shift+ArrowDown', 2], ['Shift+ArrowLeft', 7],
  ]) await go(key, times);
  await page.keyboard.press('Space');
  const state = await editor.state();
  if (state === 'painting') await page.keyboard.press('Enter');
  await editor.waitDone();

  // Tab alone leads from the picture to the button and on.
  for (let i = 0; i < 30; i += 1) {
    if ((await editor.frame.evaluate(() => document.activeElement?.id)) === 'done') break;
    await page.keyboard.press('Tab');
    // A toolbar may be a single tab stop, with arrow keys between its buttons.
    if (i > 14) await page.keyboard.press('ArrowRight');
  }
  assert.equal(await editor.frame.evaluate(() => document.activeElement?.id), 'done', 'Done can be reached');
  await editor.key('Enter');
  await editor.left();

  const now = await readElement(page, '#img');
  assert.ok(redness(now) < redness(was) / 4, `the ball is gone: ${redness(now)} of ${redness(was)}`);
  compareOutside(was, now, BALL, { margin: 30 });
  await until(() => page.evaluate(() => document.activeElement?.id === 'swap'), { what: 'the focus back on the button' });
});

test('picking is left by Escape, and the page gets its keys back', async () => {
  page = await browser.page(`${server.home}/test/lazy.html`);
  await page.locator('#swap').focus();
  const nodes = () => page.evaluate(() => document.documentElement.children.length);
  const was = await nodes();
  await pressCommand(page);
  await until(async () => (await nodes()) > was, { what: 'picking' });
  await page.keyboard.press('Escape');
  await until(async () => (await nodes()) === was, { what: 'the end of picking' });
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('#img').getAttribute('data-swaps'), '1', 'Enter reaches the button of the page');
});

test('tools, sizes and zoom by their keys', async () => {
  page = await browser.page(`${server.home}/test/kinds.html`);
  const editor = await open(page, '#img');
  for (const [key, id] of [['s', 'tool-select'], ['w', 'tool-text'], ['r', 'tool-rectangle'], ['l', 'tool-lasso'], ['e', 'tool-eraser'], ['b', 'tool-brush']]) {
    await page.keyboard.press(key);
    await until(async () => (await checked(editor)) === id, { what: `${id} after ${key}` });
  }
  const size = async () => Number(await editor.frame.locator('#size').inputValue());
  const start = await size();
  await page.keyboard.press(']');
  await until(async () => (await size()) > start, { what: 'a larger brush' });
  await page.keyboard.press('[');
  await page.keyboard.press('[');
  await until(async () => (await size()) < start, { what: 'a smaller brush' });

  const scale = async () => {
    const [a, b] = await editor.view();
    return Math.hypot(a, b);
  };
  const fit = await scale();
  await page.keyboard.press('+');
  await until(async () => (await scale()) > fit * 1.05, { what: 'a larger picture' });
  await page.keyboard.press('0');
  await until(async () => Math.abs((await scale()) - fit) < fit * 0.01, { what: 'the whole picture again' });

  const [a, , , d, e, f] = await editor.view();
  await page.mouse.move(e + a * 160, f + d * 120);
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -240);
  await page.keyboard.up('Control');
  await until(async () => (await scale()) > fit * 1.05, { what: 'a larger picture by the wheel' });
  await page.keyboard.press('0');
});

test('the sheet of keys opens and closes, and Escape goes step by step', async () => {
  page = await browser.page(`${server.home}/test/kinds.html`);
  const editor = await open(page, '#img');
  const sheet = () => editor.frame.evaluate(() => document.querySelector('#help-sheet').open);
  await page.keyboard.press('?');
  await until(sheet, { what: 'the sheet' });
  await editor.key('Escape');
  await until(async () => !(await sheet()), { what: 'the sheet closed' });
  assert.equal(editor.gone(), false, 'the overlay stays');

  // Escape leaves the rectangle for the brush; then it closes.
  await page.keyboard.press('r');
  await editor.key('Escape');
  await until(async () => editor.gone() || (await checked(editor)) === 'tool-brush', { what: 'one step out' });
  if (!editor.gone()) await editor.key('Escape');
  await editor.left();
});

test('while the overlay is open, the page sees no keys', async () => {
  page = await browser.page(`${server.home}/test/lazy.html`);
  await page.evaluate(() => {
    window.seen = [];
    for (const type of ['keydown', 'keyup', 'keypress']) addEventListener(type, ({ key }) => seen.push(key), true);
  });
  const editor = await open(page, '#img');
  await page.evaluate(() => seen.splice(0));
  for (const key of ['b', 'Space', 'ArrowLeft', 'Space', ']', '?', 'Escape', 'Control+z']) await page.keyboard.press(key);
  assert.deepEqual(await page.evaluate(() => seen), []);
  await editor.leave();
  await page.evaluate(() => seen.splice(0));
  await page.keyboard.press('x');
  assert.ok((await page.evaluate(() => seen)).includes('x'), 'afterwards it does again');
});
