// Fingers and pens. Only the browser's own debugging protocol can make trusted events of them.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import {
  BALL, browser, compareOutside, editorOverlay, open, readElement, redness, server, stable, test, until, useBrowser,
} from './harness.mjs';

useBrowser({ args: ['--touch-events=enabled'] });

/** An overlay that does not erase by itself, and a session of the debugging protocol with its tab. */
async function patient(page) {
  const editor = await open(page, '#img');
  await editor.press('auto');
  return { editor, session: await page.context().newCDPSession(page) };
}

const painted = (editor) =>
  editor.frame.locator('#mask').evaluate((canvas) => {
    if (!canvas.width) return 0;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 3; i < data.length; i += 4) count += data[i] > 0;
    return count;
  });

test('one finger paints, two fingers zoom and paint nothing', async () => {
  const page = await browser.page(`${server.home}/test/kinds.html`);
  const was = await readElement(page, '#img');
  const { editor, session } = await patient(page);
  const touch = (type, points) =>
    session.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(({ x, y }, id) => ({ x, y, id })) });

  const middle = { x: BALL.x + BALL.width / 2, y: BALL.y + BALL.height / 2 };
  const [one, two] = await editor.toTab([{ x: middle.x - 30, y: middle.y }, { x: middle.x + 30, y: middle.y }]);
  const [, , , , ...home] = await editor.view();
  await touch('touchStart', [one]);
  await touch('touchStart', [one, two]);
  for (let i = 1; i <= 5; i += 1) await touch('touchMove', [{ x: one.x - 8 * i, y: one.y }, { x: two.x + 8 * i, y: two.y }]);
  await touch('touchEnd', []);
  await until(async () => (await editor.view())[0] > 1.5, { what: 'the pinch zooms' });
  assert.notDeepEqual((await editor.view()).slice(4), home);
  assert.equal(await painted(editor), 0, 'two fingers paint nothing');

  for (let y = BALL.y + 6; y < BALL.y + BALL.height; y += 9) {
    const line = await editor.toTab([{ x: BALL.x + 6, y }, { x: BALL.x + BALL.width - 6, y }]);
    await touch('touchStart', [line[0]]);
    for (let i = 1; i <= 6; i += 1) await touch('touchMove', [{ x: line[0].x + ((line[1].x - line[0].x) * i) / 6, y: line[0].y }]);
    await touch('touchEnd', []);
  }
  assert.ok((await painted(editor)) > 3000, 'one finger paints');
  await editor.passed();
  await editor.erase();
  await editor.waitDone();
  await editor.done();
  const now = await readElement(page, '#img');
  compareOutside(was, now, BALL, { margin: 24 });
  assert.ok(redness(now) < redness(was) / 10, 'the ball is gone');
});

test('in the editor: fingers choose a picture, paint it and erase, save it in another way, and edit another file alike', async () => {
  const page = await browser.page(`chrome-extension://${browser.id}/editor.html`);
  await page.locator('html[data-ready]').waitFor();
  await page.setInputFiles('#files', ['wide.png', 'sand.png'].map((name) => fileURLToPath(new URL(`./pages/pictures/test/${name}`, import.meta.url))));
  await editorOverlay(page);
  const session = await page.context().newCDPSession(page);
  const touch = (type, points) => session.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(({ x, y }, id) => ({ x, y, id })) });
  const tap = async (locator) => {
    const { x, y, width, height } = await locator.boundingBox();
    await touch('touchStart', [{ x: x + width / 2, y: y + height / 2 }]);
    await touch('touchEnd', []);
  };
  await tap(page.locator('#strip button').nth(1));
  await until(async () => (await page.locator('#strip button').nth(1).getAttribute('aria-current')) === 'true', { what: 'the other picture' });
  const editor = await editorOverlay(page);
  const was = await editor.shown();
  await editor.passed();
  const from = BALL.y + 6;
  const line = await editor.toTab([{ x: BALL.x + 4, y: from }, { x: BALL.x + BALL.width - 4, y: BALL.y + BALL.height - 6 }]);
  // One stroke, to and fro: nothing is erased before all of it is painted.
  await touch('touchStart', [line[0]]);
  for (let y = line[0].y; y <= line[1].y; y += 5) {
    for (const x of [line[0].x, (line[0].x + line[1].x) / 2, line[1].x]) await touch('touchMove', [{ x, y }]);
  }
  await touch('touchEnd', []);
  assert.ok((await painted(editor)) > 3000, 'a finger paints');
  // The setting stays as the test before has left it.
  if ((await editor.frame.locator('#auto').getAttribute('aria-pressed')) !== 'true') {
    // A tap that follows a stroke within a moment is none to the browser.
    await until(async () => {
      await tap(editor.frame.locator('#erase'));
      return until(async () => (await editor.state()) !== 'painting', { what: 'a fill', timeout: 3000 }).catch(() => false);
    }, { what: 'a tap on the button' });
  }
  await editor.waitDone();
  assert.ok(redness(await editor.shown()) < redness(was) / 10, 'the ball is gone');

  // Saved in another way, and the same in another file.
  const opened = async (button, what) => until(async () => {
    await tap(button);
    return until(() => what.isVisible(), { what: 'what is opened', timeout: 3000 }).catch(() => false);
  }, { what: 'a tap that opens' });
  await opened(editor.frame.locator('#more'), editor.frame.locator('#save-as'));
  await opened(editor.frame.locator('#save-as'), editor.frame.locator('#save-as-sheet'));
  await until(() => editor.frame.locator('#save-as-save').isEnabled(), { what: 'a file' });
  const [saved] = await Promise.all([page.waitForEvent('download'), tap(editor.frame.locator('#save-as-save'))]);
  assert.equal(saved.suggestedFilename(), 'sand-edited.png');
  await opened(page.locator('#batch-open'), page.locator('#batch-files'));
  await page.setInputFiles('#batch-chooser', [fileURLToPath(new URL('./pages/pictures/test/sand.jpg', import.meta.url))]);
  const start = page.locator('#batch-start');
  await until(() => start.isEnabled(), { what: 'something to do' });
  await start.scrollIntoViewIfNeeded();
  const [zip] = await Promise.all([page.waitForEvent('download', { timeout: 60_000 }), tap(start)]);
  assert.equal(zip.suggestedFilename(), 'rubout.zip');
});

test('a pen paints as wide as it is pressed', async () => {
  const page = await browser.page(`${server.home}/test/kinds.html`);
  const { editor, session } = await patient(page);
  const width = async (force) => {
    const [from, to] = await editor.toTab([{ x: 60, y: 60 }, { x: 200, y: 60 }]);
    const pen = (type, { x, y }, buttons) =>
      session.send('Input.dispatchMouseEvent', { type, x, y, buttons, button: 'left', clickCount: 1, force, pointerType: 'pen' });
    await pen('mousePressed', from, 1);
    for (let i = 1; i <= 5; i += 1) await pen('mouseMoved', { x: from.x + ((to.x - from.x) * i) / 5, y: from.y }, 1);
    await pen('mouseReleased', to, 0);
    const count = await stable(() => painted(editor));
    await editor.press('clear');
    await until(async () => (await painted(editor)) === 0, { what: 'a clear mask' });
    return count;
  };
  const [light, firm] = [await width(0.1), await width(1)];
  assert.ok(light > 100, 'a light pen paints');
  assert.ok(firm > light * 1.4, `a firm one paints more: ${firm} against ${light}`);
});
