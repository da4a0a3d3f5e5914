// Zooming: by buttons, by the wheel, to the real size; strips of one pixel; and a key of the browser's own, which the overlay leaves alone.

import assert from 'node:assert/strict';
import { BALL, browser, open, overlay, pickErase, redness, server, stable, test, until, useBrowser, xdotool } from './harness.mjs';

useBrowser();

const kinds = async () => {
  const page = await browser.page(`${server.home}/test/kinds.html`);
  await page.locator('html[data-ready]').waitFor();
  return page;
};
const scale = async (editor) => (await editor.view())[0];
const percent = (editor) => editor.frame.locator('#zoom-percent').textContent().then((text) => parseInt(text, 10));

test('buttons zoom, say how much, and lead back', async () => {
  const page = await kinds();
  const editor = await open(page, '#img');
  const home = await scale(editor);
  assert.equal(await percent(editor), Math.round(home * 100));
  await editor.press('zoom-in');
  await until(async () => (await scale(editor)) > home * 1.2, { what: 'a larger picture' });
  assert.equal(await percent(editor), Math.round((await scale(editor)) * 100));
  // The button stays under the pointer, however large the picture becomes.
  const place = () => editor.frame.locator('#zoom-in').boundingBox();
  const before = await place();
  for (let i = 0; i < 8; i += 1) await editor.press('zoom-in');
  assert.deepEqual(await stable(place), before);
  await editor.press('zoom-out');
  await editor.press('zoom-actual');
  await until(async () => (await percent(editor)) === 100, { what: 'the real size' });
  await editor.press('zoom-in');
  await editor.press('zoom-fit');
  await until(async () => Math.abs((await scale(editor)) - home) < 1e-6, { what: 'the whole picture' });
});

test('the wheel zooms at the pointer, and with Alt it changes the brush', async () => {
  const page = await kinds();
  const editor = await open(page, '#img');
  const size = async () => Number(await editor.frame.locator('#size').inputValue());
  const [home, brush, scroll] = [await scale(editor), await size(), await page.evaluate(() => scrollY)];
  const point = { x: 90, y: 70 };
  const [at] = await editor.toTab([point]);
  await page.mouse.move(at.x, at.y);
  await page.mouse.wheel(0, -300);
  await until(async () => (await scale(editor)) > home * 1.5, { what: 'a larger picture' });
  const [now] = await editor.toTab([point]);
  // The browser tells whole pixels.
  assert.ok(Math.hypot(now.x - at.x, now.y - at.y) < 2, 'what is under the pointer stays there');
  await page.mouse.wheel(0, 300);
  await until(async () => Math.abs((await scale(editor)) - home) < 1e-6, { what: 'the same size again' });
  assert.equal(await size(), brush);
  await page.keyboard.down('Alt');
  await page.mouse.wheel(0, -300);
  await page.keyboard.up('Alt');
  await until(async () => (await size()) > brush, { what: 'a larger brush' });
  assert.ok(Math.abs((await scale(editor)) - home) < 1e-6);
  assert.equal(await page.evaluate(() => scrollY), scroll, 'the page stays where it is');
  // Fingers that move sideways on a touchpad move the picture.
  const [, , , , left] = await editor.view();
  await page.mouse.wheel(60, 0);
  await until(async () => Math.abs((await editor.view())[4] - left + 60) < 0.01, { what: 'the picture further left' });
});

test('Alt+Left goes back as in any page, and nothing is lost', async () => {
  const page = await browser.page(`${server.home}/demo.html`);
  await page.goto(`${server.home}/test/kinds.html`);
  await page.locator('html[data-ready]').waitFor();
  const editor = await open(page, '#img');
  await editor.eraseRect(BALL);
  let asked = false;
  page.on('dialog', (dialog) => {
    asked = true;
    return dialog.accept();
  });
  xdotool('key', 'alt+Left');
  await until(() => page.url().includes('demo'), { what: 'the page before' });
  assert.ok(asked, 'the browser asks whether to leave an edit');
  await page.goForward();
  await page.locator('html[data-ready]').waitFor();
  const again = await open(page, '#img', { states: ['asking'], resume: true });
  await again.says(/interrupted/i);
  await again.press('notice-yes');
  await until(async () => redness(await again.shown()) < 5, { what: 'the edit' });
});

for (const [id, side] of [['rule', 'height'], ['post', 'width']]) {
  test(`a strip of one pixel (${side}) is found and can be worked on`, async () => {
    const page = await browser.page(`${server.home}/test/layouts.html?${id}`);
    await page.locator('html[data-ready]').waitFor();
    const strip = await page.locator(`#${id}`).boundingBox();
    // Nobody points at the very pixel.
    await pickErase(page, id === 'rule' ? { x: 200, y: strip.y + 3 } : { x: strip.x + 3, y: 200 });
    const editor = await overlay(page);
    const picture = await stable(() => editor.frame.locator('#picture').boundingBox());
    assert.ok(picture[side] >= 11, JSON.stringify(picture));
    await editor.eraseRect(id === 'rule' ? { x: 290, y: -0.2, width: 20, height: 1.4 } : { x: -0.2, y: 290, width: 1.4, height: 20 });
  });
}
