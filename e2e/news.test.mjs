// What is new after an update: one line in the popup, which goes when it was read, and a page that lists what each version brings.

import assert from 'node:assert/strict';
import { audit, fitsPhone } from './audit.mjs';
import { browser, sleep, test, until, useBrowser } from './harness.mjs';

useBrowser();

/** What the browser says after an update. Of an extension from a folder it never says that itself. */
const updated = (previousVersion) => browser.worker().evaluate((previousVersion) =>
  chrome.runtime.onInstalled.dispatch({ reason: 'update', previousVersion }), previousVersion);

const news = () => browser.worker().evaluate(async () => (await chrome.storage.local.get('news')).news);

/** The popup as a page, once it has looked whether there are news. */
async function popup() {
  const page = await browser.page(`chrome-extension://${browser.id}/popup.html`);
  await page.locator('#pick-key', { hasText: 'Alt' }).waitFor();
  await sleep(300);
  return page;
}

test('after installing, nothing is new', async () => {
  const page = await popup();
  assert.equal(await page.locator('#news').isVisible(), false);
  await updated(await browser.worker().evaluate(() => chrome.runtime.getManifest().version));
  await sleep(1000);
  assert.equal(await news(), undefined, 'nor when the same version comes again');
});

test('after an update, no tab opens; the popup has one line until it is put away', async () => {
  await updated('0.0.9');
  await until(news, { what: 'news' });
  await sleep(1500);
  assert.equal(browser.context.pages().length, 1, 'there is the first tab and no other');
  const page = await popup();
  await page.locator('#news').waitFor();
  assert.match(await page.locator('#news-title').textContent(), /^Rubout is now at \d+\.\d+\.\d+$/);
  assert.match(await page.locator('#news-words').textContent(), /\.$/);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await audit(page);
    if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/news-${colorScheme}.png`, clip: { x: 0, y: 0, width: 380, height: 620 } });
  }
  // By the keyboard alone, round from above.
  for (let i = 0; i < 10 && !(await page.evaluate(() => document.activeElement.id === 'news-close')); i += 1) await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await until(async () => !(await page.locator('#news').isVisible()) && !(await news()), { what: 'the end of the line' });
  assert.equal(await page.evaluate(() => document.activeElement.id), 'pick', 'the focus is not lost');
  assert.equal(await (await popup()).locator('#news').isVisible(), false, 'it does not come again');
});

test('the line leads to the page of all changes, and whoever has seen that needs no line', async () => {
  await updated('0.0.9');
  await until(news, { what: 'news' });
  const page = await popup();
  const [list] = await Promise.all([browser.context.waitForEvent('page'), page.locator('#news a').click()]);
  await list.waitForURL(/changes\.html$/);
  await list.locator('#releases h2', { hasText: '0.1.0' }).waitFor();
  await until(async () => !(await news()), { what: 'the end of the line' });
  for (const width of [1280, 360]) {
    await list.setViewportSize({ width, height: 780 });
    await fitsPhone(list);
    if (process.env.LOOK) await list.screenshot({ path: `${process.env.LOOK}/changes-${width}.png` });
  }
  for (const colorScheme of ['light', 'dark']) {
    await list.emulateMedia({ colorScheme });
    await audit(list);
  }
});
