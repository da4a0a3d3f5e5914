// Selecting text: the words of a picture are outlined once the tool is chosen; a click takes one, a double click or Shift its line, a rectangle several,
// Ctrl+A all; by mouse, finger and keyboard. Only the strokes are painted, and nothing of it is erased by itself.

import assert from 'node:assert/strict';
import { browser, open, overlay, pickErase, server, sleep, stable, test, until, useBrowser } from './harness.mjs';
import { audit } from './audit.mjs';

useBrowser({ args: ['--touch-events=enabled'] });

const [WIDTH, HEIGHT] = [640, 400];
const GROUNDS = { bar: [38, 50, 74], page: [247, 248, 250], note: [226, 240, 217] };
/** What is written: each line's baseline, ink and words. */
const LINES = [
  { y: 40, x: 24, font: '600 20px sans-serif', ink: '#f2f4f8', text: 'Order history' },
  { y: 96, x: 24, font: '16px sans-serif', ink: '#1c1f26', text: 'Deliver to Margaret Whitfield tomorrow' },
  { y: 128, x: 24, font: '16px sans-serif', ink: '#1c1f26', text: 'Account number 4417 2093 8856' },
  { y: 200, x: 48, font: '18px serif', ink: '#2c5a1e', text: 'Paid with the card ending in 8856' },
  { y: 330, x: 24, font: '14px monospace', ink: '#6b7280', text: 'Questions? Call the support desk' },
];

/** A page as a screenshot has it: a dark bar, a light page and a tinted note, with text on each; without text, the same without. */
async function screenshot(page, lines) {
  const base64 = await page.evaluate(({ lines, WIDTH, HEIGHT, GROUNDS }) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: WIDTH, height: HEIGHT });
    const context = canvas.getContext('2d');
    const fill = (colour, ...rect) => {
      context.fillStyle = `rgb(${colour})`;
      context.fillRect(...rect);
    };
    fill(GROUNDS.page, 0, 0, WIDTH, HEIGHT);
    fill(GROUNDS.bar, 0, 0, WIDTH, 64);
    fill(GROUNDS.note, 24, 168, 592, 52);
    fill([90, 120, 190], 24, 250, 220, 44);
    for (const { x, y, font, ink, text } of lines) {
      Object.assign(context, { font, fillStyle: ink });
      context.fillText(text, x, y);
    }
    return canvas.toDataURL('image/png').split(',')[1];
  }, { lines, WIDTH, HEIGHT, GROUNDS });
  return Buffer.from(base64, 'base64');
}

async function show({ lines = LINES, size, byItself = false } = {}) {
  const page = await browser.page(`${server.home}/test/kinds.html`);
  // The browser keeps what an address has once given.
  const name = `/text-of-${lines.length}-lines.png`;
  server.put(name, 'image/png', await screenshot(page, lines));
  await page.goto(`${server.home}/test/files.html?${name}`);
  if (size) {
    await page.setViewportSize(size);
    await page.addStyleTag({ content: '#img { inline-size: 310px }' });
  }
  await page.locator('#img').evaluate((image) => image.decode());
  // A menu of the browser has no room in a narrow window.
  if (size) await pickErase(page, '#img', { at: { x: 60, y: 60 } });
  const editor = size ? await overlay(page) : await open(page, '#img');
  const auto = editor.frame.locator('#auto');
  if ((await auto.getAttribute('aria-pressed')) !== String(byItself)) await editor.press('auto');
  await until(async () => (await auto.getAttribute('aria-pressed')) === String(byItself), { what: 'the setting' });
  const before = await editor.shown();
  await editor.key('w');
  assert.equal(await editor.frame.locator('#tool-text').getAttribute('aria-checked'), 'true');
  return { page, editor, before };
}

/** The boxes of one kind: `free`, `taken` or `pointed`; image pixels. None where the words do not show. */
const boxes = (editor, kind) => editor.frame.evaluate((kind) => {
  const layer = document.getElementById('words');
  if (!layer.checkVisibility()) return [];
  const path = layer.querySelector(`.${kind}:not(.under)`).getAttribute('d') ?? '';
  return [...path.matchAll(/M(\d+) (\d+)h(\d+)v(\d+)/g)].map(([, ...numbers]) => {
    const [x, y, width, height] = numbers.map(Number);
    return { x, y, width, height };
  });
}, kind);

/** The words that are found, once they are, line by line. */
async function found(editor) {
  const all = await until(async () => {
    const words = [...(await boxes(editor, 'free')), ...(await boxes(editor, 'taken'))];
    return words.length > 0 && words;
  }, { what: 'words' });
  return LINES.map(({ y }) => all.filter((box) => box.y < y && box.y + box.height > y - 8).sort((one, other) => one.x - other.x));
}

const middle = ({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 });
const takes = (editor, count, what) => until(async () => (await boxes(editor, 'taken')).length === count, { what: `${what}: ${count} words` });

async function click(editor, box, key) {
  const [{ x, y }] = await editor.toTab([middle(box)]);
  const { mouse, keyboard } = editor.surface;
  // Two clicks in a row are no double click.
  await sleep(450);
  if (key) await keyboard.down(key);
  await mouse.click(x, y);
  if (key) await keyboard.up(key);
}

/** The pixels that differ, as their places and whether they lie in one of these boxes. */
function changes(before, now, inside) {
  const found = { inside: 0, outside: [] };
  for (let at = 0; at < before.data.length; at += 4) {
    if (before.data.readUInt32LE(at) === now.data.readUInt32LE(at)) continue;
    const [x, y] = [(at / 4) % WIDTH, Math.floor(at / 4 / WIDTH)];
    if (inside.some((box) => x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height)) found.inside += 1;
    else found.outside.push(`${x},${y}`);
  }
  return found;
}

/** The pixels of a box that have not this colour. */
function others({ data }, { x, y, width, height }, colour) {
  let count = 0;
  for (let row = y; row < y + height; row += 1) {
    for (let column = x; column < x + width; column += 1) {
      const at = (row * WIDTH + column) * 4;
      if (colour.some((value, i) => data[at + i] !== value)) count += 1;
    }
  }
  return count;
}

const look = (page, name) => process.env.LOOK && page.screenshot({ path: `${process.env.LOOK}/text-${name}.png` });

test('every word is outlined; a click takes it, another gives it back, a double click and Shift take the line, a rectangle several', async () => {
  const { page, editor } = await show();
  const lines = await found(editor);
  assert.deepEqual(lines.map((line) => line.length), LINES.map(({ text }) => text.split(' ').length));
  await until(async () => /Click a word/.test(await editor.frame.locator('#hint').textContent()), { what: 'the hint' });
  await look(page, 'found');
  const [margaret] = [lines[1][2]];
  const [{ x, y }] = await editor.toTab([middle(margaret)]);
  await page.mouse.move(x, y, { steps: 3 });
  await until(async () => (await boxes(editor, 'pointed'))[0]?.x === margaret.x, { what: 'the word, pointed at' });
  await look(page, 'hover');
  await audit(editor.frame);

  await click(editor, margaret);
  await takes(editor, 1, 'a click');
  await click(editor, lines[2][4]);
  await takes(editor, 2, 'another');
  await click(editor, margaret);
  await takes(editor, 1, 'given back');
  await editor.key('Control+z');
  await takes(editor, 2, 'undone');
  await editor.key('Control+Shift+Z');
  await takes(editor, 1, 'done again');
  await click(editor, lines[3][2], 'Shift');
  await takes(editor, 8, 'the line, with Shift');
  await look(page, 'taken');
  await click(editor, lines[3][0], 'Alt');
  await takes(editor, 7, 'a word of it given back, with Alt');
  await click(editor, lines[3][0], 'Alt');
  await sleep(300);
  await takes(editor, 7, 'what is not taken is not given back');

  await sleep(450);
  const [at] = await editor.toTab([middle(lines[0][1])]);
  await page.mouse.dblclick(at.x, at.y);
  await takes(editor, 9, 'the line, by a double click');
  await editor.key('Control+z');
  await takes(editor, 7, 'which is one step');

  const [first, last] = [lines[1][0], lines[2][4]];
  const right = lines[1][4].x + lines[1][4].width;
  const corners = [{ x: first.x - 6, y: first.y - 4 }, { x: right + 4, y: last.y + last.height }];
  await editor.drag(corners);
  await takes(editor, 7 + 9, 'a rectangle over two lines, of which one word was taken');
  await editor.drag(corners);
  await takes(editor, 6, 'all of them were taken: given back');
  await editor.key('Control+a');
  await takes(editor, lines.flat().length, 'all');
  await editor.key('b');
  await until(async () => (await boxes(editor, 'taken')).length === 0, { what: 'the brush shows no words' });
  await editor.leave();
});

test('what is taken is erased when the user says so: the letters are gone, and the ground around them is bit for bit what it was', async () => {
  const { page, editor, before } = await show({ byItself: true });
  const lines = await found(editor);
  const taken = [lines[1][2], lines[1][3], lines[3][6], lines[0][1]];
  for (const [i, word] of taken.entries()) {
    await click(editor, word);
    await takes(editor, i + 1, 'a click');
  }
  await editor.passed();
  await sleep(1500);
  assert.ok(!(await editor.passed()).includes('running'), 'it waits');
  await editor.key('Enter');
  await editor.waitDone();
  const now = await editor.shown();
  await look(page, 'erased');
  for (const [word, ground] of [[taken[0], 'page'], [taken[1], 'page'], [taken[2], 'note'], [taken[3], 'bar']]) {
    assert.equal(others(now, word, GROUNDS[ground]), 0, `nothing of the word on the ${ground} is left`);
  }
  const { inside, outside } = changes(before, now, taken);
  assert.ok(inside > 500, `${inside} pixels of letters`);
  assert.deepEqual(outside, []);
  assert.doesNotMatch(await editor.frame.locator('#hint').textContent(), /made up/, 'nothing was made up');

  // What is erased is no word any more; undone, it is one again, and taken.
  await until(async () => (await boxes(editor, 'free')).length === lines.flat().length - 4, { what: 'the words that are left' });
  await editor.key('Control+z');
  await takes(editor, 4, 'undone');
  assert.deepEqual(changes(before, await editor.shown(), []).outside, []);
  await editor.leave();
});

test('hidden instead, whole words are black: their strokes alone could be read', async () => {
  const { page, editor, before } = await show();
  const lines = await found(editor);
  await click(editor, lines[2][2]);
  await takes(editor, 1, 'a click');
  await editor.pick('engine', 'black-out');
  await until(async () => /Black/.test(await editor.frame.locator('#erase').getAttribute('aria-label')), { what: 'the method' });
  await editor.frame.locator('#picture').focus();
  await editor.passed();
  await editor.key('Enter');
  await editor.waitDone();
  const now = await editor.shown();
  await look(page, 'hidden');
  assert.equal(others(now, lines[2][2], [0, 0, 0]), 0, 'every pixel of the word is black');
  assert.deepEqual(changes(before, now, [lines[2][2]]).outside, []);
  await editor.leave();
});

test('the keyboard goes from word to word and takes them', async () => {
  const { page, editor, before } = await show();
  const lines = await found(editor);
  const pointsAt = (box, what) => until(async () => {
    const [at] = await boxes(editor, 'pointed');
    return at?.x === box.x && at?.y === box.y;
  }, { what });
  const says = (pattern) => until(async () => pattern.test(await editor.frame.locator('#status').textContent()), { what: `${pattern}` });
  await editor.key('ArrowRight');
  await pointsAt(lines[0][0], 'the first word');
  await says(/Word 1 of \d+/);
  await editor.key('ArrowDown');
  await pointsAt(lines[1][0], 'the one below');
  for (let i = 0; i < 2; i += 1) await editor.key('ArrowRight');
  await pointsAt(lines[1][2], 'two further');
  await editor.key('Enter');
  await takes(editor, 1, 'Enter takes it, as nothing is painted');
  await editor.key('ArrowLeft');
  await editor.key('ArrowRight');
  await says(/selected/);
  await editor.key(' ');
  await takes(editor, 0, 'Space gives it back');
  await editor.key('Shift+ ');
  await takes(editor, 5, 'Shift and Space take the line');
  await look(page, 'keyboard');
  await audit(editor.frame);
  await editor.passed();
  await editor.key('Enter');
  await editor.waitDone();
  const { outside } = changes(before, await editor.shown(), lines[1]);
  assert.deepEqual(outside, []);
  await until(async () => (await boxes(editor, 'free')).length > 0, { what: 'the words that are left' });
  await editor.key('Control+a');
  await takes(editor, lines.flat().length - 5, 'all that are left');
  await editor.leave();
});

test('fingers take words in a narrow window, and give them back', async () => {
  const { page, editor } = await show({ size: { width: 360, height: 640 } });
  const lines = await found(editor);
  const session = await page.context().newCDPSession(page);
  const touch = async (...points) => {
    await sleep(450);
    const [first, ...rest] = await editor.toTab(points);
    await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ ...first, id: 0 }] });
    for (const point of rest) await session.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: [{ ...point, id: 0 }] });
    await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  };
  await touch(middle(lines[1][2]));
  await takes(editor, 1, 'a tap');
  await touch(middle(lines[2][0]));
  await takes(editor, 2, 'another');
  await touch(middle(lines[1][2]));
  await takes(editor, 1, 'given back');
  const [from, to] = [lines[3][0], lines[3].at(-1)];
  await touch({ x: from.x - 4, y: from.y + 6 }, { x: 200, y: from.y + 8 }, { x: to.x + to.width + 4, y: to.y + 8 });
  await takes(editor, 8, 'along a line');
  await look(page, '360');
  await audit(editor.frame);
  const dock = await stable(() => editor.frame.locator('#dock').boundingBox());
  assert.ok(dock.x >= 0 && dock.x + dock.width <= 360, JSON.stringify(dock));
  await editor.leave();
});

test('in a picture without text, one sentence says so', async () => {
  const { editor } = await show({ lines: [] });
  const says = () => editor.frame.locator('#hint').textContent();
  await until(async () => /No text found here/.test(await says()), { what: 'the sentence' });
  await editor.key('ArrowRight');
  await editor.key('Control+a');
  await editor.key('Enter');
  assert.match(await says(), /No text found here/);
  assert.deepEqual(await boxes(editor, 'free'), []);
  await editor.leave();
});
