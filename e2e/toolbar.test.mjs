// The toolbar: one row in wide windows and two in narrow ones, a menu for what has no room, tooltips that cover no tool, and the size of the brush.

import assert from 'node:assert/strict';
import { BALL, browser, overlay, pickErase, server, stable, test, until, useBrowser } from './harness.mjs';

useBrowser();

async function opened({ width, height }) {
  const page = await browser.page(`${server.home}/test/layouts.html?below`);
  await page.setViewportSize({ width, height });
  await page.locator('html[data-ready]').waitFor();
  await pickErase(page, { x: 60, y: height - 30 });
  return { page, editor: await overlay(page) };
}

/** Where elements are, by their ids; none for those that do not show. */
const boxes = (editor, ...ids) => editor.frame.evaluate((ids) => Object.fromEntries(ids.map((id) => {
  const element = document.getElementById(id);
  const { left, top, right, bottom } = element.getBoundingClientRect();
  return [id, element.checkVisibility() ? { left, top, right, bottom } : undefined];
})), ids);

/** The middles of all controls in the toolbar that show, each row once. */
const rows = (editor) => editor.frame.evaluate(() => {
  const shown = [...document.querySelectorAll('#toolbar :is(button, select, input)')].filter((control) => control.checkVisibility());
  const middles = shown.map((control) => control.getBoundingClientRect()).map(({ top, bottom }) => Math.round((top + bottom) / 2));
  return [...new Set(middles)].length;
});

for (const [width, height, wanted] of [[1280, 720, 1], [900, 700, 1], [640, 700, 2], [360, 640, 2], [320, 568, 2]]) {
  test(`rows: ${wanted} at ${width} x ${height}, and the rest in the menu`, async () => {
    const { page, editor } = await opened({ width, height });
    const one = wanted === 1;
    assert.equal(await stable(() => rows(editor)), wanted);
    const look = () => boxes(editor, 'dock', 'erase', 'tool-brush', 'tool-eraser', 'tool-select', 'tool-text', 'zoom-in', 'zoom-out', 'more', 'close', 'undo', 'done');
    const areInside = ({ dock, ...tools }) => Object.values(tools).every((box) => box && box.left >= dock.left && box.right <= dock.right);
    // What a control in it needs is known a frame later.
    await until(async () => areInside(await look()), { what: 'room for the tools', timeout: 5000 }).catch(() => {});
    const { dock, erase, done, ...tools } = await look();
    assert.ok(dock.left >= 0 && dock.right <= width, JSON.stringify(dock));
    assert.ok(areInside({ dock, ...tools }), JSON.stringify(tools));
    assert.equal(erase.top, tools['tool-brush'].top, 'Erase stands in the row of the tools');
    assert.ok(one || erase.bottom <= done.top, 'what finishes stands below it');
    assert.ok(erase.left > tools['tool-text'].left);
    const inRow = await editor.frame.locator('#tools > button').evaluateAll((tools) => tools.length);
    assert.equal(inRow, 4, 'four drawing tools are in sight');

    // What has no room is in the menu, with its name.
    await editor.frame.locator('#more').click();
    const menu = await stable(() => boxes(editor, 'more-menu', 'revert', 'clear', 'auto', 'settings'));
    assert.ok(Object.values(menu).every((box) => box && box.left >= 0 && box.right <= width), JSON.stringify(menu));
    assert.ok(menu['more-menu'].top >= 0 && menu['more-menu'].bottom <= height, JSON.stringify(menu));
    const all = await editor.frame.locator('#toolbar :is(button, select, input)').evaluateAll((controls) => controls.filter((c) => !c.checkVisibility()).map((c) => c.id));
    assert.deepEqual(all.filter((id) => id !== 'zoom-actual' && id !== 'help'), [], 'every tool is in the rows or in the menu');
    await page.keyboard.press('Escape');
    await until(() => editor.frame.evaluate(() => document.querySelector('#more-menu').hidden), { what: 'the end of the menu' });
    assert.equal(await editor.notice(), '', 'Escape closes the menu and nothing else');
    await editor.leave();
  });
}

test('four tools are in sight at any width, the others are in the menu, and the chosen one never is', async () => {
  const { page, editor } = await opened({ width: 320, height: 568 });
  // Over a page, nothing crops.
  const inMenu = () => editor.frame.locator('#more-menu [role=radio]:not(.in-editor)').evaluateAll((tools) => tools.map(({ id }) => id));
  assert.deepEqual(await inMenu(), ['tool-rectangle', 'tool-lasso']);
  await editor.press('tool-lasso');
  await until(async () => !(await inMenu()).includes('tool-lasso'), { what: 'the lasso in the row, chosen' });
  assert.equal(await editor.frame.locator('#tool-lasso').getAttribute('aria-checked'), 'true');
  assert.equal(await stable(() => rows(editor)), 2);
  const dock = (await boxes(editor, 'dock')).dock;
  assert.ok(dock.left >= 0 && dock.right <= 320, JSON.stringify(dock));
  if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/lasso-320.png` });
  // By the arrow keys all six come up in turn, each with the focus.
  await editor.frame.locator('#tool-lasso').focus();
  const seen = [];
  for (let i = 0; i < 6; i += 1) {
    await page.keyboard.press('ArrowRight');
    const focused = () => editor.frame.evaluate(() => document.activeElement.matches('[role=radio][aria-checked=true]') && document.activeElement.id);
    seen.push(await until(async () => { const id = await focused(); return id && id !== seen.at(-1) && id; }, { what: 'the next tool' }));
  }
  assert.deepEqual(seen, ['tool-select', 'tool-text', 'tool-brush', 'tool-eraser', 'tool-rectangle', 'tool-lasso']);
  await page.setViewportSize({ width: 1280, height: 720 });
  await until(async () => (await inMenu()).join() === 'tool-rectangle', { what: 'the chosen tool in the row of a wide window, the other in the menu' });
  await editor.leave();
});

test('when the window gets narrower, the toolbar is inside of it without anything being done', async () => {
  const { page, editor } = await opened({ width: 1280, height: 720 });
  for (const width of [900, 640, 360, 320, 1280, 320]) {
    await page.setViewportSize({ width, height: 640 });
    const inside = async () => {
      const { dock } = await boxes(editor, 'dock');
      return dock.left >= 0 && dock.right <= width && dock.top >= 0 && dock.bottom <= 640;
    };
    await until(inside, { what: `the toolbar in a window of ${width}`, timeout: 5000 });
    assert.ok(await stable(inside), 'and there it stays');
  }
});

test('results take room beside the picture, and the toolbar neither jumps nor grows a row', async () => {
  const { editor } = await opened({ width: 360, height: 640 });
  const before = (await stable(() => boxes(editor, 'dock'))).dock;
  await editor.eraseRect({ ...BALL, width: 30, height: 30 });
  for (let n = 2; n <= 4; n += 1) {
    await editor.passed();
    await editor.key('t');
    await editor.waitDone();
  }
  const { dock, picture } = await stable(() => boxes(editor, 'picture', 'dock'));
  assert.ok(dock.top >= Math.min(before.top, 320), 'it does not jump to the top');
  const seen = Math.min(picture.bottom, dock.top) - Math.max(picture.top, 0);
  assert.ok(seen >= (picture.bottom - picture.top) / 2, `half of the picture shows: ${JSON.stringify({ dock, picture })}`);
  assert.equal(await rows(editor), 2);
});

test('a wider window takes tools back from the menu, and the one with the focus keeps it', async () => {
  const { page, editor } = await opened({ width: 360, height: 640 });
  const inMenu = (id) => editor.frame.evaluate((id) => !!document.querySelector(`#more-menu #${id}`), id);
  assert.ok(await inMenu('copy'));
  await editor.frame.locator('#undo').evaluate((undo) => (undo.disabled = false));
  await editor.frame.locator('#zoom-in').focus();
  await page.setViewportSize({ width: 1280, height: 720 });
  await until(async () => !(await inMenu('copy')), { what: 'the tool in the row' });
  assert.equal(await editor.frame.evaluate(() => document.activeElement.id), 'zoom-in');
  await page.setViewportSize({ width: 360, height: 640 });
  await until(() => inMenu('copy'), { what: 'the tool in the menu' });
});

test('tooltips cover no tool', async () => {
  for (const size of [{ width: 1280, height: 720 }, { width: 360, height: 640 }]) {
    const { page, editor } = await opened(size);
    for (const id of ['tool-brush', 'zoom-in', 'more', 'close', 'done']) {
      await editor.frame.locator(`#${id}`).hover();
      const tip = () => editor.frame.evaluate((id) => {
        const style = getComputedStyle(document.getElementById(id), '::after');
        return style.opacity === '1' && [style.top, style.left, style.height, style.width].map(parseFloat);
      }, id);
      const [top, left, height, width] = await until(tip, { what: `the tooltip of ${id}` });
      const covered = await editor.frame.evaluate(([top, left, height, width]) =>
        [...document.querySelectorAll('#toolbar :is(button, select, input)')].filter((control) => control.checkVisibility()).filter((control) => {
          const box = control.getBoundingClientRect();
          return box.left < left + width && box.right > left && box.top < top + height && box.bottom > top;
        }).map(({ id }) => id), [top, left, height, width]);
      assert.deepEqual(covered, [], `${id} at ${size.width}`);
      assert.ok(left >= 0 && left + width <= size.width && top >= 0 && top + height <= size.height, `${id}: ${[top, left, height, width]}`);
    }
    await page.close();
  }
});

test('while its size changes, the brush shows in true size with a number', async () => {
  const { page, editor } = await opened({ width: 1280, height: 720 });
  const ring = () => editor.frame.evaluate(() => {
    const [ring, size] = ['ring', 'ring-size'].map((id) => document.getElementById(id));
    const number = size.checkVisibility() && parseFloat(size.textContent);
    return !ring.hidden && number && { width: ring.getBoundingClientRect().width, number };
  });
  await editor.frame.locator('#size').focus();
  await page.mouse.move(640, 690);
  await page.keyboard.press('ArrowRight');
  const { width, number } = await until(ring, { what: 'the ring and its number' });
  const [scale] = await editor.view();
  assert.ok(Math.abs(width / scale - number) <= 1, `${width} px on the screen for ${number} px of the picture`);
  await until(async () => !(await ring()), { what: 'the end of the ring' });
});
