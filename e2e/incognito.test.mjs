// Edits in incognito windows: they work as elsewhere, and leave nothing behind. Such a window's pages and blobs belong to another profile than the
// extension's own process, which the browser ends when it touches them in the wrong way.

import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import {
  allowIncognito, BALL, browser, compareOutside, EXTENSION, open, overlay, readElement, redness, rightClickErase, same, server, test, until,
  useBrowser,
} from './harness.mjs';
import { temporaryFolder } from './temporary.mjs';

const folder = temporaryFolder('incognito');
const [profile, extension] = [`${folder}/profile`, `${folder}/extension`];
cpSync(EXTENSION, extension, { recursive: true });

useBrowser({ profile, extension }, async () => {
  await allowIncognito(extension);
  assert.equal(await browser.worker().evaluate(() => chrome.extension.isAllowedIncognitoAccess()), true);
});


/** A page in a new incognito window. */
async function incognito(path) {
  const [page] = await Promise.all([
    browser.context.waitForEvent('page'),
    browser.worker().evaluate(async (url) => void (await chrome.windows.create({ incognito: true, url })), `${server.home}/test/${path}`),
  ]);
  await page.waitForLoadState();
  await page.bringToFront();
  return page;
}

test('erase, undo, redo and Done, while the edit of another window goes on', async () => {
  const other = await browser.page(`${server.home}/test/kinds.html`);
  const beside = await open(other, '#img');
  await beside.eraseRect(BALL);

  const page = await incognito('kinds.html');
  const was = await readElement(page, '#img');
  const editor = await open(page, '#img');
  await editor.eraseRect(BALL);
  await editor.pressUntil('undo', (shown) => redness(shown) > 100);
  await editor.pressUntil('redo', (shown) => redness(shown) < 5);
  await editor.done();
  compareOutside(was, await readElement(page, '#img'), BALL);

  await other.bringToFront();
  await beside.done();
  compareOutside(was, await readElement(other, '#img'), BALL);
});

test('an edit whose page goes away is not offered in another window, nor in the same', async () => {
  const picture = `${server.home}/cors/pictures/test/sand.png`;
  const path = `files.html?${picture}`;
  const page = await incognito(path);
  const kept = () => browser.worker().evaluate(() => chrome.storage.session.get('lastMask'));
  const before = await kept();
  const edit = await open(page, '#img');
  await edit.eraseRect({ ...BALL, width: BALL.width - 9 });
  assert.deepEqual(await kept(), before, 'where it was erased is not kept');
  await page.close();
  for (const next of [await browser.page(`${server.home}/test/${path}`), await incognito(path)]) {
    await next.bringToFront();
    const editor = await open(next, '#img', { states: ['asking', 'painting'], resume: true });
    assert.equal(await editor.state(), 'painting', await editor.notice());
    await editor.leave();
  }
});

test('an edit that cannot stay in its page goes on in a normal window, and leaves nothing there', async () => {
  const page = await incognito('kinds.html');
  const was = await readElement(page, '#img');
  await rightClickErase(page, '#img');
  const editor = await overlay(page);
  await editor.eraseRect(BALL);
  const erased = await editor.shown();
  await page.evaluate(() => { window.attack = setInterval(() => window.focus(), 20); });
  await until(() => browser.context.pages().some((tab) => tab.url().includes('overlay.html?tab')), { what: 'a tab' });
  await page.evaluate(() => clearInterval(window.attack));
  const moved = await overlay(page, { states: ['done'] });
  same(erased, await moved.shown(), 'the result is there');
  await moved.surface.close();

  const next = await browser.page(`${server.home}/test/kinds.html`);
  const again = await open(next, '#img', { states: ['asking', 'painting'], resume: true });
  assert.equal(await again.state(), 'painting', await again.notice());
  same(was, await again.shown(), 'the picture is as it was');
});
