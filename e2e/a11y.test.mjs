// Accessibility: axe-core examines the overlay in each of its states, in the page and in a tab, and every page of the extension.

import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AXE, audit, fitsPhone } from './audit.mjs';
import { BALL, browser, editorOverlay, EXTENSION, launch, open, overlay, rightClickErase, server, sleep, test, until, useBrowser } from './harness.mjs';
import { temporaryFolder } from './temporary.mjs';

let page;

useBrowser();

const kinds = async () => {
  page = await browser.page(`${server.home}/test/kinds.html`);
  await page.locator('html[data-ready]').waitFor();
};

test('painting, with something painted, done', async () => {
  await kinds();
  const editor = await open(page, '#img');
  await audit(editor.frame);
  await editor.passed();
  await editor.paintRect(BALL);
  await audit(editor.frame);
  await editor.erase();
  await editor.waitDone();
  await audit(editor.frame);
});

test('running', async () => {
  page = await browser.page(`${server.home}/demo.html`);
  const editor = await open(page, '#photo');
  await editor.frame.evaluate(AXE);
  await editor.passed();
  await editor.paintRect({ x: 300, y: 150, width: 500, height: 350 });
  await editor.erase();
  await editor.reaches(['running', 'done']);
  await audit(editor.frame);
});

test('asking', async () => {
  await kinds();
  const editor = await open(page, '#away', { states: ['asking'] });
  await editor.says();
  await audit(editor.frame);
});

test('failed', async () => {
  page = await browser.page(`${server.home}/test/bad.html`);
  await rightClickErase(page, '#none');
  const editor = await overlay(page, { states: ['failed', 'asking', 'painting'] });
  await editor.says();
  await audit(editor.frame);
});

test('the sheet of keys', async () => {
  await kinds();
  const editor = await open(page, '#img');
  await editor.press('help');
  await until(() => editor.frame.evaluate(() => document.querySelector('#help-sheet').open), { what: 'the sheet' });
  await audit(editor.frame);
});

for (const scheme of ['dark', 'light']) {
  test(`in a ${scheme} scheme, with less motion and more contrast`, async () => {
    await kinds();
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce', contrast: 'more' });
    const editor = await open(page, '#img');
    await audit(editor.frame);
    const moving = await editor.frame.evaluate(() =>
      document.getAnimations().filter(({ effect }) => effect.getComputedTiming().iterations === Infinity && effect.getComputedTiming().duration > 0).length);
    assert.equal(moving, 0, 'nothing moves');
  });
}

test('in a tab', async () => {
  page = await browser.page(`${server.home}/test/hostile.html#no-frames`);
  const editor = await open(page, '#img');
  assert.notEqual(editor.surface, page);
  await audit(editor.frame);
  await editor.eraseRect(BALL);
  await audit(editor.frame);
  await editor.surface.close();
});

test('every control has a name and is large enough', async () => {
  await kinds();
  const editor = await open(page, '#img');
  const small = await editor.frame.evaluate(() =>
    [...document.querySelectorAll('#toolbar :is(button, select, input)')]
      .filter((control) => control.checkVisibility())
      .map((control) => [control.id, (control.closest('label') ?? control).getBoundingClientRect()])
      .filter(([, { width, height }]) => width < 40 || height < 40)
      .map(([id, { width, height }]) => `${id} ${width} x ${height}`));
  assert.deepEqual(small, []);
  for (const control of await editor.frame.locator('#toolbar :is(button, select, input)').all()) {
    const name = await control.evaluate((element) => element.getAttribute('aria-label') || element.textContent.trim() || element.labels?.[0]?.textContent.trim());
    assert.ok(name, `a name for ${await control.getAttribute('id')}`);
  }
});

test('what is said to a screen reader', async () => {
  await kinds();
  const editor = await open(page, '#img');
  const label = await editor.frame.locator('#picture').getAttribute('aria-label');
  assert.match(label, /Ball/, "the picture has the name that the page's author gave it");
  const spoken = () => editor.frame.locator('#status').textContent();
  await editor.eraseRect(BALL);
  await until(async () => /erased/i.test(await spoken()), { what: 'a word that it is erased' });
});

test('the demo page', async () => {
  page = await browser.page(`${server.home}/demo.html`);
  await audit(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  await audit(page);
});

test('the window that asks for a site where a frame may not', async () => {
  page = await browser.page(`chrome-extension://${browser.id}/grant.html#${encodeURIComponent('https://pictures.example.org/*')}`);
  await page.locator('#why', { hasText: 'pictures.example.org' }).waitFor();
  await page.setViewportSize({ width: 360, height: 300 });
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await audit(page);
  }
  await fitsPhone(page);
});

for (const scheme of ['light', 'dark']) {
  test(`the editor in a ${scheme} scheme: pictures, the sheet that saves, the list of what is kept`, async () => {
    page = await browser.page(`chrome-extension://${browser.id}/editor.html`);
    await page.emulateMedia({ colorScheme: scheme });
    await page.locator('html[data-ready]').waitFor();
    await page.setInputFiles('#files', ['sand.jpg', 'wide.png'].map((name) => fileURLToPath(new URL(`./pages/pictures/test/${name}`, import.meta.url))));
    const editor = await editorOverlay(page);
    await editor.eraseRect(BALL);
    await audit(page);
    await audit(editor.frame);
    await page.setViewportSize({ width: 360, height: 780 });
    await fitsPhone(page);
    await page.setViewportSize({ width: 1280, height: 780 });
    const look = async (name) => {
      if (!process.env.LOOK) return;
      for (const width of [1280, 360]) {
        await page.setViewportSize({ width, height: 780 });
        await sleep(300);
        await page.screenshot({ path: `${process.env.LOOK}/${name}-${scheme}-${width}.png` });
      }
      await page.setViewportSize({ width: 1280, height: 780 });
      await sleep(300);
    };
    await look('editor');
    await editor.press('save-as');
    await until(() => editor.frame.locator('#save-as-save').isEnabled(), { what: 'a file' });
    await audit(editor.frame);
    await look('save-as');
    await editor.key('Escape');
    await page.close();
    page = await browser.page(`chrome-extension://${browser.id}/editor.html`);
    await page.emulateMedia({ colorScheme: scheme });
    await until(async () => (await page.locator('#kept-list li').count()) >= 2, { what: 'the list' });
    await audit(page);
    await page.setViewportSize({ width: 360, height: 780 });
    await fitsPhone(page);
    await page.setViewportSize({ width: 1280, height: 780 });
    await look('kept');
    await page.locator('#forget-all').click();
    await audit(page);
    await page.locator('#question-yes').click();
    await until(async () => (await page.locator('#kept-list li').count()) === 0, { what: 'an empty list' });
  });
}

test('every other page of the extension that people see', async () => {
  const names = readdirSync(EXTENSION, { recursive: true }).map(String).filter((name) => name.endsWith('.html'));
  // The overlay is examined above, state by state. The engine's page is never shown.
  for (const name of names.filter((name) => !/overlay|engine|offscreen/.test(name))) {
    page = await browser.page(`chrome-extension://${browser.id}/${name}`);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await audit(page);
    }
    await page.close();
  }
});

test('every word and every label of a page is that of the language file', async () => {
  // A copy of the extension in another language: that of the browser, with a mark in each message.
  const copy = temporaryFolder('language');
  cpSync(EXTENSION, copy, { recursive: true });
  const file = `${copy}/_locales/en/messages.json`;
  const messages = JSON.parse(readFileSync(file, 'utf8'));
  for (const message of Object.values(messages)) message.message = `¡${message.message}`;
  writeFileSync(file, JSON.stringify(messages));
  const marked = await launch({ headed: false, extension: copy });
  try {
    for (const name of ['models.html', 'editor.html', 'welcome.html', 'popup.html', 'privacy.html', 'changes.html', 'overlay.html?tab']) {
      const page = await marked.page(`chrome-extension://${marked.id}/${name}`);
      await page.locator('[data-i18n]').filter({ hasText: '¡' }).first().waitFor({ state: 'attached' });
      const others = await page.evaluate(() => [
        ...[...document.querySelectorAll('[data-i18n]')].map((element) => element.textContent),
        ...[...document.querySelectorAll('[data-i18n-label]')].flatMap((element) => [element.ariaLabel, element.dataset.tip]),
        // A word of ours may follow a name that is nobody's language, as of the GPU.
      ].filter((text) => !text?.includes('¡')));
      assert.deepEqual(others, [], `${name} has words of its own`);
      assert.equal(await page.locator('html').getAttribute('lang'), 'en-US');
    }
  } finally {
    await marked.close();
  }
});
