// The page on privacy: where it is linked, what it says, how it looks on a phone.

import assert from 'node:assert/strict';
import { audit, fitsPhone } from './audit.mjs';
import { browser, test, until, useBrowser } from './harness.mjs';

useBrowser({ headed: false });

for (const from of ['popup', 'welcome', 'models']) {
  test(`it is linked from the page "${from}"`, async () => {
    const page = await browser.page(`chrome-extension://${browser.id}/${from}.html`);
    await page.locator('a[href="privacy.html"]').click();
    await until(() => browser.context.pages().some((page) => page.url().endsWith('/privacy.html')), { what: 'the page on privacy' });
  });
}

test('it says in plain words what stays, what is loaded, what is kept and how to delete that', async () => {
  const page = await browser.page(`chrome-extension://${browser.id}/privacy.html`);
  await page.locator('html[lang="en-US"]').waitFor();
  const text = await page.locator('main').textContent();
  for (const words of [/stays on your computer/, /only if you choose one/, /Five minutes/, /“Delete everything…” deletes all/, /“Save as…” can remove/]) assert.match(text, words);
  assert.ok(text.split(/\s+/).length < 450, 'it is short');
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width: 1280, height: 900 });
    await audit(page);
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 900 });
      await fitsPhone(page);
      if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/privacy-${colorScheme}-${width}.png`, fullPage: true });
    }
  }
});

test('its button leads to where everything can be deleted', async () => {
  const page = await browser.page(`chrome-extension://${browser.id}/privacy.html`);
  await page.locator('a.button').click();
  await page.locator('#delete-all').waitFor();
});
