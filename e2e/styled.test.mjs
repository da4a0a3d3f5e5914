// Pictures that styles show, or that are shown otherwise than their files say: the seen picture, in the seen turn, also after Done. What of it needs no
// real browser interface is in shim.test.mjs.

import assert from 'node:assert/strict';
import { BALL, browser, compareOutside, open, acceptBubble, overlay, pickErase, readElement, readUrl, redness, server, startPicking, test, until, useBrowser } from './harness.mjs';

useBrowser();

/** A page with `markup` in it. */
async function show(markup) {
  server.put('/test/styled.html', 'text/html', `<!doctype html><title>Styled</title><link rel="icon" href="data:,"><body style="margin:30px">${markup}`);
  const page = await browser.page(`${server.home}/test/styled.html`);
  await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode())));
  return page;
}

const SAND = '/pictures/test/sand.jpg';
const BOX = 'display:block;width:320px;height:240px';

for (const [name, property, markup] of [
  ['content of an img', 'content', `<img id=x src="/pictures/test/one.png" style="${BOX};content:url(${SAND})">`],
  ['mask', 'maskImage', `<div id=x style="${BOX};background:navy;mask:url(${SAND}) center / contain"></div>`],
  ['border-image', 'borderImageSource', `<div id=x style="width:280px;height:200px;border:20px solid;border-image:url(${SAND}) 20 fill"></div>`],
  ['the mark of a list', 'listStyleImage', `<ul style="margin:0 0 0 320px;padding:0"><li id=x style="list-style:url(${SAND}) inside;width:320px;height:240px"></li></ul>`],
  ['image-set', 'backgroundImage', `<div id=x style="${BOX};background:image-set(url(${SAND}) 1x) 0 0 / 100% 100%"></div>`],
  ['shorthand with a variable', 'backgroundImage', `<div id=x style="--a:url(${SAND});${BOX};background:var(--a) 0 0 / 100% 100%"></div>`],
]) {
  test(`erased in the page: ${name}`, async () => {
    const page = await show(markup);
    const read = async () => {
      const value = await page.locator('#x').evaluate((x, property) => getComputedStyle(x)[property], property);
      return readUrl(page, /url\("([^"]*)"\)/.exec(value)[1]);
    };
    const was = await read();
    const editor = await open(page, '#x');
    await editor.eraseRect(BALL);
    await editor.done();
    compareOutside(was, await read(), BALL);
  });
}

test('a picture of ::before is saved, and it is said why it stays in the page', async () => {
  const page = await show(`<style>#x::before{content:"";position:absolute;inset:0;background:url(${SAND})}</style>
    <div id=x style="position:relative;${BOX}"></div>`);
  const editor = await open(page, '#x');
  await editor.eraseRect(BALL);
  await editor.press('done');
  await editor.says(/cannot be exchanged/i);
  const { bytes } = await editor.save();
  assert.ok(bytes.length > 5000);
  // Nor does Copy need the page.
  await editor.frame.evaluate(() => {
    navigator.clipboard.write = async ([item]) => (globalThis.copied = (await item.getType('image/png')).size);
  });
  await editor.press('copy');
  assert.ok((await until(() => editor.frame.evaluate(() => globalThis.copied), { what: 'a copy' })) > 5000);
  await editor.close();
});

for (const [name, markup] of [
  ['object', `<object id=x type="image/jpeg" data="${SAND}" style="${BOX}"></object>`],
  ['embed', `<embed id=x type="image/jpeg" src="${SAND}" style="${BOX}">`],
]) {
  // On these, the browser opens no menu, whatever an extension has in it.
  test(`picked and erased in the page: ${name}`, async () => {
    const page = await show(markup);
    const address = () => page.locator('#x').evaluate((x) => x.data || x.src);
    const was = await readUrl(page, await address());
    await pickErase(page, '#x');
    const editor = await overlay(page);
    await editor.eraseRect(BALL);
    await editor.done();
    compareOutside(was, await readUrl(page, await address()), BALL);
  });
}

test('image-orientation: none, of a photograph that Exif turns', async () => {
  const page = await show('<img id=x src="/pictures/test/turned.jpg" style="image-orientation:none;max-width:320px">');
  const box = () => page.locator('#x').boundingBox().then(({ width, height }) => [width, height]);
  const size = await box();
  const editor = await open(page, '#x');
  const was = await editor.shown();
  assert.deepEqual([was.width, was.height], size, 'in the turn that is seen');
  const hole = { x: 40, y: 40, width: 40, height: 40 };
  await editor.eraseRect(hole);
  await editor.done();
  assert.deepEqual(await box(), size, 'it stays as large');
  compareOutside(was, await readElement(page, '#x'), hole);
});

test('zoom and object-fit: what is painted over is what goes', async () => {
  const page = await show(`<div style="zoom:1.5"><img id=x src="${SAND}" style="display:block;width:200px;height:200px;object-fit:cover;object-position:40% 0"></div>`);
  const was = await readElement(page, '#x');
  const editor = await open(page, '#x');
  const [{ x, y }] = await editor.toTab([{ x: 164, y: 124 }]);
  const centre = await page.locator('#x').boundingBox();
  assert.ok(x > centre.x && y > centre.y, 'the ball stands in the picture');
  await editor.eraseRect(BALL);
  await editor.done();
  const now = await readElement(page, '#x');
  compareOutside(was, now, BALL);
  assert.ok(redness(now) < 5);
});

test('a frame of another origin can be picked: asked for, then its picture', async () => {
  const page = await show(`<iframe id=frame src="${server.away}/test/framed.html" width="600" height="460"></iframe>`);
  await startPicking(page, '#frame');
  const { x, y } = await page.locator('#frame').boundingBox();
  await page.mouse.move(x + 100, y + 150);
  await page.mouse.click(x + 110, y + 160);
  const asking = await overlay(page, { states: ['asking'] });
  await asking.press('notice-yes');
  await acceptBubble();
  await until(() => asking.gone(), { what: 'the question gone' });
  // What is picked there is a picture of the frame, which is edited there.
  await page.mouse.move(x + 120, y + 150);
  await page.mouse.click(x + 124, y + 154);
  const editor = await overlay(page);
  assert.match(editor.frame.parentFrame().url(), /framed\.html/);
  await editor.leave();
});
