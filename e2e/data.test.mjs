// What is kept on this computer: settings to a file and from one, and everything deleted.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, browser, BALL, editorOverlay, test, until, useBrowser } from './harness.mjs';
import { startHub, tinyUnet, tinyVae } from './hub.mjs';
import { askStore, storePage } from './store.mjs';
import { temporaryFolder } from './temporary.mjs';

const folder = temporaryFolder('data');
let hub;

useBrowser({}, async () => {
  hub = await startHub(new Map([
    ['hustvl/Moebius/ft_places2/diffusion_pytorch_model.bin', await tinyUnet()],
    ['hustvl/PixelHacker/vae/diffusion_pytorch_model.bin', await tinyVae()],
  ]));
});

after(async () => {
  await hub?.close();
});

/** The page with the models, once it shows them. */
async function options() {
  const page = await browser.page(`chrome-extension://${browser.id}/models.html`);
  await page.locator('#models > li').first().waitFor();
  await page.bringToFront();
  return page;
}

const stored = (page) => page.evaluate(() => chrome.storage.local.get());
const note = (page, text) => until(async () => (await page.locator('#data-note').textContent()) === text, { what: text });

/** Names of all private files, by their folders. */
const files = (page) => page.evaluate(async () => {
  const all = [];
  for await (const [name, entry] of (await navigator.storage.getDirectory()).entries()) {
    if (entry.kind === 'file') all.push(name);
    else for await (const file of entry.keys()) all.push(`${name}/${file}`);
  }
  return all;
});

test('settings are exported to a file, and taken over from it', async () => {
  const page = await options();
  await page.evaluate(() => chrome.storage.local.set({ method: { engine: 'instant', seed: 7, note: true, steps: 30 }, draftDays: 3, welcomed: true }));
  // By keys: what scripts do to the page counts as nobody's wish.
  await page.locator('#warm').focus();
  await page.keyboard.press('ArrowDown');
  assert.equal(await page.locator('#warm').inputValue(), '15');
  await until(async () => (await files(page)).includes('settings/warm-minutes'), { what: 'the minutes are kept' });
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#settings-export').click()]);
  assert.equal(download.suggestedFilename(), 'rubout-settings.json');
  await note(page, 'Settings saved as rubout-settings.json.');
  const path = `${folder}/settings.json`;
  await download.saveAs(path);
  const file = JSON.parse(readFileSync(path, 'utf8'));
  assert.deepEqual(file.stored, { method: { engine: 'instant', seed: 7, note: true, steps: 30 }, draftDays: 3 });
  assert.equal(file.warm_minutes, 15);

  await page.evaluate(() => chrome.storage.local.clear());
  await page.locator('#warm').focus();
  await page.keyboard.press('ArrowDown');
  assert.equal(await page.locator('#warm').inputValue(), '60');
  await page.locator('#settings-import').setInputFiles(path);
  await note(page, 'Your settings are as in the file.');
  assert.deepEqual(await stored(page), file.stored);
  await until(async () => (await page.locator('#warm').inputValue()) === '15', { what: 'the list shows the minutes of the file' });
});

test('of another file nothing is taken, and a server for models only after a question', async () => {
  const page = await options();
  await page.evaluate(() => chrome.storage.local.clear());
  const path = `${folder}/other.json`;
  const give = async (text) => {
    writeFileSync(path, text);
    await page.locator('#settings-import').setInputFiles([]);
    await page.locator('#settings-import').setInputFiles(path);
  };
  const alert = (pattern) => until(async () => pattern.test(await page.locator('#alert-text').textContent()), { what: `${pattern}` });
  for (const text of ['', 'null', '[]', '{"a":1}', '{"rubout-settings":"x"}', '{"rubout-settings":1,"stored":{"method":[1]}}', `"${'x'.repeat(70_000)}"`]) {
    await give(text);
    await alert(/holds no settings/);
    await page.locator('#alert-no').click();
  }
  await give('{"rubout-settings":9}');
  await alert(/newer Rubout/);
  await give('{"rubout-settings":1,"stored":{"welcomed":false,"__proto__":{"a":true},"eraseOnRelease":true}}');
  await note(page, 'Your settings are as in the file.');
  assert.deepEqual(await stored(page), { eraseOnRelease: true });
  await give('{"rubout-settings":1,"stored":{"eraseOnRelease":false},"mirror":"https://elsewhere.example"}');
  await until(() => page.locator('#consent').evaluate((dialog) => dialog.open), { what: 'the question' });
  assert.match(await page.locator('#consent-text').textContent(), /https:\/\/elsewhere\.example/);
  await page.keyboard.press('Escape');
  assert.deepEqual(await stored(page), { eraseOnRelease: true }, 'nothing of it');
  assert.equal(await page.locator('#mirror').inputValue(), '');
});

test('everything is deleted, after a question that says how much it is', async () => {
  const editor = await browser.page(`chrome-extension://${browser.id}/editor.html`);
  await editor.locator('#files').setInputFiles(new URL('./pages/pictures/test/sand.jpg', import.meta.url).pathname);
  const overlay = await editorOverlay(editor);
  await overlay.eraseRect(BALL);
  await until(async () => (await files(editor)).some((name) => name.startsWith('drafts/')), { what: 'a draft' });

  const store = await storePage(browser, hub);
  assert.deepEqual(await askStore(store, { call: 'install', model: 'ft_places2', precision: 'f16' }), { reply: 'done' });
  await store.close();

  const page = await options();
  await page.evaluate(() => chrome.storage.local.set({ draftDays: 3 }));
  await page.locator('#delete-all').click();
  await until(async () => /Close its tabs/.test(await page.locator('#alert-text').textContent()), { what: 'the editor is in the way' });
  await page.locator('#alert-no').click();
  await editor.close({ runBeforeUnload: false });
  const asked = async () => {
    await page.locator('#delete-all').click();
    await until(() => page.locator('#consent').evaluate((dialog) => dialog.open), { what: 'the question' });
    return page.locator('#consent-text').textContent();
  };
  await until(async () => !(await page.evaluate(async () => (await navigator.locks.query()).held)).some(({ name }) => name.startsWith('draft:')), { what: 'the draft is free' });
  // The model, and the part that models share.
  assert.match(await asked(), /^Models: 2\. Kept pictures: 1\. In all: [\d.]+\sMB\. /);
  if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/delete-all.png` });
  // As the switch for a site leaves it.
  await page.evaluate(async () => {
    await chrome.storage.local.set({ offerSites: ['https://site.example/*'] });
    await chrome.scripting.registerContentScripts([{ id: 'offer:https://site.example/*', js: ['offer.js'], matches: ['https://site.example/*'] }]);
  });
  await page.evaluate(() => chrome.storage.session.set({ lastMask: { width: 1, height: 1, rect: { x: 0, y: 0, width: 1, height: 1 }, runs: [0, 1] } }));
  // The safe answer has the focus.
  await page.keyboard.press('Enter');
  assert.ok((await files(page)).length > 4, 'nothing is deleted');
  await asked();
  await page.locator('#consent-yes').click();
  await note(page, 'Everything is deleted.');
  assert.deepEqual(await files(page), []);
  assert.deepEqual(await stored(page), {});
  assert.deepEqual(await page.evaluate(() => chrome.storage.session.get('lastMask')), {});
  assert.deepEqual(await page.evaluate(() => chrome.scripting.getRegisteredContentScripts()), []);
  assert.deepEqual(await page.evaluate(async () => (await chrome.permissions.getAll()).origins), []);
  // And everything works as after installing.
  await until(async () => (await page.locator('#models > li').count()) > 0, { what: 'the list' });
  if (process.env.LOOK) {
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 900 });
      await page.locator('#data-title').scrollIntoViewIfNeeded();
      await page.screenshot({ path: `${process.env.LOOK}/data-${width}.png` });
    }
  }
});
