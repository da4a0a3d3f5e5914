// The main path of users: the browser's own context menu, a stroke, and the thing is gone from the page.

import assert from 'node:assert/strict';
import {
  BALL, browser, compareOutside, hasOverlay, open, overlay, pressCommand, readElement, redness, rightClickErase,
  server, startPicking, strangers, test, until, useBrowser,
} from './harness.mjs';

useBrowser();

test('nothing of ours is on a page before the user asks', async () => {
  const manifest = await browser.worker().evaluate(() => chrome.runtime.getManifest());
  assert.equal(manifest.content_scripts, undefined);
  assert.equal(manifest.host_permissions, undefined);
  assert.deepEqual(
    [...manifest.permissions].sort(),
    ['activeTab', 'contextMenus', 'offscreen', 'scripting', 'storage', 'unlimitedStorage'],
  );
  assert.deepEqual(await browser.worker().evaluate(() => chrome.scripting.getRegisteredContentScripts()), []);
});

test('right-click, Erase…, paint, Done: the pixels change inside and nowhere else', async () => {
  const page = await browser.page(`${server.home}/test/kinds.html`);
  const was = await readElement(page, '#img');
  assert.ok(redness(was) > 1500, 'the ball is there');

  const from = server.log.length;
  const editor = await open(page, '#img');
  await editor.eraseRect(BALL);
  await editor.done();

  const now = await readElement(page, '#img');
  compareOutside(was, now, BALL);
  assert.ok(redness(now) < 5, 'the ball is gone');
  assert.equal(hasOverlay(page), false);

  // The page's own pictures may be requested again. There are no other requests.
  assert.deepEqual(strangers(browser.requests, server), []);
  for (const { side, method, path } of server.log.slice(from)) {
    assert.equal(method, 'GET');
    assert.ok(side === 'home' && path.startsWith('/pictures/test/sand'), `an unexpected request for ${path} on ${side}`);
  }
});

test('a photograph on the demo page, outlined with the lasso', async () => {
  const page = await browser.page(`${server.home}/demo.html`);
  const outline = (await page.locator('#photo').getAttribute('data-outline'))
    .split(' ')
    .map((pair) => pair.split(',').map(Number))
    .map(([x, y]) => ({ x, y }));
  const xs = outline.map(({ x }) => x);
  const ys = outline.map(({ y }) => y);
  const rect = { x: Math.min(...xs), y: Math.min(...ys) };
  Object.assign(rect, { width: Math.max(...xs) - rect.x, height: Math.max(...ys) - rect.y });
  const was = await readElement(page, '#photo');

  const editor = await open(page, '#photo');
  await editor.passed();
  await editor.paintOutline(outline);
  await editor.erase();
  await editor.waitDone();
  await editor.done();

  compareOutside(was, await readElement(page, '#photo'), rect);
});

test('fills chain, are undone and redone, and can be compared with the original', async () => {
  const page = await browser.page(`${server.home}/test/kinds.html`);
  const editor = await open(page, '#img');
  const shown = async () => redness(await editor.shown());
  const many = await shown();
  assert.ok(many > 1000, 'the ball is shown');
  await editor.eraseRect(BALL);
  await until(async () => (await shown()) < many / 50, { what: 'the ball gone from the overlay' });
  await editor.eraseRect({ x: 20, y: 20, width: 40, height: 30 });
  await editor.press('undo');
  await until(async () => (await shown()) < many / 50, { what: 'still the first fill' });
  await editor.pressUntil('undo', (picture) => redness(picture) > many / 2);
  await editor.pressUntil('redo', (picture) => redness(picture) < many / 50);

  const compare = await editor.frame.locator('#compare').boundingBox();
  await page.mouse.move(compare.x + compare.width / 2, compare.y + compare.height / 2);
  await page.mouse.down();
  await until(async () => (await shown()) > many / 2, { what: 'the original while Compare is held' });
  await page.mouse.up();
  await until(async () => (await shown()) < many / 50, { what: 'the result when it is let go' });
});

test('brush and eraser paint what the mouse paints', async () => {
  const page = await browser.page(`${server.home}/test/kinds.html`);
  const was = await readElement(page, '#img');
  const editor = await open(page, '#img');
  await editor.passed();
  // Back and forth across the ball, in one stroke.
  const points = [];
  for (let y = BALL.y + 8; y < BALL.y + BALL.height - 4; y += 7) {
    points.push({ x: BALL.x + 8, y }, { x: BALL.x + BALL.width - 8, y: y + 3 });
  }
  await editor.paintStroke(points);
  await editor.erase();
  await editor.waitDone();
  await editor.done();
  const now = await readElement(page, '#img');
  compareOutside(was, now, BALL, { margin: 24 });
  assert.ok(redness(now) < redness(was) / 20, 'the ball is gone');
});

test('the menu is there where a CSS background or a canvas may be meant: on a canvas, under selected text, in a field', async () => {
  const page = await browser.page(`${server.home}/test/kinds.html`);
  await page.locator('html[data-ready]').waitFor();
  await page.evaluate(() => {
    const background = getComputedStyle(document.querySelector('#background')).backgroundImage;
    for (const [id, html] of [['text', '<b>selected text</b>'], ['editable', 'words']]) {
      const box = document.body.appendChild(document.createElement('p'));
      Object.assign(box, { id, innerHTML: html, contentEditable: id === 'editable' });
      box.style.cssText = `width:320px;height:240px;margin:8px;font-size:40px;background:${background}`;
    }
  });
  for (const [target, at] of [['#canvas'], ['#text', { x: 60, y: 24 }], ['#editable', { x: 60, y: 24 }]]) {
    if (target === '#text') await page.evaluate(() => getSelection().selectAllChildren(document.querySelector('#text')));
    const editor = await open(page, target, { at, steps: [2] });
    assert.ok(redness(await editor.shown()) > 1000, `${target}: the picture is edited`);
    await editor.leave();
  }
});

test('in the menu of the toolbar button, it begins picking', async () => {
  const page = await browser.page(`${server.home}/test/kinds.html`);
  // The browser says nothing of a frame there. What it lets us enter only after a click of the user is not entered here.
  const entered = await browser.worker().evaluate(async (url) => {
    const [tab] = await chrome.tabs.query({ active: true });
    const { executeScript } = chrome.scripting;
    const entering = new Promise((done) => {
      chrome.scripting.executeScript = ({ target }) => {
        done(target);
        return Promise.reject(new Error('The extensions gallery cannot be scripted.'));
      };
    });
    chrome.contextMenus.onClicked.dispatch({ menuItemId: 'erase', editable: false, pageUrl: url }, tab);
    const { allFrames, frameIds } = await entering;
    chrome.scripting.executeScript = executeScript;
    return { allFrames, frameIds };
  }, page.url());
  assert.deepEqual(entered, { allFrames: true, frameIds: undefined }, 'every frame lets the user pick: no picture is taken for chosen');
});

test('the keyboard command starts picking, and a click picks', async () => {
  const page = await browser.page(`${server.home}/test/kinds.html`);
  await startPicking(page);
  const box = await page.locator('#img').boundingBox();
  await page.mouse.move(box.x + 40, box.y + 40);
  await page.mouse.move(box.x + 60, box.y + 60);
  await page.mouse.click(box.x + 60, box.y + 60);
  const editor = await overlay(page);
  await editor.close();
  await editor.left();
});

/** A PDF of one empty page. */
const PDF = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj
trailer<</Root 1 0 R>>
%%EOF`;

/** What is said in closed shadow roots of a page. */
async function saidIn(page) {
  const session = await page.context().newCDPSession(page);
  const { root } = await session.send('DOM.getDocument', { depth: -1, pierce: true });
  await session.detach();
  const texts = ({ nodeValue = '', children = [] }) => [nodeValue, ...children.flatMap(texts)];
  const html = root.children.find(({ localName }) => localName === 'html');
  return html.children.flatMap(({ shadowRoots = [] }) => shadowRoots.flatMap(texts)).join(' ');
}

test('the key in a PDF: one sentence, and what to do instead', async () => {
  server.put('/test/paper.pdf', 'application/pdf', Buffer.from(PDF));
  const paper = await browser.page(`${server.home}/test/paper.pdf`);
  await pressCommand(paper);
  assert.match(await until(async () => /PDF/.test(await saidIn(paper)) && saidIn(paper), { what: 'a sentence' }), /Capture this tab/);
  await paper.keyboard.press('Escape');
});

test('a page that cannot be entered at once is tried again, and only a rule of the browser is called that', async () => {
  const page = await browser.page(`${server.home}/test/kinds.html`);
  /** The next `times` attempts to enter a page fail with these words of the browser. */
  const failing = (times, words) => browser.worker().evaluate(([times, words]) => {
    globalThis.entering ??= chrome.scripting.executeScript;
    let left = times;
    chrome.scripting.executeScript = (...all) =>
      left-- > 0 ? Promise.reject(new Error(words)) : globalThis.entering.apply(chrome.scripting, all);
  }, [times, words]);
  const refused = 'Cannot access contents of the page. Extension manifest must request permission to access the respective host.';
  for (const words of [refused, 'Frame with ID 0 was removed.']) {
    await failing(5, words);
    const editor = await open(page, '#img');
    assert.equal(editor.surface, page, 'the overlay is in the page');
    await editor.leave();
  }
  for (const [words, said] of [['Frame with ID 0 was removed.', /did not answer/i], ['The extensions gallery cannot be scripted.', /lets no extension/i]]) {
    await failing(1e9, words);
    const tab = await rightClickErase(page, '#img', { leadsTo: 'editor.html' });
    await until(async () => said.test(await tab.locator('#why').textContent()), { what: `an editor that says ${said}` });
    await tab.close();
  }
  await failing(0, '');
});

test('a second request on the same page focuses the overlay that is there', async () => {
  const page = await browser.page(`${server.home}/test/kinds.html`);
  const editor = await open(page, '#img');
  // The focus is taken from the frame first: otherwise it would have it anyway.
  await page.evaluate(() => document.activeElement.blur());
  await pressCommand(page);
  await until(() => page.evaluate(() => document.activeElement !== document.body), { what: 'the focus on the overlay' });
  assert.equal(page.frames().filter((frame) => frame.url().includes('overlay.html')).length, 1);
  assert.equal(await editor.state(), 'painting');
});

test('the time from the click to the overlay is short', async () => {
  const page = await browser.page(`${server.home}/test/kinds.html`);
  await rightClickErase(page, '#img');
  const editor = await overlay(page);
  const opened = await editor.frame.evaluate(() => {
    const [navigation] = performance.getEntriesByType('navigation');
    const paint = performance.getEntriesByName('first-paint')[0];
    return Math.round((paint?.startTime ?? navigation.domContentLoadedEventEnd) * 10) / 10;
  });
  console.log(`# first paint of the overlay's frame after ${opened} ms`);
  assert.ok(opened < 1500, `the overlay took ${opened} ms`);
});

test('the pages of the extension run no code but their own', async () => {
  const manifest = await browser.worker().evaluate(() => chrome.runtime.getManifest());
  const policy = manifest.content_security_policy.extension_pages.split(';').map((rule) => rule.trim());
  assert.ok(policy.includes("script-src 'self' 'wasm-unsafe-eval'"), policy.join('; '));
  assert.ok(!policy.some((rule) => /unsafe-inline|'unsafe-eval'/.test(rule)), policy.join('; '));
});
