// What was open in the editor comes back after a reload, after the end of the browser by force, and after an update of the extension; for as long as
// the user wants, and never from an incognito window.

import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  allowIncognito, BALL, browser, editorOverlay, EXTENSION, redness, relaunch, rightClickUpload, same, server, snapshot, test, until, update,
  useBrowser,
} from './harness.mjs';
import { temporaryFolder } from './temporary.mjs';

const folder = temporaryFolder('drafts');
const [profile, extension] = [`${folder}/profile`, `${folder}/extension`];
cpSync(EXTENSION, extension, { recursive: true });

const picture = (name) => fileURLToPath(new URL(`./pages/pictures/test/${name}`, import.meta.url));
const DAY = 86_400_000;

useBrowser({ profile, extension }, () => allowIncognito(extension));


/** Ends the browser at once, as the loss of power does. */
async function kill() {
  const main = readdirSync('/proc').filter((id) => /^\d+$/.test(id)).filter((id) => {
    try {
      const words = readFileSync(`/proc/${id}/cmdline`, 'utf8');
      return words.includes(`--user-data-dir=${profile}`) && !words.includes('--type=');
    } catch {
      return false;
    }
  });
  assert.ok(main.length > 0, 'the browser runs');
  const gone = new Promise((resolve) => browser.context.once('close', resolve));
  for (const id of main) process.kill(Number(id), 'SIGKILL');
  await gone;
}

/** A new tab with the editor, once it has brought back what it can. */
async function editor(...files) {
  const page = await browser.page(`chrome-extension://${browser.id}/editor.html`);
  await ready(page);
  if (files.length) await page.setInputFiles('#files', files.map(picture));
  return page;
}

const ready = (page) => page.locator('html[data-ready]').waitFor();
const count = (page) => page.evaluate(() => Number(document.documentElement.dataset.pictures));
const strip = (page) => page.locator('#strip button').evaluateAll((buttons) => buttons.map((button) => button.ariaLabel));
const listed = (page) => page.locator('#kept-list li span').allTextContents();

/** The records on the disk. */
const records = (page) => page.evaluate(async () => {
  const drafts = await (await navigator.storage.getDirectory()).getDirectoryHandle('drafts', { create: true });
  const found = [];
  for await (const [name, handle] of drafts) if (name.endsWith('.json')) found.push(JSON.parse(await (await handle.getFile()).text()));
  return found;
});

/** The names of all files of drafts. */
const files = (page) => page.evaluate(async () => {
  const drafts = await (await navigator.storage.getDirectory()).getDirectoryHandle('drafts', { create: true });
  return Array.fromAsync(drafts.keys());
});

const kept = (page, wanted) => until(async () => wanted(await records(page)), { what: 'drafts that are written' });

/** Chooses for how many days drafts are kept, with the keyboard: what scripts do is not heard. Waits until that is stored, or a question has come. */
async function keepFor(page, days) {
  const list = page.locator('#days');
  await list.focus();
  await page.keyboard.press('Home');
  for (let i = 0; i < 4 && (await list.inputValue()) !== days; i += 1) await page.keyboard.press('ArrowDown');
  assert.equal(await list.inputValue(), days);
  const stored = () => page.evaluate(async () => (await chrome.storage.local.get('draftDays')).draftDays);
  const asked = () => page.locator('#question').isVisible();
  await until(async () => (await asked()) || String(await stored()) === days, { what: 'a choice that is stored, or a question' });
}

/** Closes a picture, and agrees where that loses something. */
async function closed(overlay) {
  await overlay.close();
  const asks = async () => /without keeping/i.test(await overlay.notice());
  await until(async () => overlay.gone() || asks(), { what: 'the end of the picture, or a question' });
  if (!overlay.gone()) await overlay.press('notice-yes');
}

/** Whether the browser asks before the page is left. */
async function asks(page) {
  const asked = new Promise((resolve) => page.once('dialog', (dialog) => dialog.accept().then(() => resolve(true))));
  const left = new Promise((resolve) => page.once('close', () => resolve(false)));
  await page.close({ runBeforeUnload: true });
  return Promise.race([asked, left]);
}

test('a reload brings everything back, with its edits, also what slept', async () => {
  const page = await editor('sand.png', 'sand.jpg', 'wide.png', 'sand.webp', 'soft.png');
  const overlay = await editorOverlay(page);
  await overlay.eraseRect(BALL);
  const erased = await overlay.shown();
  await page.locator('#strip button').nth(1).click();
  const other = await editorOverlay(page);
  await other.press('tool-rectangle');
  await page.locator('#strip button').nth(3).click();
  await editorOverlay(page);
  await kept(page, (all) => all.length === 5 && all.some(({ name, edit }) => name === 'sand.png' && edit?.fills === 1));
  await page.reload();
  await ready(page);
  assert.deepEqual(await strip(page), ['sand.png, edited', 'sand.jpg', 'wide.png', 'sand.webp', 'soft.png']);
  const again = await editorOverlay(page, { states: ['done', 'painting'] });
  same(erased, await again.shown(), 'the erased pixels are back');
  await again.pressUntil('undo', (shown) => redness(shown) > 100);
  await again.pressUntil('redo', (shown) => redness(shown) < 5);
  // Another tab does not take away what is open here.
  const second = await editor();
  assert.deepEqual([await count(second), await listed(second)], [0, []]);
  await second.close();
  assert.equal(await asks(page), false, 'nothing would be lost, so nobody asks');
  const next = await editor();
  assert.equal(await count(next), 0, 'what was left is not opened unasked');
  assert.deepEqual((await listed(next)).sort(), ['sand.jpg', 'sand.png, edited', 'sand.webp', 'soft.png', 'wide.png']);
  await next.locator('#forget-all').click();
  await next.locator('#question-yes').click();
  await until(async () => (await files(next)).length === 0, { what: 'nothing on the disk' });
});

test('the browser ends in the middle, twice, and the extension is updated: the pictures come back with their fills', async () => {
  const page = await editor('sand.png', 'sand.jpg');
  const overlay = await editorOverlay(page);
  await overlay.eraseRect(BALL);
  await overlay.eraseRect({ x: 20, y: 20, width: 40, height: 30 });
  const erased = await overlay.shown();
  // Painted, and not erased yet.
  await overlay.press('auto');
  await overlay.paintRect({ x: 240, y: 180, width: 30, height: 20 });
  await kept(page, (all) => all.length === 2 && all.some(({ edit }) => edit?.fills === 2 && edit.edit.length > 0));
  await until(async () => (await records(page)).some(({ edit }) => edit?.fills === 2 && /240|180/.test(edit.edit)), { what: 'the paint' });
  let [next, again] = [];
  // It ends a second time before anything else was done.
  for (const end of ['first', 'second']) {
    await kill();
    if (end === 'first') update(extension);
    await relaunch().catch((error) => {
      snapshot('relaunch');
      throw error;
    });
    next = await editor();
    assert.deepEqual((await listed(next)).sort(), ['sand.jpg', 'sand.png, edited'], `after the ${end} end`);
    if (process.env.LOOK) await next.screenshot({ path: `${process.env.LOOK}/kept-1280.png` });
    const row = next.locator('#kept-list li', { hasText: 'sand.png' });
    await row.getByRole('button', { name: /^Go on/ }).click();
    again = await editorOverlay(next, { states: ['done', 'painting'] });
    assert.equal(await count(next), 1);
    same(erased, await again.shown(), `the erased pixels are back after the ${end} end`);
  }
  await again.erase();
  await again.waitDone();
  assert.ok(!(await again.shown()).data.equals(erased.data), 'and so was what was painted');
  await again.pressUntil('undo', (shown) => redness(shown) > 100);
  // Closing a picture forgets it.
  await closed(again);
  await until(async () => (await count(next)) === 0, { what: 'nothing' });
  await until(async () => (await listed(next)).join() === 'sand.jpg', { what: 'the other one' });
  await next.getByRole('button', { name: 'Forget: sand.jpg' }).click();
  await until(async () => (await files(next)).length === 0, { what: 'nothing on the disk' });
  assert.equal(await next.locator('#kept-before').isVisible(), false);
});

test('an SVG comes back in the size that it was edited in', async () => {
  const page = await editor();
  const path = `${folder}/red.svg`;
  writeFileSync(path, '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="red"/><circle cx="20" cy="10" r="5"/></svg>');
  await page.setInputFiles('#files', path);
  const overlay = await editorOverlay(page);
  await overlay.eraseRect({ x: 700, y: 200, width: 640, height: 640 });
  const erased = await overlay.shown();
  await kept(page, ([only]) => only?.edit?.fills === 1);
  await page.reload();
  const again = await editorOverlay(page, { states: ['done', 'painting'] });
  same(erased, await again.shown());
  await closed(again);
  await until(async () => (await files(page)).length === 0, { what: 'nothing on the disk' });
});

test('for as long as the user wants: old ones go, and with "not at all" everything does', async () => {
  const page = await editor('sand.png', 'sand.jpg');
  await editorOverlay(page);
  await kept(page, (all) => all.length === 2);
  await page.close();
  const next = await editor();
  await until(async () => (await listed(next)).length === 2, { what: 'two' });
  assert.equal(await next.locator('#days').inputValue(), '7', 'a week, unless the user sets something else');
  // The clock of the page goes on; the times of files are the disk's.
  const [early, late] = await Promise.all([6, 8].map(async (days) => {
    const page = await browser.context.newPage();
    await page.addInitScript((ahead) => {
      const { now } = Date;
      Date.now = () => now() + ahead;
    }, days * DAY);
    return page;
  }));
  const visit = async (page) => {
    await page.goto(`chrome-extension://${browser.id}/editor.html`);
    await ready(page);
    const found = await listed(page);
    await page.close();
    return found.sort();
  };
  assert.deepEqual(await visit(early), ['sand.jpg', 'sand.png']);
  assert.deepEqual(await visit(late), []);
  assert.deepEqual(await files(next), [], 'their files are gone');
  await next.setInputFiles('#files', picture('sand.jpg'));
  await editorOverlay(next);
  await kept(next, (all) => all.length === 1);
  await next.close();
  const third = await editor();
  await until(async () => (await listed(third)).length === 1, { what: 'one' });
  await keepFor(third, '0');
  await third.locator('#question-yes').click();
  await until(async () => (await files(third)).length === 0, { what: 'nothing on the disk' });
  await third.setInputFiles('#files', picture('sand.png'));
  const overlay = await editorOverlay(third);
  await overlay.eraseRect(BALL);
  assert.deepEqual(await files(third), []);
  assert.equal(await asks(third), true, 'what is not kept would be lost');
  const last = await editor();
  await keepFor(last, '7');
  await last.close();
});

test('fewer days ask before they remove anything', async () => {
  const page = await editor('sand.png', 'sand.jpg');
  await editorOverlay(page);
  await kept(page, (all) => all.length === 2);
  await page.close();
  const next = await editor();
  await until(async () => (await listed(next)).length === 2, { what: 'two' });
  await next.locator('#days').focus();
  await next.keyboard.press('End');
  await until(() => next.locator('#question').isVisible(), { what: 'the question' });
  assert.match(await next.locator('#question-text').textContent(), /: 2\./);
  if (process.env.LOOK) await next.screenshot({ path: `${process.env.LOOK}/kept-fewer.png` });
  await next.keyboard.press('Escape');
  await until(async () => (await next.locator('#days').inputValue()) === '7', { what: 'the days as they were' });
  assert.equal((await listed(next)).length, 2);
  await next.locator('#days').focus();
  await next.keyboard.press('End');
  await until(() => next.locator('#question').isVisible(), { what: 'the question again' });
  await next.locator('#question-yes').click();
  await until(async () => (await files(next)).length === 0, { what: 'nothing on the disk' });
  await keepFor(next, '7');
  await next.close();
});

test('what is open stays young, and what another tab has open is not forgotten here', async () => {
  const page = await browser.context.newPage();
  await page.clock.install();
  await page.goto(`chrome-extension://${browser.id}/editor.html`);
  await page.clock.resume();
  await ready(page);
  await page.setInputFiles('#files', picture('sand.png'));
  await editorOverlay(page);
  await kept(page, (all) => all.length === 1);
  const written = () => page.evaluate(async () => {
    const drafts = await (await navigator.storage.getDirectory()).getDirectoryHandle('drafts');
    for await (const [name, handle] of drafts) if (name.endsWith('.json')) return (await handle.getFile()).lastModified;
    return 0;
  });
  const before = await written();
  const [record] = await records(page);
  await new Promise((done) => setTimeout(done, 1100));
  await page.clock.fastForward(3_700_000);
  await until(async () => (await written()) > before, { what: 'a draft that was touched' });
  assert.deepEqual(await records(page), [record], 'nothing else of it has changed');
  await page.close();
  // The list of this tab is older than what another one has opened.
  const stale = await editor();
  await until(async () => (await listed(stale)).length === 1, { what: 'one' });
  const other = await editor();
  await other.getByRole('button', { name: /^Go on/ }).click();
  await editorOverlay(other, { states: ['done', 'painting'] });
  await stale.bringToFront();
  await stale.getByRole('button', { name: 'Forget: sand.png' }).click();
  await until(async () => /Another tab/.test(await stale.locator('#alert-text').textContent()), { what: 'why not' });
  assert.deepEqual(await listed(stale), []);
  assert.equal((await records(other)).length, 1, 'it is still kept');
  await closed(await editorOverlay(other, { states: ['done', 'painting'] }));
  await until(async () => (await files(other)).length === 0, { what: 'nothing on the disk' });
  await stale.close();
});

test('what was hidden is not kept once the picture is saved', async () => {
  const page = await editor('sand.png');
  const overlay = await editorOverlay(page);
  await overlay.pick('engine', 'black-out');
  await overlay.eraseRect(BALL);
  await kept(page, ([only]) => only?.edit?.hidden === true && only.edit.unsaved);
  await overlay.save();
  await until(async () => (await files(page)).length === 0, { what: 'nothing on the disk' });
  // What is done afterwards is kept again, until it is saved, too.
  await overlay.eraseRect({ x: 20, y: 20, width: 30, height: 20 });
  await kept(page, ([only]) => only?.edit?.fills === 2);
  await overlay.save();
  await until(async () => (await files(page)).length === 0, { what: 'nothing on the disk' });
  assert.equal(await asks(page), false, 'all of it was saved');
});

test('nothing from an incognito window is kept', async () => {
  await browser.worker().evaluate(() => chrome.storage.session.remove('lastMask'));
  const [page] = await Promise.all([
    browser.context.waitForEvent('page'),
    browser.worker().evaluate(async (url) => void (await chrome.windows.create({ incognito: true, url })), `${server.home}/test/kinds.html`),
  ]);
  await page.waitForLoadState();
  await page.bringToFront();
  await page.evaluate(() => { document.body.innerHTML = '<input id="zone" type="file" style="padding: 40px">'; });
  await page.setInputFiles('#zone', picture('sand.png'));
  const tab = await rightClickUpload(page, '#zone');
  const overlay = await editorOverlay(tab);
  await overlay.eraseRect(BALL);
  assert.deepEqual(await files(tab), []);
  assert.deepEqual(await tab.evaluate(() => chrome.storage.session.get('lastMask')), {}, 'nor where it was erased');
  // Otherwise, the editor goes on with what the field holds.
  await page.setInputFiles('#zone', []);
  tab.once('dialog', (dialog) => dialog.accept());
  await tab.reload();
  await ready(tab);
  assert.deepEqual([await count(tab), await listed(tab), await files(tab)], [0, [], []]);
  assert.match(await tab.locator('#kept-private').textContent(), /nothing in it is kept/);
  assert.equal(await tab.locator('#kept-private').isVisible(), true);
  // Also what is opened there afterwards.
  await tab.setInputFiles('#files', picture('sand.jpg'));
  await (await editorOverlay(tab)).eraseRect(BALL);
  assert.deepEqual(await files(tab), []);
  // From one of its pictures to the next, the place that was erased goes along, in the memory of this page alone.
  await tab.setInputFiles('#files', picture('sand.png'));
  await until(async () => (await count(tab)) === 2, { what: 'another picture' });
  const next = await editorOverlay(tab);
  await next.key('p');
  await until(async () => /same place/.test(await next.hint()), { what: 'the same place' });
  assert.deepEqual(await tab.evaluate(() => chrome.storage.session.get('lastMask')), {});
  assert.deepEqual(await files(tab), []);
  tab.once('dialog', (dialog) => dialog.accept());
  await tab.close();
  assert.deepEqual(await listed(await editor()), []);
});
