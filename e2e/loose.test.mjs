// Loose paint: what it leaves out is proposed, and nothing grows by itself. Undo while a fill runs. The number beside the brush stays in sight.

import assert from 'node:assert/strict';
import { PNG } from 'pngjs';
import { browser, open, readElement, server, stable, test, until, useBrowser } from './harness.mjs';

useBrowser();

const [WIDTH, HEIGHT] = [480, 320];

/** A dark disc with a soft shadow around it, on sand-coloured ground. */
function shadowed() {
  const picture = new PNG({ width: WIDTH, height: HEIGHT });
  for (let at = 0; at < picture.data.length; at += 4) {
    const [x, y] = [(at / 4) % WIDTH, Math.floor(at / 4 / WIDTH)];
    const away = Math.hypot(x - 240, y - 160);
    const cover = Math.min(Math.max((52 - away) / 12, 0), 1);
    const disc = away < 40 ? 1 : cover * 0.5;
    [214, 196, 150].forEach((value, i) => (picture.data[at + i] = value * (1 - disc) + 40 * disc));
    picture.data[at + 3] = 255;
  }
  return PNG.sync.write(picture);
}

async function show() {
  server.put('/loose.png', 'image/png', shadowed());
  const page = await browser.page(`${server.home}/test/files.html?/loose.png`);
  await page.locator('#img').evaluate((image) => image.decode());
  return page;
}

/** How many pixels are not as the ground. */
const marks = ({ data }) => data.filter((value, at) => at % 4 === 0 && Math.abs(value - 214) > 6).length;

const circle = (radius) => Array.from({ length: 33 }, (_, i) => ({ x: 240 + radius * Math.cos((i * Math.PI) / 16), y: 160 + radius * Math.sin((i * Math.PI) / 16) }));
const proposed = (editor) => editor.frame.evaluate(() => !document.querySelector('#proposal').hidden);

test('a shadow that is left out is proposed, and taken along with one key', async () => {
  const page = await show();
  const editor = await open(page, '#img');
  await editor.paintOutline(circle(41));
  await until(() => proposed(editor), { what: 'a proposal' });
  assert.match(await editor.hint(), /left out/i);
  if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/loose.png` });
  await editor.passed();
  await editor.key('a');
  assert.equal(await proposed(editor), false);
  await editor.waitDone();
  const filled = await editor.shown();
  if (process.env.LOOK) {
    const away = [];
    for (let at = 0; at < filled.data.length; at += 4) if (Math.abs(filled.data[at] - 214) > 6) away.push([Math.hypot((at / 4) % WIDTH - 240, Math.floor(at / 4 / WIDTH) - 160).toFixed(1), filled.data[at]]);
    console.error(JSON.stringify(away.slice(0, 80)));
    await page.screenshot({ path: `${process.env.LOOK}/loose-after.png` });
  }
  assert.equal(marks(filled), 0, 'nothing of the shadow is left');
  await editor.done();
  assert.equal(marks(await readElement(page, '#img')), 0);
});

test('what is not accepted does not grow', async () => {
  const page = await show();
  const editor = await open(page, '#img');
  await editor.passed();
  await editor.paintOutline(circle(41));
  await until(() => proposed(editor), { what: 'a proposal' });
  await editor.key('Enter');
  await editor.waitDone();
  assert.equal(await proposed(editor), false);
  assert.ok(marks(await editor.shown()) > 300, 'the shadow stays');
  await editor.leave();
});

test('a closed loop proposes its inside, by its button', async () => {
  const page = await show();
  const editor = await open(page, '#img');
  await editor.passed();
  await editor.paintStroke(circle(70));
  await until(() => proposed(editor), { what: 'a proposal' });
  await editor.press('accept');
  await editor.waitDone();
  assert.equal(marks(await editor.shown()), 0, 'the disc is gone');
  await editor.leave();
});

test('undo while a fill runs takes back what was painted since, and then the fill', async () => {
  const page = await browser.page(`${server.home}/test/files.html?/pictures/meadow.jpg`);
  await page.locator('#img').evaluate((image) => image.decode());
  const editor = await open(page, '#img');
  const { width, height } = await editor.shown();
  const shown = () => editor.frame.evaluate(() => document.documentElement.dataset.fills);
  await editor.passed();
  await editor.paintRect({ x: width * 0.1, y: height * 0.1, width: width * 0.5, height: height * 0.6 });
  await editor.erase();
  await editor.reaches('running');
  await editor.paintRect({ x: width * 0.8, y: height * 0.8, width: 30, height: 30 });
  assert.equal(await editor.state(), 'running', 'while the fill runs');
  await editor.key('Control+z');
  await until(() => editor.frame.evaluate(() => !document.querySelector('#redo').disabled), { what: 'something to redo' });
  assert.equal(await editor.state(), 'running', 'the fill goes on');
  await editor.key('Control+z');
  await editor.reaches('painting');
  assert.ok([undefined, '0', null].includes(await shown()), 'the fill was taken back');
  await editor.leave();
});

test('the number beside the brush stays in sight', async () => {
  const page = await show();
  const editor = await open(page, '#img');
  for (const [x, y] of [[2, 2], [1276, 2], [2, 700]]) {
    const [width, height] = await page.evaluate(() => [innerWidth, innerHeight]);
    await page.mouse.move(Math.min(x, width - 2), Math.min(y, height - 2));
    const shown = await until(async () => {
      await editor.key(await editor.frame.evaluate(() => (globalThis.grown = !globalThis.grown)) ? ']' : '[');
      return editor.frame.evaluate(() => document.querySelector('#ring-size').checkVisibility({ visibilityProperty: true, opacityProperty: true }));
    }, { what: 'the number', timeout: 5000 }).catch(() => false);
    const box = await stable(() => editor.frame.evaluate(() => {
      const { left, top, right, bottom } = document.querySelector('#ring-size').getBoundingClientRect();
      return { left, top, right, bottom, wide: innerWidth, high: innerHeight };
    }));
    // It goes away again after a while.
    assert.ok(shown, 'the number is shown');
    assert.ok(box.left >= 0 && box.top >= 0 && box.right <= box.wide && box.bottom <= box.high, JSON.stringify(box));
  }
  await editor.leave();
});
