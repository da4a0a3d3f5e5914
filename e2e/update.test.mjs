// The extension is loaded anew, or updated: while the editor is open, on a site where it offers to edit what is chosen, and with drafts that are old.

import assert from 'node:assert/strict';
import { cpSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  acceptBubble, BALL, browser, editorOverlay, EXTENSION, openPopup, redness, relaunch, same, server, sleep, test, until, update, useBrowser,
  xdotool,
} from './harness.mjs';
import { temporaryFolder } from './temporary.mjs';

const folder = temporaryFolder('update');
const [profile, extension] = [`${folder}/profile`, `${folder}/extension`];
cpSync(EXTENSION, extension, { recursive: true });

useBrowser({ profile, extension });

const picture = (name) => fileURLToPath(new URL(`./pages/pictures/test/${name}`, import.meta.url));
const listed = (page) => page.locator('#kept-list li span').allTextContents();

/** The files of drafts, read by a page that clears nothing up. */
const files = (page) => page.evaluate(async () => {
  const drafts = await (await navigator.storage.getDirectory()).getDirectoryHandle('drafts', { create: true });
  return Array.fromAsync(drafts.keys());
});

async function editor(...names) {
  const page = await browser.page(`chrome-extension://${browser.id}/editor.html`);
  await page.locator('html[data-ready]').waitFor();
  if (names.length) await page.setInputFiles('#files', names.map(picture));
  return page;
}

/** An editor in which the ball is erased from a picture, once that is on the disk. Gives the result, too. */
async function erased() {
  const page = await editor('sand.png');
  const overlay = await editorOverlay(page);
  await overlay.eraseRect(BALL);
  await until(() => page.evaluate(async () => {
    const drafts = await (await navigator.storage.getDirectory()).getDirectoryHandle('drafts', { create: true });
    for await (const [name, handle] of drafts) if (name.endsWith('.json') && JSON.parse(await (await handle.getFile()).text()).edit?.fills === 1) return true;
    return false;
  }), { what: 'a draft that is written' });
  return { page, pixels: await overlay.shown() };
}

test('loaded anew while the editor is open: the browser closes its tab, and the next editor has the picture with its fill', async () => {
  const { page, pixels } = await erased();
  const extensions = await browser.page('chrome://extensions');
  // Otherwise the browser does not load again what comes from a folder.
  await extensions.evaluate(() => chrome.developerPrivate.updateProfileConfiguration({ inDeveloperMode: true }));
  const closed = until(() => page.isClosed(), { what: 'the end of the tab' });
  await extensions.evaluate((id) => chrome.developerPrivate.reload(id, { failQuietly: true }), browser.id);
  await closed;
  await until(() => extensions.evaluate(async (id) => {
    const { state, disableReasons } = await chrome.developerPrivate.getExtensionInfo(id);
    return state === 'ENABLED' && !disableReasons.reloading;
  }, browser.id), { what: 'the extension' });
  const next = await editor();
  await until(async () => (await listed(next)).join() === 'sand.png, edited', { what: 'the picture in the list' });
  await next.getByRole('button', { name: /^Go on/ }).click();
  const again = await editorOverlay(next, { states: ['done', 'painting'] });
  same(pixels, await again.shown(), 'the erased pixels are back');
  await again.pressUntil('undo', (shown) => redness(shown) > 100);
  await again.close();
  await until(async () => (await files(next)).length === 0, { what: 'nothing on the disk' });
});

test('drafts that are too old go when the browser starts, though nobody opens the editor; others stay', async () => {
  await relaunch();
  const { page } = await erased();
  assert.ok((await files(page)).length >= 2);
  const startAfter = async (days) => {
    await browser.close();
    // The private files of the extension lie in the profile; their times are the disk's.
    const then = Date.now() / 1000 - days * 86_400;
    const store = `${profile}/Default/File System`;
    for (const name of readdirSync(store, { recursive: true }).map(String)) {
      if (statSync(join(store, name)).isFile()) utimesSync(join(store, name), then, then);
    }
    await relaunch();
    // The browser says that it has started of extensions that are installed, and not of those from a folder.
    await browser.worker().evaluate(() => chrome.runtime.onStartup.dispatch());
    return browser.page(`chrome-extension://${browser.id}/manifest.json`);
  };
  const young = await startAfter(5);
  await sleep(3000);
  assert.ok((await files(young)).length >= 2, 'a week is not over');
  const old = await startAfter(8);
  await until(async () => (await files(old)).length === 0, { what: 'an empty folder' });
});

test('the switch of a site is still on after an update', async () => {
  const scripts = () => browser.worker().evaluate(async () => (await chrome.scripting.getRegisteredContentScripts()).map(({ id }) => id));
  const visit = async () => {
    const page = await browser.page(`${server.home}/test/kinds.html`);
    await page.evaluate(() => {
      document.body.innerHTML = '<input id="zone" type="file">';
      globalThis.heard = [];
      for (const type of ['input', 'change']) document.addEventListener(type, () => heard.push(type), true);
    });
    return page;
  };
  const page = await visit();
  await openPopup(page);
  await sleep(500);
  xdotool('key', 'Up', 'sleep', 0.2, 'key', 'space');
  await acceptBubble();
  await until(async () => (await scripts()).length === 1, { what: 'the switch' });
  await browser.close();
  update(extension);
  await relaunch();
  await until(async () => (await scripts()).length === 1, { what: 'the script of the site' });
  const later = await visit();
  const path = join(folder, 'sand.png');
  cpSync(picture('sand.png'), path);
  await later.setInputFiles('#zone', path);
  await sleep(900);
  assert.deepEqual(await later.evaluate(() => heard), [], 'it is offered before the page hears');
  await later.keyboard.press('Escape');
  await until(async () => (await later.evaluate(() => heard)).length === 2, { what: 'the original' });
});
