// Put back: the page is restored exactly.

import assert from 'node:assert/strict';
import { BALL, browser, open, readElement, redness, same, server, test, until, useBrowser } from './harness.mjs';

let page;

useBrowser();

async function kinds() {
  page = await browser.page(`${server.home}/test/kinds.html`);
  await page.locator('html[data-ready]').waitFor();
}

/** Everything that a page can find out about an element. */
const describe = (selector) =>
  page.locator(selector).evaluate((element) => ({
    html: element.parentNode.innerHTML,
    style: element.getAttribute('style'),
    background: getComputedStyle(element).backgroundImage,
    source: element.currentSrc ?? null,
    width: element.naturalWidth ?? null,
  }));

for (const selector of ['#img', '#srcset', '#picture img', '#data', '#background', '#canvas', '#svg', '#in-shadow']) {
  test(`Put back, after Done: ${selector}`, async () => {
    await kinds();
    await page.locator(selector).scrollIntoViewIfNeeded();
    const before = await describe(selector);
    const was = await readElement(page, selector);
    const scale = was.width / 320;
    const rect = Object.fromEntries(Object.entries(BALL).map(([key, value]) => [key, value * scale]));

    const editor = await open(page, selector);
    await editor.eraseRect(rect);
    await editor.done();
    assert.ok(redness(await readElement(page, selector)) < 5 * scale, 'the ball is gone');

    const again = await open(page, selector);
    await again.revert();
    await until(async () => redness(await readElement(page, selector)) > 1000, { what: 'the ball back in the page' });
    await again.leave();
    assert.deepEqual(await describe(selector), before, 'the element is exactly as it was');
    same(was, await readElement(page, selector), 'every pixel is as it was');
  });
}

test('Put back, before Done, leaves the page as it was', async () => {
  await kinds();
  const was = await readElement(page, '#img');
  const html = await page.evaluate(() => document.documentElement.outerHTML);
  const editor = await open(page, '#img');
  await editor.eraseRect(BALL);
  await editor.revert();
  await until(async () => editor.gone() || redness(await editor.shown()) > 1000, { what: 'the original in the overlay' });
  await editor.leave();
  assert.equal(await page.evaluate(() => document.documentElement.outerHTML), html);
  same(was, await readElement(page, '#img'));
});

test('Put back asks first, and what the keyboard does by itself loses nothing', async () => {
  await kinds();
  const editor = await open(page, '#img');
  await editor.eraseRect(BALL);
  const filled = await editor.shown();
  for (const key of ['Escape', 'Enter']) {
    await editor.press('revert');
    await editor.says(/original/i);
    await editor.key(key);
    await until(async () => (await editor.notice()) === '', { what: `an answer by ${key}` });
    same(filled, await editor.shown(), `${key} loses nothing`);
  }
  // Escape asks whether to discard, and Enter goes on.
  await editor.key('Escape');
  await editor.says(/without keeping/i);
  await editor.key('Enter');
  await until(async () => (await editor.notice()) === '', { what: 'the question answered' });
  assert.equal(editor.gone(), false, 'Discard is not what Enter does');
  same(filled, await editor.shown());
  await editor.key('Escape');
  await editor.says(/without keeping/i);
  await editor.press('notice-yes');
  await editor.left();
  // What was discarded is not offered again.
  const again = await open(page, '#img');
  assert.equal(await again.notice(), '');
  assert.ok(redness(await again.shown()) > 1000);
});

test('what was not discarded is offered after the page was left', async () => {
  await kinds();
  const editor = await open(page, '#img');
  await editor.eraseRect(BALL);
  page.once('dialog', (dialog) => dialog.accept());
  await page.reload();
  await page.locator('html[data-ready]').waitFor();
  const again = await open(page, '#img', { states: ['asking'], resume: true });
  await again.says(/interrupted/i);
  await again.press('notice-yes');
  await until(async () => redness(await again.shown()) < 5, { what: 'the fill' });
});

test('closing with unsaved fills asks once, and keeps or discards', async () => {
  await kinds();
  const was = await readElement(page, '#img');
  const editor = await open(page, '#img');
  await editor.eraseRect(BALL);
  await editor.close();
  await editor.says(/without keeping/i);
  await editor.press('notice-no');
  await until(async () => (await editor.notice()) === '', { what: 'the question gone' });
  assert.equal(editor.gone(), false);
  await editor.close();
  await editor.says(/without keeping/i);
  await editor.press('notice-yes');
  await editor.left();
  same(was, await readElement(page, '#img'), 'the page is untouched');
});

test('a picture erased twice goes back to the very first', async () => {
  await kinds();
  const was = await readElement(page, '#img');
  for (const rect of [BALL, { x: 30, y: 30, width: 50, height: 40 }]) {
    const editor = await open(page, '#img');
    await editor.eraseRect(rect);
    await editor.done();
  }
  const editor = await open(page, '#img');
  await editor.revert();
  await until(async () => redness(await readElement(page, '#img')) > 1000, { what: 'the ball back in the page' });
  same(was, await readElement(page, '#img'));
});
