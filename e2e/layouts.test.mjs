// Pictures that are partly out of sight, or tiny: the overlay opens so that all of the picture can be seen and worked on, in windows of any size.

import assert from 'node:assert/strict';
import { browser, overlay, pickErase, server, stable, test, useBrowser } from './harness.mjs';

useBrowser();

/** Where each picture can be clicked, in a window of `width` by `height`. It is not scrolled into view. */
const POINTS = {
  below: (width, height) => ({ x: 60, y: height - 30 }),
  above: () => ({ x: 60, y: 40 }),
  beside: (width) => ({ x: width - 60, y: 300 }),
  tall: (width, height) => ({ x: 60, y: height / 2 }),
  inside: () => ({ x: 60, y: 150 }),
  icon: () => ({ x: 32, y: 112 }),
};

/** Shortest side of a picture that was opened, CSS pixels. */
const SHORTEST = { icon: 239 };

async function opened(id, size, dpr = 1) {
  const page = await browser.page(`${server.home}/test/layouts.html?${id}`);
  await page.setViewportSize(size);
  if (dpr !== 1) {
    const session = await page.context().newCDPSession(page);
    await session.send('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: dpr, mobile: false });
  }
  await page.locator('html[data-ready]').waitFor();
  await pickErase(page, POINTS[id](size.width, size.height));
  const editor = await overlay(page);
  const places = () => editor.frame.evaluate(() => Object.fromEntries(['picture', 'dock'].map((id) => {
    const { left, top, right, bottom } = document.getElementById(id).getBoundingClientRect();
    return [id, { left, top, right, bottom }];
  })));
  return { page, editor, places: () => stable(places) };
}

/** Where the window is narrow or the screen dense: all of the picture is in sight and free of the toolbar. */
for (const [what, size, dpr, ids] of [
  ['320 x 568', { width: 320, height: 568 }, 1, ['below', 'tall', 'icon']],
  ['a screen of two pixels for one', { width: 1280, height: 720 }, 2, ['below', 'icon']],
]) {
  for (const id of ids) {
    test(`${id}, in ${what}`, async () => {
      const { editor, places } = await opened(id, size, dpr);
      const { picture, dock } = await places();
      const window = await editor.frame.evaluate(() => ({ width: innerWidth, height: innerHeight }));
      const words = JSON.stringify({ picture, dock, window });
      assert.ok(picture.left >= -1 && picture.top >= -1 && picture.right <= window.width + 1 && picture.bottom <= window.height + 1, words);
      assert.ok(dock.left >= -1 && dock.right <= window.width + 1 && dock.bottom <= window.height + 1, words);
      assert.ok(dock.top >= picture.bottom - 1 || dock.bottom <= picture.top + 1, `the toolbar stands beside the picture: ${words}`);
      const shorter = Math.min(picture.right - picture.left, picture.bottom - picture.top);
      assert.ok(shorter >= Math.min(SHORTEST[id] ?? 100, window.height / 4), words);
      await editor.leave();
    });
  }
}

// Pages that are zoomed: to a page, zoom is fewer and denser pixels. No wider than the tests' display, beyond which the mouse reaches no command.
const CORNERS = [
  [320, 1, 'tall'], [320, 1.5, 'tall'], [360, 0.5, 'beside'], [360, 2, 'tall'], [900, 1, 'above'], [900, 2, 'tall'], [1280, 1.5, 'tall'], [2560, 2, 'beside'],
];
for (const [pixels, zoom, id] of CORNERS) {
  test(`${id}, in a window of ${pixels} pixels at ${zoom * 100} %`, async () => {
    const [width, height] = [pixels, pixels < 500 ? 640 : 720].map((side) => Math.round(side / zoom));
    const { page, editor, places } = await opened(id, { width, height }, zoom);
    const { picture, dock } = await places();
    if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/${pixels}-${zoom}-${id}.png` });
    const controls = await editor.frame.locator('#toolbar :is(button, select, input)').evaluateAll((all) => all
      .filter((control) => control.checkVisibility())
      .map((control) => {
        const { left, right, top, bottom } = control.getBoundingClientRect();
        return { id: control.id, left, right, middle: Math.round((top + bottom) / 2) };
      }));
    for (const { id, left, right } of controls) assert.ok(left >= dock.left - 1 && right <= dock.right + 1, `${id} is within the toolbar`);
    for (const id of ['erase', 'done', 'more']) assert.ok(controls.some((control) => control.id === id), `${id} is there`);
    const middles = controls.map(({ middle }) => middle);
    const words = JSON.stringify({ picture, dock, width, height });
    assert.ok(picture.left >= -1 && picture.top >= -1 && picture.right <= width + 1 && picture.bottom <= height + 1, words);
    assert.ok(dock.left >= -1 && dock.top >= -1 && dock.right <= width + 1 && dock.bottom <= height + 1, words);
    assert.ok(dock.top >= picture.bottom - 1 || dock.bottom <= picture.top + 1, `the toolbar stands beside the picture: ${words}`);
    assert.equal(new Set(middles).size, width >= 900 ? 1 : 2, `rows: ${words}`);
    await editor.leave();
  });
}

for (const size of [{ width: 1280, height: 720 }, { width: 360, height: 640 }]) {
  for (const id of Object.keys(POINTS)) {
    test(`${id}, in ${size.width} x ${size.height}`, async () => {
      const { editor, places } = await opened(id, size);
      const { picture, dock } = await places();
      const what = JSON.stringify({ picture, dock });
      assert.ok(picture.left >= 0 && picture.top >= 0 && picture.right <= size.width && picture.bottom <= size.height, what);
      assert.ok(dock.top >= picture.bottom || dock.bottom <= picture.top, `the toolbar stands beside the picture: ${what}`);
      const shorter = Math.min(picture.right - picture.left, picture.bottom - picture.top);
      assert.ok(shorter >= (SHORTEST[id] ?? 100), what);
      // What is being painted on does not move when the toolbar grows or the page moves.
      await editor.press('auto');
      const [a, , , d] = await editor.view();
      const [w, h] = [(picture.right - picture.left) / a, (picture.bottom - picture.top) / d];
      await editor.paintStroke([{ x: w / 3, y: h / 2 }, { x: w / 2, y: h / 2 }]);
      const now = (await places()).picture;
      await editor.surface.evaluate(() => scrollBy(0, 50));
      assert.deepEqual((await places()).picture, now);
      await editor.erase();
      await editor.waitDone();
      assert.deepEqual((await places()).picture, now);
    });
  }
}
