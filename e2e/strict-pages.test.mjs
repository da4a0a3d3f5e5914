// Pages that forbid frames, cover the overlay, transform the picture or attack.

import assert from 'node:assert/strict';
import {
  acceptBubble, BALL, browser, compareOutside, hasOverlay, open, overlay, readElement, readUrl, redness,
  rightClickErase, server, stable, test, until, useBrowser,
} from './harness.mjs';

let page;

useBrowser();

async function visit(path) {
  page = await browser.page(`${server.home}/test/${path}`);
  return page;
}

async function erasesBall(editor, was) {
  await editor.eraseRect(BALL);
  await editor.done();
  const now = await readElement(page, '#img');
  compareOutside(was, now, BALL);
  assert.ok(redness(now) < 5, 'the ball is gone');
}

test("Content-Security-Policy: default-src 'none'", async () => {
  await visit('strict.html');
  const was = await readElement(page, '#img');
  const editor = await open(page, '#img');
  assert.equal(editor.surface, page, 'in the page, not in a tab');
  await erasesBall(editor, was);
});

test('Cross-Origin-Embedder-Policy: require-corp', async () => {
  await visit('coep.html');
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
  const was = await readElement(page, '#img');
  const editor = await open(page, '#img');
  assert.equal(editor.surface, page, 'in the page, not in a tab');
  // Its worker, which such a page lets run only with the same header, answers for it.
  await editor.frame.evaluate(() => { for (const end = Date.now() + 5000; Date.now() < end;); });
  await erasesBall(editor, was);
});

test('Content-Security-Policy: sandbox, whose origin is opaque', async () => {
  await visit('sandboxed.html');
  await rightClickErase(page, '#img');
  const editor = await overlay(page, { states: ['painting', 'asking'] });
  if ((await editor.state()) === 'asking') {
    await editor.press('notice-yes');
    await acceptBubble();
    await editor.reaches('painting');
  }
  await editor.eraseRect(BALL);
  // Nobody knows such a page again: it is asked about each time, and has no name.
  await editor.press('done');
  await editor.says(/this page can read the picture from 127\.0\.0\.1/);
  await editor.press('notice-yes');
  await editor.left();
  assert.ok(redness(await readUrl(page, await page.locator('#img').evaluate((image) => image.currentSrc))) < 5, 'the ball is gone');
});

test("over the page's own modal dialog, which stays open", async () => {
  await visit('modal.html');
  const was = await readElement(page, '#img');
  const editor = await open(page, '#img');
  await erasesBall(editor, was);
  assert.equal(await page.evaluate(() => document.querySelector('#modal').matches(':modal')), true);

  // Escape in the overlay closes the overlay and not the dialog of the page.
  const again = await open(page, '#img');
  await again.key('Escape');
  await again.left();
  assert.equal(await page.evaluate(() => document.querySelector('#modal').open), true);
});

test('a modal dialog that the page opens later does not cover the overlay', async () => {
  await visit('modal.html');
  await page.evaluate(() => document.querySelector('#modal').close());
  await page.evaluate(() => document.body.append(document.querySelector('#img')));
  const was = await readElement(page, '#img');
  const editor = await open(page, '#img');
  await page.evaluate(() => document.querySelector('#modal').showModal());
  await until(() => page.evaluate(() => !document.elementFromPoint(innerWidth / 2, innerHeight / 2).closest('#modal')),
    { what: 'the overlay above the dialog' });
  await erasesBall(editor, was);
});

test('in fullscreen, which stays', async () => {
  await visit('fullscreen.html');
  await page.locator('#go').click();
  await until(() => page.evaluate(() => document.fullscreenElement?.id === 'box'));
  await stable(() => page.evaluate(() => [innerWidth, innerHeight]));
  const was = await readElement(page, '#img');
  const editor = await open(page, '#img');
  await erasesBall(editor, was);
  assert.equal(await page.evaluate(() => document.fullscreenElement?.id), 'box');
});

test('hostile styles, synthetic events and forged messages change nothing', async () => {
  await visit('hostile.html');
  const was = await readElement(page, '#img');
  const editor = await open(page, '#img');
  assert.equal(editor.surface, page);
  const box = await (await editor.frame.frameElement()).boundingBox();
  const size = await page.evaluate(() => ({ width: innerWidth, height: innerHeight }));
  assert.ok(box.width >= size.width - 20 && box.height >= size.height - 20, 'the overlay has its full size');

  // The page dispatches its events for some time: no fill starts, and the overlay does not close.
  await editor.passed();
  const heard = await page.evaluate(() => told.seen.length);
  const events = await page.evaluate(() => told.events);
  await until(async () => (await page.evaluate(() => told.events)) > events + 5, { what: 'a few rounds of events' });
  assert.deepEqual(await editor.passed(), ['painting']);

  await editor.eraseRect(BALL);
  assert.equal(await page.evaluate(() => told.seen.length), heard, 'the page sees nothing of the strokes');
  await page.keyboard.press('b');
  assert.equal(await page.evaluate(() => told.seen.length), heard, 'the page sees nothing of the keys');
  await editor.done();
  const now = await readElement(page, '#img');
  compareOutside(was, now, BALL);
});

test('the page finds no way into the overlay', async () => {
  await visit('hostile.html');
  const editor = await open(page, '#img');
  const seen = await page.evaluate(() => {
    const foreign = [...document.documentElement.children].filter((node) => !['HEAD', 'BODY'].includes(node.tagName));
    const found = { roots: foreign.map((node) => node.shadowRoot), frames: [] };
    for (let i = 0; i < window.length; i += 1) {
      try {
        found.frames.push(String(window[i].document.title));
      } catch (error) {
        found.frames.push(error.name);
      }
    }
    return found;
  });
  assert.ok(seen.roots.every((root) => root === null), 'the shadow root is closed');
  assert.ok(seen.frames.every((name) => name === 'SecurityError'), 'its document is out of reach');

  // A page that knows the address of the overlay and shows it in a frame gains nothing.
  const address = editor.frame.url().replace(/#.*$/, '#00000000-0000-0000-0000-000000000000');
  await page.evaluate((address) => {
    const frame = document.createElement('iframe');
    frame.src = address;
    document.body.append(frame);
  }, address);
  const others = () => page.frames().slice(1).filter((frame) => frame !== editor.frame && frame.url() !== 'about:blank');
  await until(() => others().length > 0, { what: 'what becomes of the frame' });
  for (const frame of others()) {
    const state = await until(
      async () => {
        // The address is valid for our own frame only. In another frame, the browser shows an error after some time.
        if (frame.url().startsWith('chrome-error:')) return 'refused';
        const state = await frame.evaluate(() => document.documentElement.dataset.state);
        return state !== 'opening' && state;
      },
      { what: 'what becomes of a frame without a session' },
    );
    assert.notEqual(state, 'painting', 'a frame of the page is no overlay');
    assert.notEqual(state, 'done');
  }
});

test('a page that removes every foreign node: in a tab', async () => {
  await visit('hostile.html#no-frames');
  const was = await readElement(page, '#img');
  const editor = await open(page, '#img');
  assert.notEqual(editor.surface, page, 'the overlay is in a tab of its own');
  await editor.eraseRect(BALL);
  await editor.done();
  const now = await until(
    async () => {
      const now = await readElement(page, '#img');
      return redness(now) < 5 && now;
    },
    { what: 'the result in the page' },
  );
  compareOutside(was, now, BALL);
});

// ------------------------------------------------------------------ alignment

/** Three corners of an element's content box, as the browser reports them. */
async function corners(selector) {
  const session = await page.context().newCDPSession(page);
  const { root } = await session.send('DOM.getDocument');
  const { nodeId } = await session.send('DOM.querySelector', { nodeId: root.nodeId, selector });
  const { model } = await session.send('DOM.getBoxModel', { nodeId });
  await session.detach();
  const [ax, ay, bx, by, , , dx, dy] = model.content;
  return { origin: { x: ax, y: ay }, right: { x: bx, y: by }, below: { x: dx, y: dy } };
}

/** The affine map from the picture to the viewport, computed from these corners and from how the picture is fitted into the box. */
async function expected(selector, { box, draw }) {
  const { origin, right, below } = await corners(selector);
  const u = { x: (right.x - origin.x) / box.width, y: (right.y - origin.y) / box.width };
  const v = { x: (below.x - origin.x) / box.height, y: (below.y - origin.y) / box.height };
  const { x, y, scale } = draw;
  return [u.x * scale, u.y * scale, v.x * scale, v.y * scale, origin.x + u.x * x + v.x * y, origin.y + u.y * x + v.y * y];
}

const PLAIN = { x: 0, y: 0, scale: 1 };
const PLACED = {
  '#rotated': { box: { width: 320, height: 240 }, draw: PLAIN },
  '#nested': { box: { width: 320, height: 240 }, draw: PLAIN },
  '#fitted': { box: { width: 300, height: 300 }, draw: { x: -30, y: 0, scale: 1.25 } },
  '#contained': { box: { width: 520, height: 260 }, draw: { x: 260 / 3, y: 0, scale: 260 / 240 } },
  '#cover': { box: { width: 360, height: 200 }, draw: { x: 0, y: -35, scale: 1.125 } },
};

/** The largest distance between the overlay's map and `map` at the corners of the picture. */
async function distance(editor, map) {
  const view = await editor.view();
  const box = await (await editor.frame.frameElement()).boundingBox();
  const at = ([a, b, c, d, e, f], x, y) => [a * x + c * y + e, b * x + d * y + f];
  const far = [[0, 0], [320, 0], [0, 240], [320, 240]].map(([x, y]) => {
    const [mx, my] = at(map, x, y);
    const [vx, vy] = at(view, x, y);
    return Math.hypot(mx - vx - box.x, my - vy - box.y);
  });
  return Math.max(...far);
}

for (const [selector, placed] of Object.entries(PLACED)) {
  test(`aligned with ${selector}, also when it scrolls`, async () => {
    await visit('transform.html');
    const editor = await open(page, selector);
    const near = async () => (await distance(editor, await expected(selector, placed))) < 1;
    await until(near, { what: 'alignment' }).catch(async (error) => {
      const map = await expected(selector, placed);
      throw new Error(`${await distance(editor, map)} px off: ${await editor.view()} instead of ${map}`, { cause: error });
    });
    await page.evaluate(() => document.querySelector('#scroller').scrollBy(0, 24));
    await until(near, { what: 'alignment after the box scrolled' });
    await page.evaluate(() => scrollBy({ top: 16, behavior: 'instant' }));
    await until(near, { what: 'alignment after the page scrolled' });
    await editor.close();
    await editor.left();
  });
}

test('a picture that is shown small is lifted out of the page, and erased at its own size', async () => {
  await visit('transform.html');
  const was = await readElement(page, '#thumbnail');
  const editor = await open(page, '#thumbnail');
  const [a, b] = await editor.view();
  assert.ok(Math.hypot(a, b) > 0.9, 'it is large enough to work on');
  await editor.eraseRect(BALL);
  await editor.done();
  const now = await readElement(page, '#thumbnail');
  compareOutside(was, now, BALL);
  const { width, height } = await page.locator('#thumbnail').boundingBox();
  assert.deepEqual([width, height], [80, 60], 'it stays as small in the page');
});

test('a turned picture is erased where it is painted', async () => {
  await visit('transform.html');
  const was = await readElement(page, '#rotated');
  const editor = await open(page, '#rotated');
  await editor.passed();
  // A rectangle on the screen is no rectangle in the picture here, so it is drawn with the lasso.
  const { x, y, width, height } = BALL;
  await editor.paintOutline([{ x, y }, { x: x + width, y }, { x: x + width, y: y + height }, { x, y: y + height }]);
  await editor.erase();
  await editor.waitDone();
  await editor.done();
  const now = await readElement(page, '#rotated');
  compareOutside(was, now, BALL);
  assert.ok(redness(now) < 5, 'the ball is gone');
});

test('a lazy-loading script that sets the source again does not bring the thing back', async () => {
  await visit('lazy.html');
  const was = await readElement(page, '#img');
  const editor = await open(page, '#img');
  await erasesBall(editor, was);
  await page.locator('#swap').click();
  await until(() => page.locator('#img').evaluate((image) => image.dataset.swaps === '1' && image.src.startsWith('blob:')), { what: 'our source again' });
  assert.ok(redness(await readElement(page, '#img')) < 5, 'still gone');
});

test('a carousel that goes on shows its other pictures untouched', async () => {
  await visit('carousel.html');
  const was = await readElement(page, '#img');
  const editor = await open(page, '#img');
  await erasesBall(editor, was);
  await page.locator('#next').click();
  await until(async () => (await readElement(page, '#img')).width === 240, { what: 'the next slide' });
});

test('the overlay leaves without a trace', async () => {
  await visit('lazy.html');
  const html = await page.evaluate(() => document.documentElement.outerHTML);
  const editor = await open(page, '#img');
  await editor.close();
  await editor.left();
  assert.equal(hasOverlay(page), false);
  assert.equal(await page.evaluate(() => document.documentElement.outerHTML), html);
});
