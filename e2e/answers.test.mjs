// What servers answer: types that are wrong, and another picture when they are asked again. What is shown is what is edited.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { acceptBubble, BALL, browser, compareOutside, differences, open, readElement, readUrl, redness, server, test, until, useBrowser } from './harness.mjs';

useBrowser();

const file = (name) => readFile(new URL(`./pages/pictures/${name}`, import.meta.url));

async function show(address) {
  const page = await browser.page(`${server.home}/test/files.html?${encodeURIComponent(address)}`);
  await page.locator('#img').evaluate((image) => image.decode());
  return page;
}

/** Lets the extension read pictures of the other site; the browser asks for that once. */
async function allow(editor) {
  await editor.press('notice-yes');
  if (!browser.hasGranted) await acceptBubble();
}

/** Erases the ball and leaves with Done. */
async function erase(page, editor, was) {
  await editor.eraseRect(BALL);
  const { name } = await editor.save();
  await editor.done();
  const now = await readElement(page, '#img');
  compareOutside(was, now, BALL);
  assert.ok(redness(now) < 5, 'the ball is gone');
  return name;
}

for (const [type, picture, extension] of [
  ['text/plain', 'sand.jpg', 'jpg'],
  ['', 'sand.webp', 'webp'],
  ['application/json', 'sand.png', 'png'],
]) {
  test(`a picture whose server calls it "${type}" is read by what it holds`, async () => {
    const address = `/typed-${type.replace('/', '-')}`;
    server.put(address, type, await file(`test/${picture}`));
    const page = await show(address);
    const editor = await open(page, '#img');
    const was = await readElement(page, '#img');
    assert.match(await erase(page, editor, was), new RegExp(`\\.${extension}$`), 'saved in its format');
  });
}

test('the same of another site', async () => {
  server.put('/typed-away', 'text/plain', await file('test/sand.jpg'));
  const page = await show(`${server.away}/typed-away`);
  const editor = await open(page, '#img', { states: ['asking'] });
  await allow(editor);
  await editor.reaches('painting');
  await editor.eraseRect(BALL);
  assert.match((await editor.save()).name, /\.jpg$/);
  await editor.leave();
});

test('a server that gives scripts another format is asked for images', async () => {
  const [webp, jpeg] = [await file('test/sand.webp'), await file('test/sand.jpg')];
  server.put('/by-accept', 'image/webp', ({ headers }) => (/image\/webp/.test(headers.accept) ? webp : jpeg), { 'cache-control': 'no-store', vary: 'Accept' });
  const page = await show('/by-accept');
  const was = await readElement(page, '#img');
  const editor = await open(page, '#img');
  assert.match(await erase(page, editor, was), /\.webp$/, 'the file that is shown');
});

test('a camera that answers anew: what is shown is edited', async () => {
  const [first, second] = [await file('test/sand.jpg'), await file('test/turned.jpg')];
  let asked = 0;
  server.put('/camera', 'image/jpeg', () => ((asked += 1) === 1 ? first : second), { 'cache-control': 'no-store' });
  const page = await show('/camera');
  const was = await readUrl(page, '/pictures/test/sand.jpg');
  const editor = await open(page, '#img');
  assert.equal(differences(was, await editor.shown(), { x: 0, y: 0, width: was.width, height: was.height }).inside, 0);
  await editor.eraseRect(BALL);
  await editor.done();
  compareOutside(was, await readElement(page, '#img'), BALL);
});

/** How a page shows a picture of another site, and what changes its look without hiding which one it is. */
const LOOKS = {
  'as it is': '',
  'with round corners': '#img{border-radius:8px}',
  'as a circle': '#img{border-radius:50%}',
  'half faded, in grey tones': '#img{opacity:.8;filter:grayscale(1)}',
  'in a card with a border, round corners and most of it cut off': 'html{overflow:auto} body{width:150px;height:150px;overflow:hidden;border:2px solid;border-radius:12px} h1,p{display:none}',
};

for (const [name, style] of Object.entries(LOOKS)) {
  /** A page whose camera of another site gives `second` when it is asked again. */
  const camera = async (second) => {
    const pictures = [await file('test/sand.jpg'), await file(second)];
    const path = `/camera-${Math.random()}`;
    server.put(path, 'image/jpeg', () => (pictures.length > 1 ? pictures.shift() : pictures[0]), { 'cache-control': 'no-store' });
    const page = await browser.page(`${server.home}/test/files.html?`);
    await page.addStyleTag({ content: style || '/**/' });
    await page.evaluate((address) => {
      document.querySelector('#img').src = address;
      return document.querySelector('#img').decode();
    }, `${server.away}${path}`);
    const editor = await open(page, '#img', { states: ['asking'] });
    await allow(editor);
    return editor;
  };

  test(`another site that answers anew: said so, and what is shown can be edited: ${name}`, async () => {
    const editor = await camera('coffee.jpg');
    await editor.says(/another picture/i);
    if (name !== 'with round corners') return editor.leave();
    await editor.press('notice-yes');
    await editor.reaches('painting');
    assert.ok(redness(await editor.shown()) > 1000, 'the ball, as it is shown');
    await editor.leave();
  });

  if (style) {
    test(`another site that answers the same: nothing is said: ${name}`, async () => {
      const editor = await camera('test/sand.jpg');
      await until(async () => (await editor.state()) === 'painting' || /another picture/i.test(await editor.notice()), { what: 'an end of the opening' });
      assert.equal(await editor.state(), 'painting');
      await editor.leave();
    });
  }
}

test('too many captures in a second: it waits for the next', async () => {
  const [first, second] = [await file('test/sand.jpg'), await file('coffee.jpg')];
  let asked = 0;
  server.put('/camera-busy', 'image/jpeg', () => ((asked += 1) === 1 ? first : second), { 'cache-control': 'no-store' });
  const page = await show(`${server.away}/camera-busy`);
  const editor = await open(page, '#img', { states: ['asking'] });
  await editor.frame.evaluate(() => {
    const capture = chrome.tabs.captureVisibleTab;
    let left = 2;
    chrome.tabs.captureVisibleTab = (...all) => (left-- > 0
      ? Promise.reject(new Error('This request exceeds the MAX_CAPTURE_VISIBLE_TAB_CALLS_PER_SECOND quota.'))
      : capture.apply(chrome.tabs, all));
  });
  await allow(editor);
  await editor.says(/another picture/i);
  await editor.leave();
});
