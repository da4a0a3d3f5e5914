// The page after installing: the ways in, the key, a picture to try at once, and what leaves the computer. It comes once.

import assert from 'node:assert/strict';
import { browser, editorOverlay, redness, relaunch, test, until, useBrowser } from './harness.mjs';
import { temporaryFolder } from './temporary.mjs';

const folder = temporaryFolder('welcome');

useBrowser({ profile: `${folder}/profile`, welcome: true });

const find = (part) => browser.context.pages().find((page) => page.url().includes(part));

test('after installing, one page says how to begin; its picture is edited at once', async () => {
  const page = await until(() => find('/welcome.html'), { what: 'the page' });
  await page.bringToFront();
  await until(async () => /Alt\+Shift\+E/.test(await page.locator('#by-key').textContent()), { what: 'the key' });
  assert.match(await page.locator('#by-menu').textContent(), /Erase something…/);
  assert.match(await page.locator('main').textContent(), /What leaves your computer\s*Nothing\./);
  assert.match(await page.locator('main').textContent(), /kept on this computer.*a week.*Forget all/);
  assert.ok(await page.locator('#try-picture').evaluate((image) => image.decode().then(() => image.naturalWidth === 640 && image.alt)));
  for (const [width, height] of [[1280, 900], [360, 740]]) {
    await page.setViewportSize({ width, height });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, `${width} pixels wide`);
    if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/welcome-${width}.png`, fullPage: true });
  }
  await page.setViewportSize({ width: 1280, height: 860 });
  // With the keyboard alone.
  await page.locator('#try .button').focus();
  await page.keyboard.press('Enter');
  const overlay = await editorOverlay(page);
  assert.equal(await page.title(), 'A red ball on sand.jpg – Rubout editor');
  assert.ok(redness(await overlay.shown()) > 1000);
  await overlay.eraseRect({ x: 236, y: 160, width: 180, height: 176 });
  assert.ok(redness(await overlay.shown()) < 20, 'the ball is gone');
});

test('the next start of the browser shows nothing', async () => {
  await relaunch();
  await browser.page('about:blank');
  await until(() => browser.worker(), { what: 'the worker' });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(find('/welcome.html'), undefined);
});
