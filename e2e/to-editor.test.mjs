// From a page into the editor: picture, paint and fills go along, and the result goes back into the page.

import assert from 'node:assert/strict';
import { BALL, browser, compareOutside, editorOverlay, hasOverlay, open, readElement, redness, same, server, test, until, useBrowser } from './harness.mjs';

useBrowser();

const editorTab = () => browser.context.pages().find((page) => page.url().includes('/editor.html'));

/** Goes on in the editor. Gives its tab, and the overlay there. */
async function moved(page, overlay) {
  await overlay.press('to-editor');
  const tab = await until(editorTab, { what: 'the editor' });
  return { tab, overlay: await editorOverlay(tab, { states: ['done', 'painting'] }) };
}

async function kinds(selector) {
  const page = await browser.page(`${server.home}/test/kinds.html`);
  await page.locator('html[data-ready]').waitFor();
  return { page, overlay: await open(page, selector) };
}

for (const [what, selector] of [['an image', '#img'], ['a canvas', '#canvas']]) {
  test(`${what}: fills and paint go along, Done puts the result back`, async () => {
    const { page, overlay } = await kinds(selector);
    const was = await readElement(page, selector);
    await overlay.eraseRect(BALL);
    // The setting stays as the test before has left it.
    if (await overlay.frame.locator('#auto').getAttribute('aria-pressed') === 'true') await overlay.press('auto');
    await overlay.paintRect({ x: 20, y: 20, width: 30, height: 20 });
    const erased = await overlay.shown();
    const there = await moved(page, overlay);
    await until(() => !hasOverlay(page), { what: 'a page that is free' });
    same(erased, await there.overlay.shown(), 'the fill is there');
    await there.overlay.erase();
    await there.overlay.waitDone();
    await there.overlay.pressUntil('undo', (shown) => redness(shown) > 100);
    await there.overlay.pressUntil('redo', (shown) => redness(shown) < 5);
    if (process.env.LOOK) await there.tab.screenshot({ path: `${process.env.LOOK}/to-editor-${selector.slice(1)}.png` });
    await there.overlay.press('done');
    await until(async () => redness(await readElement(page, selector)) < 5, { what: 'the result in the page' });
    compareOutside(was, await readElement(page, selector), { x: 20, y: 20, width: 186, height: 144 });
    await until(() => there.tab.isClosed(), { what: 'the end of the editor, which was opened for this' });
    await until(() => page.evaluate(() => document.visibilityState === 'visible'), { what: 'the page in front' });
    // And it can be edited again, and put back as it was.
    const again = await open(page, selector);
    await again.revert();
    await until(() => again.gone(), { what: 'the end of the overlay' });
    same(was, await readElement(page, selector));
    await again.page.bringToFront();
    await page.evaluate(() => localStorage.clear());
  });
}

test('a page that goes away leaves the edit in the editor', async () => {
  const { page, overlay } = await kinds('#img');
  await overlay.eraseRect(BALL);
  const erased = await overlay.shown();
  const there = await moved(page, overlay);
  await page.close();
  await there.overlay.press('done');
  assert.match(await there.overlay.says(), /page|gone|left/i);
  same(erased, await there.overlay.shown());
  const { name } = await there.overlay.save();
  assert.equal(name, 'sand-edited.jpg');
});

test('a picture that is no page’s has no Done', async () => {
  const page = await browser.page(`chrome-extension://${browser.id}/editor.html#try`);
  const overlay = await editorOverlay(page);
  assert.equal(await overlay.frame.locator('#done').isVisible(), false);
  assert.equal(await overlay.frame.evaluate(() => document.querySelector('#to-editor').checkVisibility()), false);
});
