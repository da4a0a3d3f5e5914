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

/** How much what is in sight differs from the picture at some of its pixels, and how red the picture is there: for each the largest of its values. */
const inSight = (editor, points) => editor.frame.evaluate((points) => {
  const [a, b, c, d, e, f] = JSON.parse(document.documentElement.dataset.view);
  const [view, picture] = ['view', 'picture'].map((id) => document.getElementById(id).getContext('2d'));
  const colour = (context, x, y) => [...context.getImageData(Math.floor(x), Math.floor(y), 1, 1).data];
  return points.map(({ x, y }) => {
    const [across, down] = [a * (x + 0.5) + c * (y + 0.5) + e, b * (x + 0.5) + d * (y + 0.5) + f];
    const [seen, is] = [colour(view, across * devicePixelRatio, down * devicePixelRatio), colour(picture, x, y)];
    return { difference: Math.max(...seen.map((value, i) => Math.abs(value - is[i]))), redness: is[0] - is[1] };
  });
}, points);

test('what is in sight is the picture, at every size and after every step', async () => {
  const page = await kinds();
  const editor = await open(page, '#img');
  const middle = { x: BALL.x + BALL.width / 2, y: BALL.y + BALL.height / 2 };
  const around = [-9, -3, 0, 4, 11].map((shift) => ({ x: middle.x + shift, y: middle.y - shift }));
  const largest = async (points, field) => Math.max(...(await inSight(editor, points)).map((found) => found[field]));
  // Smaller than it is, pixels are averages of several.
  const agrees = () => until(async () => (await largest([middle], 'difference')) < 40, { what: 'the picture as it is' });
  const red = (wanted) => until(async () => (await largest([middle], 'redness')) > 80 === wanted, { what: wanted ? 'the ball' : 'no ball' });
  await red(true);
  await agrees();
  const [at] = await editor.toTab([middle]);
  await page.mouse.move(at.x, at.y);
  for (let i = 0; i < 8 && (await scale(editor)) <= 4; i += 1) await page.mouse.wheel(0, -300);
  await until(async () => (await scale(editor)) > 4, { what: 'single pixels' });
  await until(async () => (await largest(around, 'difference')) === 0, { what: 'each pixel as it is' });
  await editor.press('zoom-fit');
  await editor.eraseRect(BALL);
  await editor.shown();
  await red(false);
  await agrees();
  await editor.pressUntil('undo', (shown) => redness(shown) > 5);
  await red(true);
  await agrees();
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
    await until(async () => (await editor.frame.locator('#picture').boundingBox())[side] >= 11, { what: 'a strip that is wide enough' });
    await editor.eraseRect(id === 'rule' ? { x: 290, y: -0.2, width: 20, height: 1.4 } : { x: -0.2, y: 290, width: 1.4, height: 20 });
  });
}
