// Every language: nothing of the toolbar is cut off or orphaned, in a narrow window and in a wide one, and Arabic goes from right to left.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { browser, EXTENSION, overlay, pickErase, server, stable, test, until, useBrowser } from './harness.mjs';

useBrowser();

/** Stands for the browser's own lookup, which knows one language in a run. */
function speak(messages) {
  if (!globalThis.chrome?.i18n) return;
  chrome.i18n.getMessage = (key, filled = []) => {
    const { message = '', placeholders = {} } = messages[key] ?? {};
    return message.replace(/\$(\w+)\$/g, (whole, name) => [filled].flat()[placeholders[name.toLowerCase()]?.content.slice(1) - 1] ?? whole);
  };
}

/** What is cut off, or outside of the window or of the toolbar. */
function faults() {
  const found = [];
  const dock = document.querySelector('#dock').getBoundingClientRect();
  if (dock.left < 0 || dock.right > innerWidth || dock.bottom > innerHeight) found.push(`the dock: ${JSON.stringify(dock)}`);
  const rows = new Set();
  for (const control of document.querySelectorAll('#toolbar :is(button, select, input), #hint')) {
    if (!control.checkVisibility()) continue;
    const { left, right, top, bottom } = control.getBoundingClientRect();
    const name = control.id || control.textContent;
    if (control.closest('.row')) rows.add(Math.round((top + bottom) / 2));
    if (left < dock.left - 1 || right > dock.right + 1) found.push(`${name} stands outside`);
    if (control.localName === 'button' && control.scrollWidth > control.clientWidth + 1) found.push(`${name} is cut off`);
  }
  if (rows.size > (innerWidth >= 900 ? 1 : 2)) found.push(`${rows.size} rows`);
  const tools = document.querySelector('#tool-brush').getBoundingClientRect();
  const erase = document.querySelector('#erase').getBoundingClientRect();
  if (Math.abs(erase.top - tools.top) > 1) found.push('Erase is orphaned');
  // A window of 900 may have a scroll bar.
  if (innerWidth >= 880 && document.querySelector('#more-menu #zoom')) found.push('the zoom is in the menu');
  return found;
}

/** What of the menu is cut off, or outside of the window. What it has no room for is scrolled to. */
function menuFaults() {
  const found = [];
  const menu = document.querySelector('#more-menu');
  const frame = menu.getBoundingClientRect();
  if (frame.left < 0 || frame.right > innerWidth || frame.top < 0 || frame.bottom > innerHeight) found.push(`the menu: ${JSON.stringify(frame)}`);
  if (menu.scrollWidth > menu.clientWidth + 1) found.push('the menu is too wide');
  for (const part of menu.querySelectorAll('button')) {
    if (part.checkVisibility() && part.scrollWidth > part.clientWidth + 1) found.push(`${part.id} is cut off`);
  }
  return found;
}

for (const language of readdirSync(`${EXTENSION}/_locales`)) {
  test(`the toolbar in ${language}`, async () => {
    const messages = JSON.parse(readFileSync(`${EXTENSION}/_locales/${language}/messages.json`, 'utf8'));
    const page = await browser.page('about:blank');
    await page.addInitScript(speak, messages);
    await page.setViewportSize({ width: 360, height: 640 });
    await page.goto(`${server.home}/test/layouts.html?below`);
    await page.locator('html[data-ready]').waitFor();
    await pickErase(page, { x: 60, y: 610 });
    const editor = await overlay(page);
    assert.equal(await editor.frame.locator('#erase').textContent().then((text) => text.trim()), messages.erase.message, 'in this language');
    assert.equal(await editor.frame.evaluate(() => getComputedStyle(document.body).direction), language === 'ar' ? 'rtl' : 'ltr');
    for (const width of [360, 900, 961, 1280, 320]) {
      await page.setViewportSize({ width, height: 640 });
      const found = () => editor.frame.evaluate(faults);
      // A busy browser may take some time to the next frame, with which the toolbar takes its new place.
      await until(async () => (await found()).length === 0, { what: 'no faults', timeout: 5000 }).catch(() => {});
      assert.deepEqual(await stable(found), [], `${width} pixels wide`);
      // The menu of the rest, where there is one at this width.
      if (await editor.frame.locator('#more').isVisible()) {
        await editor.frame.locator('#more').click();
        assert.equal(await editor.frame.evaluate(() => document.querySelector('#more-menu').hidden), false, 'the menu is open');
        assert.deepEqual(await stable(() => editor.frame.evaluate(menuFaults)), [], `the menu, ${width} pixels wide`);
        await editor.frame.locator('#more').click();
      }
      if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/${language}-${width}.png` });
    }
    await editor.close();
  });
}

test('the other pages of the extension go from right to left in Arabic, and nothing stands out of a narrow window', async () => {
  const messages = JSON.parse(readFileSync(`${EXTENSION}/_locales/ar/messages.json`, 'utf8'));
  for (const name of ['welcome', 'editor', 'models', 'popup', 'privacy', 'changes']) {
    const page = await browser.page('about:blank');
    await page.addInitScript(speak, messages);
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 640 });
      await page.goto(`chrome-extension://${browser.id}/${name}.html`);
      await until(() => page.evaluate(() => getComputedStyle(document.body).direction === 'rtl'), { what: `${name} from right to left`, timeout: 20_000 });
      const beyond = () => page.evaluate(() => [...document.querySelectorAll('body *')].filter((part) => part.checkVisibility() && part.getClientRects().length).flatMap((part) => {
        const { left, right, width } = part.getBoundingClientRect();
        return width > 1 && (left < -1 || right > innerWidth + 1) ? [`${part.localName}#${part.id}: ${left} to ${right} of ${innerWidth}`] : [];
      }));
      assert.deepEqual(await stable(beyond), [], `${name}, ${width} pixels wide`);
      if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/ar-${name}-${width}.png` });
    }
    await page.close();
  }
});
