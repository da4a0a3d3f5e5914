// The popup's list of upload fields, the switch that offers to edit whenever a picture is chosen on a site, and fields in frames of other sites.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { audit, fitsPhone } from './audit.mjs';
import {
  acceptBubble, after, BALL, before, browser, editorOverlay, openPopup, rightClickUpload, sleep, snapshot, test, until, useBrowser, xdotool,
} from './harness.mjs';
import { temporaryFolder } from './temporary.mjs';

const picture = (name) => fileURLToPath(new URL(`./pages/pictures/test/${name}`, import.meta.url));
const folder = temporaryFolder('fields');

function given(name, data = readFileSync(picture(name))) {
  const path = join(folder, name);
  writeFileSync(path, data);
  return path;
}

/** What a page notes of each `input` and `change`, with the names and lengths of the files that came. */
const NOTE = `globalThis.heard = [];
  for (const type of ['input', 'change']) document.addEventListener(type, (event) => {
    const input = event.composedPath()[0];
    if (input.files) heard.push([type, event.isTrusted, [...input.files].map((file) => file.name + ' ' + file.size).join()]);
  }, true);`;

const PAGES = {
  plain: `<script>${NOTE}</script><label>Photo <input id="zone" type="file" multiple></label><input id="other" type="file" aria-label="Other">`,
  modal: `<script>${NOTE}</script><dialog id="box"><input id="zone" type="file"></dialog><script>document.querySelector('#box').showModal()</script>`,
  closed: `<div id="host"></div><script>globalThis.heard = [];
    const root = document.querySelector('#host').attachShadow({ mode: 'closed' });
    root.innerHTML = '<input type="file"><input type="text">';
    globalThis.box = root.querySelector('input');
    for (const type of ['input', 'change']) box.addEventListener(type, (event) => heard.push([type, event.isTrusted, [...box.files].map((file) => file.name + ' ' + file.size).join()]));</script>`,
  fields: `<label for="one">Profile <b>picture</b></label><input id="one" type="file" multiple>
    <label>Hidden <input id="two" type="file" hidden></label>
    <input id="evil" type="file" aria-label="<img src=x onerror=document.title='bad'>\u202e">
    <input id="off" type="file" disabled><input type="file"><input type="text">
    <div id="host"></div><iframe src="/inner"></iframe><iframe src="OTHER/inner"></iframe>
    <script>document.querySelector('#host').attachShadow({ mode: 'closed' }).innerHTML = '<input type="file" name="shadow">';</script>`,
  inner: '<body style="margin:0">&nbsp;<label>In a frame <input id="zone" type="file"></label><script>globalThis.got = []; zone.onchange = () => got.push(zone.files[0].name)</script>',
  around: '<p>Around</p><iframe src="OTHER/inner" width="400" height="120"></iframe>',
};

let home;
let other;
let server;

useBrowser();

before(async () => {
  server = http.createServer((request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(`<!doctype html><title>upload</title><body>${(PAGES[request.url.slice(1)] ?? '').replaceAll('OTHER', other)}`);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  [home, other] = [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
});
after(() => server?.close());

const editorTab = () => browser.context.pages().find((page) => page.url().includes('/editor.html'));
const scripts = () => browser.worker().evaluate(async () => (await chrome.scripting.getRegisteredContentScripts()).map(({ id, matches }) => [id, ...matches].join(' ')));
const sites = () => browser.worker().evaluate(async () => (await chrome.storage.local.get('offerSites')).offerSites ?? []);
const heard = (page) => page.evaluate(() => heard);
const size = (name) => readFileSync(picture(name)).length;

/** The popup as a tab behind the page, where a test can read it: the page has been granted by the popup of the toolbar before. */
async function popupBehind(page) {
  await openPopup(page);
  xdotool('key', 'Escape');
  const [tab] = await Promise.all([
    browser.context.waitForEvent('page'),
    browser.worker().evaluate(() => chrome.tabs.create({ url: 'popup.html', active: false }).then(() => {})),
  ]);
  await tab.waitForLoadState();
  return tab;
}

/** What Rubout shows in a page, in closed shadow roots, copied into an empty page, where axe can look at it. */
async function auditShown(page) {
  const session = await page.context().newCDPSession(page);
  const { root } = await session.send('DOM.getDocument', { depth: -1, pierce: true });
  const closed = ({ shadowRoots = [], children = [] }) => [...shadowRoots.filter(({ shadowRootType }) => shadowRootType === 'closed'), ...children.flatMap(closed)];
  const shown = [];
  for (const { backendNodeId } of closed(root)) {
    const { object } = await session.send('DOM.resolveNode', { backendNodeId });
    const { result } = await session.send('Runtime.callFunctionOn', {
      objectId: object.objectId,
      returnByValue: true,
      functionDeclaration: `function () {
        const rules = [...this.adoptedStyleSheets, ...this.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
        return { html: this.innerHTML, css: rules.map((rule) => rule.cssText).join('\\n'), words: this.textContent };
      }`,
    });
    shown.push(result.value);
  }
  await session.detach();
  const [{ html, css }] = shown.filter(({ words }) => /edit/i.test(words));
  const copy = await browser.page('about:blank');
  await copy.evaluate(({ html, css }) => {
    document.documentElement.lang = 'en';
    document.title = 'A copy';
    const host = document.body.appendChild(document.createElement('main'));
    const shadow = host.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    shadow.adoptedStyleSheets = [sheet];
    shadow.setHTMLUnsafe(html);
  }, { html, css });
  for (const colorScheme of ['light', 'dark']) {
    await copy.emulateMedia({ colorScheme });
    await audit(copy);
  }
  await copy.close();
  await page.bringToFront();
}

/** Presses the switch in the toolbar's popup, which is the last of its controls. */
async function pressSwitch(page, wanted) {
  await openPopup(page);
  await sleep(500);
  xdotool('key', 'Up', 'sleep', 0.2, 'key', 'space');
  if (wanted && !browser.hasGranted) await acceptBubble();
  await until(async () => ((await sites()).length > 0) === wanted, { what: wanted ? 'the switch on' : 'the switch off' }).catch((error) => {
    snapshot('switch');
    throw error;
  });
  xdotool('key', 'Escape');
}

/** Chooses files as the user does, and waits until it is asked, which the page cannot see. */
async function choose(page, selector, ...names) {
  await page.bringToFront();
  await page.setInputFiles(selector, names);
  // Its buttons hear no key that was meant for the browser's own chooser.
  await sleep(900);
}

test('the popup lists the upload fields of the page, with what they hold, and chooses one', async () => {
  const page = await browser.page(`${home}/fields`);
  await page.setInputFiles('#one', [given('sand.png'), given('sand.jpg')]);
  const popup = await popupBehind(page);
  const rows = () => popup.locator('#fields-list button').evaluateAll((rows) => rows.map((row) => [row.querySelector('bdi').textContent, row.querySelector('small').textContent, row.querySelector('canvas').width > 0]));
  await until(async () => (await rows()).length >= 6 && (await rows())[0][2], { what: 'the fields' });
  const hasPicture = await rows();
  assert.deepEqual(hasPicture, [
    ['Profile picture', 'Files: 2', true],
    ['Hidden', 'No file yet', false],
    ["<img src=x onerror=document.title='bad'>\u202e", 'No file yet', false],
    ['Upload field 4', 'No file yet', false],
    ['shadow', 'No file yet', false],
    ['In a frame', 'No file yet', false],
  ]);
  assert.equal(await popup.locator('#fields img').count(), 0, 'nothing of the page is more than text');
  assert.match(await popup.locator('#offer').textContent(), /On 127\.0\.0\.1, offer to edit/);
  assert.match(await popup.locator('#offer-note').textContent(), /not seen.*not come from you/);
  assert.equal(await popup.locator('#offer-on').isChecked(), false, 'off by default');
  await popup.bringToFront();
  await popup.setViewportSize({ width: 360, height: 640 });
  for (const scheme of ['light', 'dark']) {
    await popup.emulateMedia({ colorScheme: scheme });
    await audit(popup);
    await fitsPhone(popup);
    if (process.env.LOOK) await popup.screenshot({ path: `${process.env.LOOK}/popup-${scheme}.png` });
  }
  await popup.close();
  await openPopup(page);
  await sleep(500);
  xdotool('key', 'Down', 'Down', 'Down', 'Down', 'Down', 'sleep', 0.2, 'key', 'Return');
  const editor = await until(editorTab, { what: 'the editor' });
  await until(() => editor.evaluate(() => document.documentElement.dataset.pictures === '2'), { what: 'what the field holds' });
  assert.match(await editor.locator('#target-for').textContent(), /127\.0\.0\.1/);
  const overlay = await editorOverlay(editor);
  await overlay.eraseRect(BALL);
  await editor.locator('#use').click();
  const sizes = () => page.evaluate(() => [...document.querySelector('#one').files].map((file) => `${file.name} ${file.size}`));
  await until(async () => !(await sizes())[0].endsWith(` ${size('sand.png')}`), { what: 'the edited picture in the field' });
  assert.equal((await sizes()).length, 2);
});

test('more than twenty fields are not listed, and a page without any has no list', async () => {
  PAGES.many = '<input type="file">'.repeat(50);
  const page = await browser.page(`${home}/many`);
  const popup = await popupBehind(page);
  await until(async () => (await popup.locator('#fields-list li').count()) === 20, { what: 'twenty' });
  await popup.close();
  const none = await browser.page(`${home}/`);
  const empty = await popupBehind(none);
  await until(() => empty.locator('#offer').isVisible(), { what: 'the switch' });
  await sleep(500);
  assert.equal(await empty.locator('#fields').isVisible(), false);
  await empty.close();
});

test('switched on for a site, what is chosen there is offered to be edited, and Escape passes it on', async () => {
  const page = await browser.page(`${home}/plain`);
  await page.setInputFiles('#zone', [given('sand.png')]);
  assert.deepEqual((await heard(page)).map(([type, trusted]) => [type, trusted]), [['input', true], ['change', true]], 'off, nothing is different');
  await pressSwitch(page, true);
  assert.deepEqual(await sites(), ['http://127.0.0.1/*']);
  assert.deepEqual(await scripts(), ['offer:http://127.0.0.1/* http://127.0.0.1/*']);
  for (const fresh of [false, true]) {
    // In the page that was open, and in one that is loaded afterwards.
    if (fresh) await page.reload();
    await page.evaluate(() => { heard = []; });
    await choose(page, '#zone', given('sand.jpg'));
    if (process.env.LOOK && fresh) {
      for (const width of [1280, 360]) {
        await page.setViewportSize({ width, height: 700 });
        await page.screenshot({ path: `${process.env.LOOK}/offer-${width}.png` });
      }
      await page.setViewportSize({ width: 1280, height: 860 });
    }
    assert.deepEqual(await heard(page), [], 'the page hears nothing yet');
    await auditShown(page);
    // It waits, whatever has the focus.
    await page.evaluate(() => document.querySelector('#other').focus());
    await sleep(300);
    assert.deepEqual(await heard(page), []);
    await page.keyboard.press('Escape');
    const passed = `sand.jpg ${size('sand.jpg')}`;
    await until(async () => (await heard(page)).length === 2, { what: 'both events' });
    assert.deepEqual(await heard(page), [['input', false, passed], ['change', false, passed]]);
  }
  // No picture: at once, and as the browser tells it.
  await page.evaluate(() => { heard = []; });
  await page.setInputFiles('#zone', [given('notes.txt', 'notes')]);
  assert.deepEqual((await heard(page)).map(([, trusted]) => trusted), [true, true]);
});

test('what is chosen is edited, and handed over; the editor that is closed gives the choice back', async () => {
  const page = await browser.page(`${home}/plain`);
  await choose(page, '#zone', given('sand.png'), given('notes.txt', 'notes'));
  await page.keyboard.press('Enter');
  let editor = await until(editorTab, { what: 'the editor' });
  await until(() => editor.evaluate(() => document.documentElement.dataset.pictures === '1'), { what: 'the picture' });
  assert.deepEqual(await heard(page), []);
  await editor.close();
  await page.bringToFront();
  await sleep(900);
  assert.deepEqual(await heard(page), [], 'nobody has said that the original is to be used');
  await page.keyboard.press('Enter');
  editor = await until(editorTab, { what: 'the editor again' });
  const overlay = await editorOverlay(editor);
  await overlay.eraseRect(BALL);
  await until(() => editor.locator('#offer summary').isVisible(), { what: 'the switch in the editor' });
  await editor.locator('#offer summary').click();
  assert.equal(await editor.locator('#offer-on').isChecked(), true);
  if (process.env.LOOK) {
    for (const width of [1280, 360]) {
      await editor.setViewportSize({ width, height: 780 });
      await editor.screenshot({ path: `${process.env.LOOK}/offer-editor-${width}.png` });
    }
  }
  await editor.locator('#use').click();
  await until(async () => (await heard(page)).length === 2, { what: 'the hand-over' });
  const [[, , files], [, , again]] = await heard(page);
  assert.equal(files, again);
  assert.match(files, /^sand\.png \d+,notes\.txt 5$/);
  assert.ok(!files.startsWith(`sand.png ${size('sand.png')},`), 'it is edited');
  // The question is gone: Escape does nothing any more.
  await page.bringToFront();
  await page.keyboard.press('Escape');
  await sleep(300);
  assert.equal((await heard(page)).length, 2);
});

test('in a modal dialog and in a closed shadow tree it is offered as well', async () => {
  const modal = await browser.page(`${home}/modal`);
  await choose(modal, '#zone', given('sand.jpg'));
  assert.deepEqual(await heard(modal), []);
  // The page's dialog stays open.
  await modal.keyboard.press('Escape');
  await until(async () => (await heard(modal)).length === 2, { what: 'the original' });
  assert.equal(await modal.evaluate(() => document.querySelector('#box').open), true);
  await choose(modal, '#zone', given('sand.png'));
  await modal.keyboard.press('Tab');
  await modal.keyboard.press('Enter');
  await until(async () => (await heard(modal)).length === 4, { what: 'the original, by its button' });
  const closed = await browser.page(`${home}/closed`);
  const input = await closed.evaluateHandle(() => box);
  await input.asElement().setInputFiles([given('sand.jpg')]);
  await sleep(900);
  assert.deepEqual(await heard(closed), []);
  await closed.keyboard.press('Escape');
  await until(async () => (await heard(closed)).length === 2, { what: 'the original' });
});

test('a page that removes the question, and a switch that is turned off, pass the original on', async () => {
  const page = await browser.page(`${home}/plain`);
  await choose(page, '#zone', given('sand.jpg'));
  await page.evaluate(() => document.documentElement.lastElementChild.remove());
  await until(async () => (await heard(page)).length === 2, { what: 'the original' });
  await choose(page, '#zone', given('sand.png'));
  assert.equal((await heard(page)).length, 2);
  await pressSwitch(page, false);
  await until(async () => (await heard(page)).length === 4, { what: 'the original, when it is switched off' });
  assert.deepEqual(await scripts(), []);
  assert.equal(await browser.worker().evaluate(() => chrome.permissions.contains({ origins: ['http://127.0.0.1/*'] })), false, 'the permission is given back');
  await page.evaluate(() => { heard = []; });
  await page.setInputFiles('#zone', [given('sand.jpg')]);
  assert.deepEqual((await heard(page)).map(([, trusted]) => trusted), [true, true], 'off means off, in an open page too');
});

test('a permission that the user takes away ends it', async () => {
  const page = await browser.page(`${home}/plain`);
  await pressSwitch(page, true);
  assert.equal((await scripts()).length, 1);
  await browser.worker().evaluate(() => chrome.permissions.remove({ origins: ['http://127.0.0.1/*'] }));
  await until(async () => (await scripts()).length === 0 && (await sites()).length === 0, { what: 'the end of the script' });
});

test('a field in a frame of another site: its site is asked for by name, and the frame gets the result', async () => {
  const page = await browser.page(`${home}/around`);
  const frame = await until(() => page.frames().find((one) => one.url().includes('/inner') && one.url().includes('localhost')), { what: 'the frame' });
  const editor = await rightClickUpload(page, frame.locator('label'), { up: 5 });
  await until(() => editor.locator('#grant').isVisible(), { what: 'the question' });
  assert.match(await editor.locator('#grant-text').textContent(), /frame of localhost/);
  await audit(editor);
  await editor.locator('#grant-yes').click();
  await acceptBubble();
  await until(() => editor.locator('#target').isVisible(), { what: 'the field' });
  assert.match(await editor.locator('#target-for').textContent(), /localhost/);
  await editor.setInputFiles('#files', [given('sand.jpg')]);
  await editorOverlay(editor);
  await editor.locator('#use').click();
  await until(async () => (await frame.evaluate(() => got)).join() === 'sand.jpg', { what: 'the result in the frame' });
});
