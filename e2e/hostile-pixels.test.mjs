// Pages that try to read pixels which they may only show. Each test plays the page's part to its end and asserts that it got nothing.

import assert from 'node:assert/strict';
import { BALL, browser, open, overlay, readElement, rightClickErase, server, test, until, useBrowser } from './harness.mjs';

useBrowser();

/** A page of the first origin with this in it. */
async function show(html, name = '/test/bait.html') {
  server.put(name, 'text/html', `<!doctype html><title>Bait</title><link rel="stylesheet" href="/test/test.css">${html}`);
  return browser.page(`${server.home}${name}`);
}

/** What a script of the page reads of an element's picture; nothing where the browser keeps it from that. */
const spied = (page, selector) => readElement(page, selector).catch(() => undefined);

/** Presses the button that would put the result into the page, and waits for what comes of it. Gives what the overlay says then. */
async function finish(editor) {
  await editor.press('done');
  return until(async () => (editor.gone() ? 'gone' : await editor.notice()), { what: 'the end of the edit, or a sentence' });
}

/** Goes on with a screenshot of the tab. */
async function takeScreenshot(editor) {
  if (!/screenshot/i.test(await editor.says())) await editor.press('notice-no');
  await editor.says(/screenshot/i);
  await editor.press('notice-yes');
  await editor.reaches('painting');
}

test('a screenshot is never put into the page: what shines through at 4 % stays unread', async () => {
  const bits = '1011001110001101';
  const cells = [...bits].map((bit) => `<i style="background:${bit === '1' ? '#fff' : '#000'}"></i>`).join('');
  server.put('/test/secret.html', 'text/html', `<!doctype html><style>body{margin:0;display:grid;grid:repeat(4,60px)/repeat(4,80px)}</style>${cells}`);
  server.put('/test/grey.svg', 'image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240"><path fill="#808080" d="M0 0h320v240H0z"/></svg>');
  const page = await show(`<div style="position:relative"><img id="bait" src="{{away}}/test/grey.svg" style="display:block">
    <iframe src="{{away}}/test/secret.html" style="position:absolute;inset:0;width:320px;height:240px;border:0;opacity:.04;pointer-events:none"></iframe></div>`);
  const editor = await open(page, '#bait', { states: ['asking'] });
  await takeScreenshot(editor);
  await editor.eraseRect({ x: 10, y: 10, width: 16, height: 16 });
  const says = await finish(editor);
  const got = await spied(page, '#bait');
  const middle = (i) => (((i >> 2) * 60 + 30) * got.width + (i & 3) * 80 + 40) * 4;
  assert.equal(got && [...bits].map((_, i) => +(got.data[middle(i)] > 128)).join(''), undefined, `of ${bits} the page read this`);
  assert.match(says, /screenshot.*save or copy/i, 'it says why, and what to do instead');
  assert.match(await editor.frame.locator('#done').innerText(), /save.*copy/i, 'the button says so before it is pressed');
  assert.match((await editor.save('png')).name, /\.png$/, 'the result can still be saved');
  await editor.leave();
});

test('a canvas that was tainted at the click gets no pixel back, also after the page has emptied it', async () => {
  const page = await show(`<canvas id="bait" width="320" height="240"></canvas><script>
    const image = new Image();
    image.src = '{{away}}/pictures/test/sand.jpg';
    image.decode().then(() => bait.getContext('2d').drawImage(image, 0, 0)).then(() => (document.documentElement.dataset.ready = ''));
  </script>`);
  await page.locator('html[data-ready]').waitFor();
  await rightClickErase(page, '#bait');
  const editor = await overlay(page, { states: ['asking'] });
  await takeScreenshot(editor);
  await editor.eraseRect(BALL);
  // An empty canvas is readable again.
  await page.evaluate(() => (bait.width = 320));
  const says = await finish(editor);
  const got = await spied(page, '#bait');
  assert.equal(got.data.filter((byte) => byte).length, 0, 'bytes that the page read');
  assert.match(says, /screenshot.*save or copy/i);
  await editor.leave();
});
