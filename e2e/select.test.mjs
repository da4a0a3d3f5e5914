// Selecting an object: what the pointer rests on is pointed out, a click takes it, Shift adds another, Alt takes one away, a rough circle snaps to what
// it encloses; by mouse, finger and keyboard. Nothing of it erases by itself.

import assert from 'node:assert/strict';
import { PNG } from 'pngjs';
import { browser, open, overlay, pickErase, server, sleep, stable, test, until, useBrowser } from './harness.mjs';
import { audit } from './audit.mjs';

useBrowser({ args: ['--touch-events=enabled'] });

const [WIDTH, HEIGHT] = [480, 320];
const [DISC, BOX] = [{ x: 130, y: 160 }, { x: 350, y: 150 }];
const inDisc = (x, y) => Math.hypot(x - DISC.x, y - DISC.y) < 50;
const inBox = (x, y) => Math.abs(x - BOX.x) < 48 && Math.abs(y - BOX.y) < 38;

/** A shaded red disc and a striped blue box, on grainy sand. */
function things() {
  const picture = new PNG({ width: WIDTH, height: HEIGHT });
  for (let at = 0; at < picture.data.length; at += 4) {
    const [x, y] = [(at / 4) % WIDTH, Math.floor(at / 4 / WIDTH)];
    const grain = ((x * 7919 + y * 104729) % 13) - 6;
    let colour = [210 - y / 8, 192 - y / 8, 150];
    if (inDisc(x, y)) colour = [200 - (x - DISC.x) / 2, 40, 48];
    if (inBox(x, y)) colour = Math.floor((x + y) / 9) % 2 ? [60, 90, 190] : [90, 130, 220];
    colour.forEach((value, i) => (picture.data[at + i] = value + grain));
    picture.data[at + 3] = 255;
  }
  return PNG.sync.write(picture);
}

async function show({ erasesByItself = false, size } = {}) {
  server.put('/select.png', 'image/png', things());
  const page = await browser.page(`${server.home}/test/files.html?/select.png`);
  if (size) await page.setViewportSize(size);
  await page.locator('#img').evaluate((image) => image.decode());
  // A menu of the browser has no room in a narrow window.
  if (size) await pickErase(page, '#img', { at: { x: 60, y: 60 } });
  const editor = size ? await overlay(page) : await open(page, '#img');
  const auto = editor.frame.locator('#auto');
  if ((await auto.getAttribute('aria-pressed')) !== String(erasesByItself)) await editor.press('auto');
  await until(async () => (await auto.getAttribute('aria-pressed')) === String(erasesByItself), { what: 'the setting' });
  await editor.key('s');
  assert.equal(await editor.frame.locator('#tool-select').getAttribute('aria-checked'), 'true');
  return { page, editor };
}

/** Whether a place of the picture is painted, as the screen shows it. The canvas lies only where something is painted. */
async function isPainted(editor, { x, y }) {
  const [a, b, c, d, e, f] = await editor.view();
  return editor.frame.locator('#mask').evaluate((canvas, { x, y }) => {
    if (!canvas.width || !canvas.height) return false;
    const { e: left, f: top } = new DOMMatrix(getComputedStyle(canvas).transform);
    const { data } = canvas.getContext('2d').getImageData(Math.round(x - left) - 4, Math.round(y - top) - 4, 9, 9);
    return data.filter((value, i) => i % 4 === 3 && value > 0).length > 40;
  }, { x: a * x + c * y + e, y: b * x + d * y + f });
}

/** What is pointed out: the rectangle of the picture that it fills, and whether places are in it. None where nothing is. */
const pointedOut = (editor, ...places) => editor.frame.locator('#proposal').evaluate((canvas, places) => {
  if (canvas.hidden) return undefined;
  const [left, top] = ['--x', '--y'].map((name) => parseFloat(canvas.style.getPropertyValue(name)));
  const context = canvas.getContext('2d');
  const holds = ({ x, y }) => context.getImageData(x - left, y - top, 1, 1).data[3] > 0;
  return { left, top, width: canvas.width, height: canvas.height, holds: places.map(holds) };
}, places);

const painted = async (editor) => [await isPainted(editor, { x: DISC.x, y: DISC.y + 20 }), await isPainted(editor, { x: BOX.x + 20, y: BOX.y })];
const shows = (editor, disc, box, what) =>
  until(async () => (await painted(editor)).join() === [disc, box].join(), { what });

/** Clicks a place of the picture while a key is held. */
async function click(editor, place, key) {
  const [{ x, y }] = await editor.toTab([place]);
  const { mouse, keyboard } = editor.surface;
  if (key) await keyboard.down(key);
  await mouse.click(x, y);
  if (key) await keyboard.up(key);
}

const count = ({ data }, is) => {
  let found = 0;
  for (let at = 0; at < data.length; at += 4) found += is(data[at], data[at + 1], data[at + 2]);
  return found;
};
const isRed = (r, g) => r > 150 && g < 80;
const isBlue = (r, g, b) => b > 170 && r < 120;

test('a click takes a thing, Shift adds another, Alt takes one away, and undo goes back step by step', async () => {
  const { page, editor } = await show();
  await click(editor, DISC);
  await shows(editor, true, false, 'the disc, selected');
  if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/select.png` });
  assert.equal(await isPainted(editor, { x: DISC.x, y: DISC.y + 70 }), false, 'and nothing around it');
  await click(editor, BOX);
  await shows(editor, false, true, 'the box in its place');
  await click(editor, DISC, 'Shift');
  await shows(editor, true, true, 'both');
  await click(editor, BOX, 'Alt');
  await shows(editor, true, false, 'the disc alone');
  await editor.key('Control+z');
  await shows(editor, true, true, 'both again');
  await editor.key('Control+z');
  await shows(editor, false, true, 'the box again');
  await editor.leave();
});

test('what was selected is erased to its edge, and the rest stays', async () => {
  const { page, editor } = await show();
  await click(editor, DISC);
  await shows(editor, true, false, 'the disc, selected');
  await editor.passed();
  await editor.erase();
  await editor.waitDone();
  const now = await editor.shown();
  if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/select-after.png` });
  assert.equal(count(now, isRed), 0, 'nothing of the disc is left');
  assert.ok(count(now, isBlue) > 6000, 'the box stays');
  await editor.leave();
});

test('a rough circle snaps to what it encloses', async () => {
  const { editor } = await show();
  const circle = Array.from({ length: 30 }, (_, i) => {
    const [angle, far] = [(i / 30) * 2 * Math.PI, 1 + 0.08 * Math.sin(i)];
    return { x: BOX.x + 82 * far * Math.cos(angle), y: BOX.y + 74 * far * Math.sin(angle) };
  });
  await editor.drag(circle, { steps: 2 });
  await shows(editor, false, true, 'the box, selected');
  await editor.passed();
  await editor.erase();
  await editor.waitDone();
  const { data } = await editor.shown();
  assert.equal(count({ data }, isBlue), 0, 'the box is gone');
  assert.ok(count({ data }, isRed) > 5000, 'the disc stays');
  const before = PNG.sync.read(things());
  const corner = ((BOX.y - 60) * WIDTH + BOX.x - 40) * 4;
  assert.equal(data[corner], before.data[corner], 'the ground inside the circle is as it was');
  await editor.leave();
});

test('what the pointer rests on is pointed out, and taken only by a click', async () => {
  const { page, editor } = await show();
  const beside = { x: DISC.x, y: DISC.y + 70 };
  const [disc, box, corner] = await editor.toTab([DISC, BOX, { x: -30, y: -10 }]);
  await page.mouse.move(disc.x - 3, disc.y);
  await page.mouse.move(disc.x, disc.y);
  const found = await until(() => pointedOut(editor, DISC, BOX, beside), { what: 'the disc, pointed out' });
  assert.deepEqual(found.holds, [true, false, false]);
  assert.ok(Math.abs(found.width - 106) < 8 && Math.abs(found.height - 106) < 8, `the disc and its rim: ${JSON.stringify(found)}`);
  assert.equal(await editor.frame.locator('#accept').isVisible(), false, 'it is no offer to be answered');
  await audit(editor.frame);
  if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/select-hover.png` });
  await page.mouse.move(box.x, box.y, { steps: 3 });
  await until(async () => (await pointedOut(editor, BOX, DISC))?.holds.join() === 'true,false', { what: 'the box, pointed out' });
  await page.mouse.move(corner.x, corner.y, { steps: 3 });
  await until(async () => !(await pointedOut(editor)), { what: 'nothing pointed out' });
  assert.deepEqual(await painted(editor), [false, false], 'pointing paints nothing');

  await click(editor, BOX);
  await shows(editor, false, true, 'the box, selected');
  await until(async () => !(await pointedOut(editor)), { what: 'nothing pointed out where it is taken' });
  await page.mouse.move(disc.x, disc.y, { steps: 3 });
  await until(() => pointedOut(editor), { what: 'the disc, pointed out again' });
  await editor.key('b');
  await until(async () => !(await pointedOut(editor)), { what: 'the brush points nothing out' });
  await editor.leave();
});

test('a selection is never erased unasked, and a stroke after it is', async () => {
  const { editor } = await show({ erasesByItself: true });
  const waits = async (what) => {
    await editor.passed();
    await sleep(2500);
    assert.ok(!(await editor.passed()).includes('running'), what);
  };
  await click(editor, DISC);
  await shows(editor, true, false, 'the disc, selected');
  await waits('the selection waits');
  assert.match(await editor.frame.locator('#hint').textContent(), /Erase/, 'and it is said how it is erased');
  await click(editor, BOX, 'Shift');
  await shows(editor, true, true, 'both');
  await editor.paintStroke([{ x: BOX.x - 60, y: BOX.y }, { x: BOX.x + 60, y: BOX.y }]);
  await waits('what the brush mends waits with it');
  assert.deepEqual(await painted(editor), [true, true]);
  await editor.key('Enter');
  await editor.waitDone();
  const now = await editor.shown();
  assert.equal(count(now, isRed) + count(now, isBlue), 0, 'both are gone');
  await editor.passed();
  await editor.paintStroke([{ x: 240, y: 40 }, { x: 260, y: 40 }]);
  await until(async () => (await editor.passed()).includes('running'), { what: 'a fill by itself, as it is set' });
  await editor.waitDone();
  await editor.leave();
});

test('a fill right after the tool is chosen, and a click after the fill', async () => {
  const { editor } = await show();
  await editor.paintStroke([{ x: DISC.x - 40, y: DISC.y }, { x: DISC.x + 40, y: DISC.y }]);
  await editor.passed();
  await editor.key('s');
  await editor.key('Enter');
  await editor.waitDone();
  await click(editor, BOX);
  await shows(editor, false, true, 'the box, in the picture as it is now');
  await editor.leave();
});

test('a finger takes one thing after the other, and takes one away by another tap', async () => {
  const { page, editor } = await show();
  const session = await page.context().newCDPSession(page);
  const tap = async (place) => {
    const [{ x, y }] = await editor.toTab([place]);
    await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x, y, id: 0 }] });
    await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  };
  await tap(DISC);
  await shows(editor, true, false, 'the disc');
  await tap(BOX);
  await shows(editor, true, true, 'both');
  await tap(DISC);
  await shows(editor, false, true, 'the box alone');
  assert.equal(await pointedOut(editor), undefined, 'a finger rests nowhere');
  await editor.leave();
});

test('the keyboard selects at its cursor', async () => {
  const { editor } = await show();
  for (let i = 0; i < 11; i += 1) await editor.key('Shift+ArrowRight');
  await until(async () => (await pointedOut(editor, BOX))?.holds[0], { what: 'the box, pointed out' });
  await editor.key(' ');
  await shows(editor, false, true, 'the box');
  for (let i = 0; i < 22; i += 1) await editor.key('Shift+ArrowLeft');
  await editor.key('Shift+ ');
  await shows(editor, true, true, 'both');
  await editor.key('Shift+ ');
  await shows(editor, false, true, 'the box alone');
  await editor.key('Enter');
  await editor.waitDone();
  assert.equal(count(await editor.shown(), isBlue), 0, 'the box is gone');
  await editor.leave();
});

for (const size of [{ width: 1280, height: 720 }, { width: 360, height: 640 }]) {
  test(`with half of the thing outside of a window of ${size.width} x ${size.height}, all of it is taken`, async () => {
    const { page, editor } = await show({ size });
    const middle = async () => (await editor.toTab([DISC]))[0];
    const scale = async () => (await editor.view())[0];
    for (let i = 0; i < 3; i += 1) {
      const before = await scale();
      await editor.key('+');
      await until(async () => (await scale()) > before, { what: 'an enlarged picture' });
    }
    const { x, y } = await stable(middle);
    // Its left half leaves the window.
    await page.mouse.move(size.width / 2, 300);
    await page.mouse.wheel(x - 12, 0);
    await until(async () => (await middle()).x < 40, { what: `the disc at the edge, from ${x}` });
    const now = await stable(middle);
    await page.mouse.move(now.x + 8, now.y, { steps: 2 });
    await until(() => pointedOut(editor, DISC), { what: 'the disc, pointed out' });
    if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/select-hover-${size.width}.png` });
    await page.mouse.click(now.x + 8, now.y);
    await until(() => isPainted(editor, { x: DISC.x + 25, y: DISC.y }), { what: 'the disc, selected' });
    await page.mouse.move(size.width - 30, 20);
    if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/select-${size.width}.png` });
    await audit(editor.frame);
    await editor.key('Enter');
    await editor.waitDone();
    assert.equal(count(await editor.shown(), isRed), 0, `nothing of the disc is left, which stood at ${JSON.stringify({ x, y, now })}`);
    await editor.leave();
  });
}
