// Every kind of picture that a page can show.

import assert from 'node:assert/strict';
import {
  acceptBubble, afterEach, BALL, browser, compareOutside, differences, open, overlay, readElement, readUrl, redness,
  refuseBubble, relaunch, rightClickErase, server, test, until, useBrowser,
} from './harness.mjs';

let page;

useBrowser();

afterEach(async () => {
  if (browser.hasGranted) await relaunch();
});

/** The sites that the extension may access. */
const permissions = async () => (await browser.worker().evaluate(() => chrome.permissions.getAll())).origins ?? [];

async function kinds() {
  page = await browser.page(`${server.home}/test/kinds.html`);
  await page.locator('html[data-ready]').waitFor();
  return page;
}

/** Erases the ball and compares what the element shows. */
async function erases({ click, read = click, scale = 1, scope }) {
  await kinds();
  const where = scope ? scope() : page;
  await where.locator(read).evaluate((element) => {
    element.scrollIntoView({ block: 'center' });
    if (element.localName === 'img') return element.decode().catch(() => {});
  });
  const rect = Object.fromEntries(Object.entries(BALL).map(([key, value]) => [key, value * scale]));
  const was = await readElement(where, read);
  assert.equal(was.width, 320 * scale, 'the test reads the full resolution');
  const box = await where.locator(read).boundingBox();

  const editor = await open(page, where.locator(click));
  await editor.eraseRect(rect);
  await editor.done();

  const now = await readElement(where, read);
  compareOutside(was, now, rect, { margin: 8 * scale });
  assert.ok(redness(now) < 5 * scale, 'the ball is gone');
  assert.deepEqual(await where.locator(read).boundingBox(), box, 'nothing has moved');
}

const KINDS = {
  'an img': { click: '#img' },
  'an img with a 2x source, at all of its pixels': { click: '#srcset', scale: 2 },
  'a picture element with sources': { click: '#picture img' },
  'a data: URL': { click: '#data' },
  'a blob: URL that was revoked': { click: '#blob' },
  'a layer of a CSS background': { click: '#background' },
  'a canvas': { click: '#canvas' },
  'an image inside inline SVG': { click: '#svg' },
  'an img under a transparent shield': { click: '#shield', read: '#shielded' },
  'an img in an open shadow root': { click: '#in-shadow' },
  'an img with loading=lazy': { click: '#lazy' },
  'an img of another origin that may be read': { click: '#cors' },
  'an AVIF': { click: '#avif' },
  'an img in a frame of the same origin': { click: '#img', scope: () => page.frameLocator('#frame') },
  'an img in a frame with no room, in a tab': { click: '#img', scope: () => page.frameLocator('#small-frame') },
};

for (const [name, kind] of Object.entries(KINDS)) test(name, () => erases(kind));

test('a paused video: the frame it shows, to be saved', async () => {
  await kinds();
  await until(() => page.locator('#video').evaluate((video) => video.readyState >= 2), { what: 'the first frame' });
  const was = await readElement(page, '#video');
  const editor = await open(page, '#video');
  await editor.eraseRect(BALL);
  const { bytes, name } = await editor.save('png');
  assert.match(name, /\.png$/);
  const now = await readUrl(page, `data:image/png;base64,${bytes.toString('base64')}`);
  compareOutside(was, now, BALL);
  // It cannot be put back into a video, and the overlay says so.
  await editor.press('done');
  assert.match(await editor.says(), /cannot be exchanged|save or copy/i);
});

test('another origin, allowed in one click', async () => {
  await kinds();
  const was = await readUrl(page, `${server.away}/cors/pictures/test/sand.jpg`);
  const editor = await open(page, '#away', { states: ['asking'] });
  assert.match(await editor.says(), /localhost/);
  await editor.press('notice-yes');
  await acceptBubble();
  await editor.reaches('painting');
  assert.deepEqual(await permissions(), [], 'the permission was given back');
  await editor.eraseRect(BALL);
  await editor.press('done');
  assert.match(await editor.says(), /127\.0\.0\.1 can read the picture from localhost/);
  await editor.press('notice-yes');
  await editor.left();
  compareOutside(was, await readElement(page, '#away'), BALL);

  // After that, only reading needs a question, and the browser has none of its own.
  await page.reload();
  await page.locator('html[data-ready]').waitFor();
  const again = await open(page, '#away', { states: ['asking'] });
  await again.press('keep');
  await again.press('notice-yes');
  await again.reaches('painting');
  assert.deepEqual(await permissions(), ['http://localhost/*'], 'kept, one origin and no other');
  await again.eraseRect(BALL);
  await again.done();

  // What was kept needs no question.
  await page.reload();
  await page.locator('html[data-ready]').waitFor();
  await open(page, '#away');
});

for (const [name, refuse] of Object.entries({
  'another origin, not now: from a screenshot of the tab': (editor) => editor.press('notice-no'),
  'another origin, refused in the bubble of the browser: from a screenshot of the tab': async (editor) => {
    await editor.press('notice-yes');
    await refuseBubble(editor);
  },
})) {
  test(name, async () => {
    await kinds();
    const was = await readUrl(page, `${server.away}/cors/pictures/test/sand.jpg`);
    const editor = await open(page, '#away', { states: ['asking'] });
    await refuse(editor);
    await editor.says(/without your permission.*screenshot/i);
    await editor.press('notice-yes');
    await editor.reaches('painting');
    assert.match(await editor.hint(), /screenshot/i, 'it says that this is a screenshot');
    await editor.eraseRect(BALL);
    // It may show what the page must not read, so that it is there to be saved and copied only.
    await editor.press('done');
    await editor.says(/save or copy/i);
    assert.match(await page.locator('#away').getAttribute('src'), /sand\.jpg$/, 'the page keeps its own');
    const { bytes } = await editor.save('png');
    const now = await readUrl(page, `data:image/png;base64,${bytes.toString('base64')}`);
    // A screenshot may be half a pixel off: what matters is that it is this picture and that the ball is gone.
    assert.ok(differences(was, now, BALL, 40).outside < 320 * 240 * 0.02, 'it is the same picture');
    assert.ok(redness(now) < 5, 'the ball is gone');
    assert.deepEqual(await permissions(), [], 'nothing was granted');
  });
}

test('a canvas that may not be read: from a screenshot of the tab', async () => {
  await kinds();
  await rightClickErase(page, '#tainted');
  const editor = await overlay(page, { states: ['asking', 'painting'] });
  if ((await editor.state()) === 'asking') {
    await editor.says(/screenshot/i);
    await editor.press('notice-yes');
    await editor.reaches('painting');
  }
  await editor.eraseRect(BALL);
  const { bytes } = await editor.save('png');
  assert.ok(redness(await readUrl(page, `data:image/png;base64,${bytes.toString('base64')}`)) < 20, 'the ball is gone');
  await editor.press('done');
  await editor.says(/save or copy/i);
});

test('an img in a frame of another origin, allowed in one click', async () => {
  await kinds();
  const frame = page.frameLocator('#away-frame');
  await page.locator('#away-frame').scrollIntoViewIfNeeded();
  const was = await readElement(frame, '#img');
  await browser.worker().evaluate(() => {
    const { executeScript } = chrome.scripting;
    globalThis.entered = [];
    chrome.scripting.executeScript = (injection) => {
      entered.push(...injection.target.frameIds);
      return executeScript.call(chrome.scripting, injection);
    };
  });
  const asker = await open(page, frame.locator('#img'), { states: ['asking'] });
  assert.match(await asker.says(), /localhost/);
  assert.deepEqual(await browser.worker().evaluate(() => entered), [0], 'the frame is not entered before the user is asked');
  await asker.press('notice-yes');
  await acceptBubble();
  await asker.left();
  const editor = await overlay(page);
  assert.deepEqual(await permissions(), [], 'the permission was given back');
  await editor.eraseRect(BALL);
  await editor.done();
  compareOutside(was, await readElement(frame, '#img'), BALL);
});
