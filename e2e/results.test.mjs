// Several results of one erase to choose from, and how the settings sheet changes them.

import assert from 'node:assert/strict';
import { BALL, browser, compareOutside, open, readElement, readUrl, same, server, test, until, useBrowser } from './harness.mjs';

useBrowser();

const visit = () => browser.page(`${server.home}/test/kinds.html`);
const count = (editor) => editor.frame.locator('#variations:not([hidden]) [data-variation]').count();
const chosen = (editor) => editor.frame.locator('[data-variation][aria-checked=true]').getAttribute('data-variation');

const differ = (a, b) => !a.data.equals(b.data);

test('Try again puts results side by side, and the one that is chosen is the one that stays', async () => {
  const page = await visit();
  const was = await readElement(page, '#img');
  const editor = await open(page, '#img');
  assert.ok(await editor.frame.locator('#again').isDisabled(), 'there is nothing to try again yet');
  await editor.eraseRect(BALL);
  assert.equal(await count(editor), 0, 'one result is no choice');
  assert.equal(await editor.frame.locator('#engine-instant').textContent(), 'Instant', 'a time would contradict its name');
  const results = [await editor.shown()];
  for (let n = 2; n <= 4; n += 1) {
    await editor.passed();
    await (n === 2 ? editor.press('again') : editor.key('t'));
    await editor.waitDone();
    assert.equal(await count(editor), n);
    assert.equal(await chosen(editor), `${n - 1}`);
    results.push(await editor.shown());
    compareOutside(was, results.at(-1), BALL);
    assert.ok(differ(results[n - 1], results[n - 2]), `result ${n} is another one`);
  }
  await editor.frame.locator('[data-variation="1"]').click();
  same(results[1], await editor.shown(), 'a click shows it');
  await editor.key('1');
  same(results[0], await editor.shown(), 'and so does its number');
  await editor.frame.locator('[data-variation="0"]').focus();
  await editor.key('ArrowRight');
  same(results[1], await editor.shown(), 'and an arrow key in the row');
  assert.equal(await chosen(editor), '1');

  // The next fill is applied to the chosen result. When it is undone, the results of the first fill are there again.
  const second = { x: 20, y: 20, width: 40, height: 30 };
  await editor.eraseRect(second);
  compareOutside(results[1], await editor.shown(), second);
  assert.equal(await count(editor), 0);
  await editor.press('undo');
  same(results[1], await editor.shown(), 'the fill before');
  assert.equal(await count(editor), 4);
  await editor.frame.locator('[data-variation="2"]').click();
  same(results[2], await editor.shown(), 'another result below');
  assert.ok(await editor.frame.locator('#redo').isDisabled(), 'what was made on top of another result is given up');

  await editor.done();
  same(results[2], await readElement(page, '#img'), 'what was chosen is in the page');
});

test('a fifth result takes the place of the oldest', async () => {
  const page = await visit();
  const editor = await open(page, '#img');
  await editor.eraseRect(BALL);
  const first = await editor.shown();
  for (let n = 2; n <= 5; n += 1) {
    await editor.passed();
    await editor.key('t');
    await editor.waitDone();
  }
  assert.equal(await count(editor), 4);
  const last = await editor.shown();
  for (let n = 1; n <= 4; n += 1) {
    await editor.key(`${n}`);
    assert.ok(differ(first, await editor.shown()), 'the oldest has gone');
  }
  same(last, await editor.shown(), 'the newest came last');
  await editor.leave();
});

test('the seed decides; saved files tell of the edit only if that is wished for; both are remembered', async () => {
  const page = await visit();
  const editor = await open(page, '#img');
  await editor.eraseRect(BALL);
  const one = await editor.shown();
  assert.doesNotMatch((await editor.save('png')).bytes.toString('latin1'), /seed|xpacket|Rubout/, 'no trace by default');
  await editor.press('settings');
  await editor.frame.locator('#seed').fill('77');
  await editor.frame.locator('#note').check();
  await editor.press('settings-close');
  await editor.press('undo');
  await editor.passed();
  await editor.erase();
  await editor.waitDone();
  const another = await editor.shown();
  assert.ok(differ(one, another), 'another seed, another result');
  for (const format of ['png', 'jpeg', 'webp']) {
    const text = (await editor.save(format)).bytes.toString('latin1');
    assert.match(text, /stEvt:softwareAgent="Rubout [0-9.]+" stEvt:parameters="erased with the built-in fill, seed 77"/, format);
    assert.doesNotMatch(text, /compositeWithTrained/, 'no model had a part in it');
  }
  await editor.leave();

  const other = await visit();
  const again = await open(other, '#img');
  await until(() => again.frame.locator('#seed').inputValue().then((seed) => seed === '77'), { what: 'the seed set on another page' });
  assert.ok(await again.frame.locator('#note').isChecked());
  await again.eraseRect(BALL);
  same(another, await again.shown(), 'the same seed, the same result');
  await again.leave();
});

/** Puts a page of text under a translucent word into `#img`; gives the address of the same page without the word. */
const markedPage = (page) => page.evaluate(async () => {
  const [width, height] = [420, 240];
  const draw = (withMark) => {
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const pen = canvas.getContext('2d');
    for (let row = 0; row < 10; row += 1) {
      pen.fillStyle = ['#ffffff', '#f0f4fa', '#fffcf0'][row % 3];
      pen.fillRect(0, row * 24, width, 24);
      pen.fillStyle = '#d0d4dc';
      pen.fillRect(0, row * 24, width, 1);
      pen.fillStyle = '#1f2330';
      pen.font = '13px sans-serif';
      pen.fillText('Minutes of the meeting, part '.repeat(3), 6 + 3 * row, row * 24 + 17);
    }
    if (withMark) {
      pen.translate(width / 2, height / 2);
      pen.rotate(-0.3);
      pen.globalAlpha = 0.4;
      pen.fillStyle = '#dc2828';
      pen.font = 'bold 84px sans-serif';
      pen.textAlign = 'center';
      pen.fillText('DRAFT', 0, 30);
    }
    return canvas.toDataURL();
  };
  const img = document.querySelector('#img');
  img.src = draw(true);
  await img.decode();
  return draw(false);
});

test('a mark is looked through and the share that was filled is said; Try again offers the other readings by name, then seeds of the chosen one', async () => {
  const page = await visit();
  const truth = await readUrl(page, await markedPage(page));
  const marked = await readElement(page, '#img');
  const editor = await open(page, '#img');
  assert.equal(await editor.frame.locator('#route').inputValue(), 'automatic', 'every new picture begins with it');
  await editor.eraseRect({ x: 40, y: 20, width: 340, height: 200 });
  assert.match(await editor.frame.locator('#hint').textContent(), /^Recovered what was under the mark; \d+% of it had to be filled\.$/);
  const recovered = await editor.shown();
  assert.ok(off(recovered, truth) * 10 < off(marked, truth), `${off(recovered, truth)} of ${off(marked, truth)} levels off`);

  const names = () => editor.frame.locator('[data-variation]').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label').split(': ')[1]));
  const again = async () => {
    await editor.passed();
    await editor.key('t');
    await editor.waitDone();
    return (await names()).at(-1);
  };
  let last = await again();
  if (last === 'Only text and marks') last = await again();
  assert.equal(last, 'Everything painted');
  const readings = await names();
  assert.equal(readings[0], 'See through');
  assert.equal(new Set(readings).size, readings.length, 'each once');
  assert.ok(differ(recovered, await editor.shown()));
  assert.equal(await again(), 'Everything painted', 'another seed of the chosen one');

  // What the list says is what is done.
  await editor.press('undo');
  await editor.pick('route', 'everything');
  await editor.passed();
  await editor.erase();
  await editor.waitDone();
  assert.notEqual(await editor.frame.locator('#hint').getAttribute('data-i18n'), 'statusRecovered');
  await editor.leave();
  const next = await open(await visit(), '#img');
  assert.equal(await next.frame.locator('#route').inputValue(), 'automatic');
  await next.leave();
});

/** Mean difference of two pictures in levels. */
function off(a, b) {
  return a.data.reduce((sum, value, at) => sum + Math.abs(value - b.data[at]), 0) / a.data.length;
}
