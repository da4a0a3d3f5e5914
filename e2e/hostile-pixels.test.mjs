// Pages that try to read pixels which they may only show. Each test plays the page's part to its end and asserts that it got nothing.

import assert from 'node:assert/strict';
import {
  acceptBubble, afterEach, BALL, browser, compareOutside, hasOverlay, open, openMenu, overlay, pickErase, readElement, readUrl, redness, rightClickErase, server, test, until, useBrowser, xdotool,
} from './harness.mjs';

useBrowser();

// Each test asks anew.
afterEach(() => browser.worker().evaluate(async () => {
  const kept = Object.keys(await chrome.storage.session.get());
  await chrome.storage.session.remove(kept.filter((key) => key.startsWith('consent:')));
}));

/** A page of the first origin with this in it. */
async function show(html, name = '/test/bait.html') {
  server.put(name, 'text/html', `<!doctype html><title>Bait</title><link rel="stylesheet" href="/test/test.css">${html}`);
  return browser.page(`${server.home}${name}`);
}

/** What a script of the page reads of an element's picture; nothing where the browser keeps it from that. */
const spied = (page, selector) => readElement(page, selector).catch(() => undefined);

/** Presses the button that would put the result into the page, and waits for what comes of it. Gives what the overlay says then. */
async function finish(editor) {
  await editor.press('done');
  return until(async () => (editor.gone() ? 'gone' : await editor.notice()), { what: 'the end of the edit, or a sentence' });
}

/** Opens a picture of the other site, with "yes" to all that is asked. With `keep`, the permission is kept, where that can be chosen. */
async function openForeign(page, target, { keep = false, steps, choose = open } = {}) {
  const editor = await choose(page, target, { steps, states: ['asking', 'painting'] });
  if ((await editor.state()) === 'asking') {
    if (keep && (await editor.frame.locator('#keep').count())) await editor.press('keep');
    await editor.press('notice-yes');
    if (!browser.hasGranted) await acceptBubble();
    await until(async () => {
      // A page may show another picture by now: the one that was chosen is edited.
      if (/another picture/.test(await editor.notice())) await editor.press('notice-no').catch(() => {});
      return (await editor.state()) === 'painting';
    }, { what: 'an overlay that is painting' });
  }
  return editor;
}

/** Presses "Done" and agrees to what is asked then. */
async function putIn(editor) {
  const says = await finish(editor);
  if (says === 'gone') return '';
  await editor.press('notice-yes');
  await editor.left();
  return says;
}

const SAND = '{{away}}/pictures/test/sand.jpg';
/** In the sand, far from the ball. */
const SPOT = { x: 30, y: 100, width: 24, height: 24 };

/** Goes on with a screenshot of the tab. */
async function takeScreenshot(editor) {
  if (!/screenshot/i.test(await editor.says())) await editor.press('notice-no');
  await editor.says(/screenshot/i);
  await editor.press('notice-yes');
  await editor.reaches('painting');
}

test('a screenshot is never put into the page: what shines through at 4 % stays unread', async () => {
  const bits = '1011001110001101';
  const cells = [...bits].map((bit) => `<i style="background:${bit === '1' ? '#fff' : '#000'}"></i>`).join('');
  server.put('/test/secret.html', 'text/html', `<!doctype html><style>body{margin:0;display:grid;grid:repeat(4,60px)/repeat(4,80px)}</style>${cells}`);
  server.put('/test/grey.svg', 'image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240"><path fill="#808080" d="M0 0h320v240H0z"/></svg>');
  const page = await show(`<div style="position:relative"><img id="bait" src="{{away}}/test/grey.svg" style="display:block">
    <iframe src="{{away}}/test/secret.html" style="position:absolute;inset:0;width:320px;height:240px;border:0;opacity:.04;pointer-events:none"></iframe></div>`);
  const editor = await open(page, '#bait', { states: ['asking'] });
  await takeScreenshot(editor);
  await editor.eraseRect({ x: 10, y: 10, width: 16, height: 16 });
  const says = await finish(editor);
  const got = await spied(page, '#bait');
  const middle = (i) => (((i >> 2) * 60 + 30) * got.width + (i & 3) * 80 + 40) * 4;
  assert.equal(got && [...bits].map((_, i) => +(got.data[middle(i)] > 128)).join(''), undefined, `of ${bits} the page read this`);
  assert.match(says, /screenshot.*save or copy/i, 'it says why, and what to do instead');
  assert.match(await editor.frame.locator('#done').innerText(), /save.*copy/i, 'the button says so before it is pressed');
  assert.match((await editor.save('png')).name, /\.png$/, 'the result can still be saved');
  await editor.leave();
});

test('a canvas that was tainted at the click gets no pixel back, also after the page has emptied it', async () => {
  const page = await show(`<canvas id="bait" width="320" height="240"></canvas><script>
    const image = new Image();
    image.src = '{{away}}/pictures/test/sand.jpg';
    image.decode().then(() => bait.getContext('2d').drawImage(image, 0, 0)).then(() => (document.documentElement.dataset.ready = ''));
  </script>`);
  await page.locator('html[data-ready]').waitFor();
  await rightClickErase(page, '#bait');
  const editor = await overlay(page, { states: ['asking'] });
  await takeScreenshot(editor);
  await editor.eraseRect(BALL);
  // An empty canvas is readable again.
  await page.evaluate(() => (bait.width = 320));
  const says = await finish(editor);
  const got = await spied(page, '#bait');
  assert.equal(got.data.filter((byte) => byte).length, 0, 'bytes that the page read');
  assert.match(says, /screenshot.*save or copy/i);
  await editor.leave();
});

test("a page does not get another site's picture before the user agreed to that, once for this page and that site", async () => {
  const page = await show(`<img id="bait" src="${SAND}" style="display:block">`);
  const was = await readUrl(page, `${server.away}/cors/pictures/test/sand.jpg`);
  const asked = await openForeign(page, '#bait');
  await asked.eraseRect(BALL);
  const says = await finish(asked);
  assert.equal(await spied(page, '#bait').then((got) => got?.width), undefined, 'so wide is what the page read');
  assert.match(says, /127\.0\.0\.1 can read the picture from localhost/, 'one sentence that names both');

  // Escape takes the question back, and keeps nothing and nobody waiting.
  await asked.key('Escape');
  await asked.reaches('done');
  assert.equal(await spied(page, '#bait'), undefined);
  await asked.press('done');
  await asked.says(/can read/);
  const [download] = await Promise.all([page.waitForEvent('download'), asked.press('notice-no')]);
  assert.match(download.suggestedFilename(), /^sand-edited\./, '"Save instead" saves');
  await asked.reaches('done');
  assert.equal(await spied(page, '#bait'), undefined, 'and puts nothing in');
  await asked.press('done');
  await asked.says(/can read/);
  await asked.press('notice-yes');
  await asked.left();
  compareOutside(was, await readElement(page, '#bait'), BALL);

  // The second time, there is no question for this pair.
  const next = await show(`<img id="bait" src="${SAND}?2" style="display:block">`);
  const editor = await openForeign(next, '#bait');
  await editor.eraseRect(BALL);
  assert.equal(await finish(editor), 'gone');
  assert.ok(await spied(next, '#bait'));
});

test('a permission that was given for one page opens nothing to another', async () => {
  const page = await show(`<img id="bait" src="${SAND}" style="display:block">`);
  const editor = await openForeign(page, '#bait', { keep: true });
  await editor.leave();
  const again = await open(page, '#bait', { states: ['asking', 'painting'] });
  assert.equal(await again.state(), 'painting', 'the user kept it for this page');
  await again.leave();

  const other = await browser.page(page.url().replace('127.0.0.1', 'other.localhost'));
  const before = server.log.length;
  const asked = await open(other, '#bait', { states: ['asking', 'painting'] });
  const reads = server.log.slice(before).filter(({ side, path, destination }) => side === 'away' && path.endsWith('sand.jpg') && destination === 'empty');
  assert.deepEqual([await asked.state(), reads.filter(({ origin }) => !origin?.includes('other.localhost')).length], ['asking', 0], 'state and silent reads');
  assert.match(await asked.says(), /localhost/);
  await asked.leave();

  // A permission that was lent to an overlay which ended before it gave it back is given back at the next request.
  await browser.worker().evaluate(() => chrome.storage.session.set({ 'lent:http://localhost/*': Date.now() - 180_000 }));
  const last = await open(other, '#bait', { states: ['asking'] });
  const granted = () => browser.worker().evaluate(async () => (await chrome.permissions.getAll()).origins ?? []);
  await until(async () => (await granted()).length === 0, { what: 'no permission left' });
  await last.leave();
});

/** Ways to show the left half of a picture and to hide the right one, each of which the page takes back as soon as anything of ours is there. */
const HALVES = {
  'overflow: hidden': `<div style="width:160px;overflow:hidden"><img id="bait" src="${SAND}" style="display:block"></div>`,
  'a container that scrolls': `<div style="width:160px;height:240px;overflow:auto"><img id="bait" src="${SAND}" style="display:block"></div>`,
  'an ancestor with position: fixed': `<div style="position:fixed;top:60px;left:60px;width:160px;contain:paint"><img id="bait" src="${SAND}" style="display:block"></div>`,
  'the edge of the window': `<img id="bait" src="${SAND}" style="position:fixed;top:60px;right:-160px">`,
  'object-fit': `<img id="bait" src="${SAND}" style="display:block;width:160px;height:240px;object-fit:none;object-position:0 0">`,
  'background-position': `<div id="bait" style="width:160px;height:240px;background:url(${SAND}) 0 0 no-repeat"></div>`,
  'a background that is fixed to the window': `<div id="bait" style="position:fixed;top:60px;left:60px;width:160px;height:240px;background:url(${SAND}) 60px 60px no-repeat fixed"></div>`,
  'a bar over it': `<div style="position:relative"><img id="bait" src="${SAND}" style="display:block"><div style="position:absolute;left:160px;top:0;width:160px;height:240px;background:#888"></div></div>`,
  'a body that contains its paint': `<style>body{contain:paint;width:160px;overflow:hidden}</style><img id="bait" src="${SAND}" style="display:block">`,
};
const UNCROP = `<script>new MutationObserver(() => {
  const style = document.createElement('style');
  style.textContent = '*{overflow:visible!important;contain:none!important} #bait{width:320px!important;right:auto!important;object-fit:fill!important}';
  document.head.append(style);
}).observe(document.documentElement, { childList: true });</script>`;

const alpha = ({ data, width }, x, y) => data[(y * width + x) * 4 + 3];

for (const [name, html] of Object.entries(HALVES)) {
  test(`what a page hides of a picture stays hidden: ${name}`, async () => {
    const page = await show(html + UNCROP);
    // A point in its left half, without scrolling to it.
    const { x, y } = await page.locator('#bait').boundingBox();
    const steps = html.includes('background:url') ? [3, 2, 3] : [2, 3, 2];
    const editor = await openForeign(page, { x: x + 60, y: y + 60 }, { keep: true, steps });
    await editor.eraseRect(SPOT);
    const says = await putIn(editor);
    const got = await readElement(page, '#bait');
    assert.deepEqual([alpha(got, 300, 120), alpha(got, 200, 20), alpha(got, 40, 110), alpha(got, 10, 10)], [0, 0, 255, 255], 'opacity of what was hidden and of what was shown');
    assert.match(says, /what it does not show is left out/);
  });
}

const styled = (style) => `<div style="${style}"><img id="bait" src="${SAND}" style="display:block"></div>`;
const ALTERED = {
  'clip-path': styled('clip-path:inset(0 50% 0 0)'),
  'hardly any opacity': styled('opacity:.04'),
  'a filter': styled('filter:blur(30px)'),
  'a mask': styled('mask-image:linear-gradient(90deg,#000 50%,#0000 50%)'),
  viewBox: `<svg width="160" height="240" viewBox="0 0 160 240"><image id="bait" href="${SAND}" width="320" height="240"/></svg>`,
  preserveAspectRatio: `<svg width="160" height="240"><image id="bait" href="${SAND}" width="160" height="240" preserveAspectRatio="xMinYMin slice"/></svg>`,
  'corners of a shape of their own': styled('border-radius:40px;corner-shape:bevel;overflow:hidden;width:320px'),
  'a background in two columns': `<div style="columns:2;column-gap:0;width:320px;height:120px"><div id="bait" style="height:240px;background:url(${SAND}) no-repeat"></div></div>`,
  'a turn': styled('transform:rotate(3deg)'),
  'a border of it': `<div id="bait" style="width:100px;height:80px;border:70px solid;border-image:url(${SAND}) 30"></div>`,
  'a background under a gradient': `<div id="bait" style="width:320px;height:240px;background:linear-gradient(#888,#888),url(${SAND})"></div>`,
  'a box over its middle': `<div style="position:relative"><img id="bait" src="${SAND}" style="display:block"><div style="position:absolute;inset:70px;background:#888;pointer-events:none"></div></div>`,
  'a slot that nobody sees': `<div id="host"><img id="bait" src="${SAND}" style="display:block"></div><script>
    host.attachShadow({ mode: 'closed' }).innerHTML = '<div style="width:160px;overflow:hidden"><slot></slot></div>';
  </script>`,
};

for (const [name, html] of Object.entries(ALTERED)) {
  test(`a picture that is shown altered is not put in: ${name}`, async () => {
    const page = await show(html);
    const { x, y } = await page.locator('#bait').boundingBox();
    const editor = await openForeign(page, { x: x + 60, y: y + 60 }, { keep: true });
    await editor.eraseRect(BALL);
    const says = await finish(editor);
    assert.equal(await spied(page, '#bait').then((got) => got?.width), undefined, 'so wide is what the page read');
    assert.match(says, /shows it altered.*save or copy/i);
    await editor.leave();
  });
}

/** Round corners: how round they are in pixels of the picture. */
const ROUND = {
  'its own': [`<img id="bait" src="${SAND}" style="display:block;border-radius:60px">`, 60],
  'its own, inside of a border and padding': [`<img id="bait" src="${SAND}" style="display:block;border:10px solid;padding:10px;border-radius:60px">`, 40],
  'those of a card around it': [styled('border-radius:60px;overflow:hidden;width:320px;border:10px solid'), 50],
  'a circle': [`<img id="bait" src="${SAND}" style="display:block;width:240px;height:240px;object-fit:cover;border-radius:50%">`, 120],
};

for (const [name, [html, radius]] of Object.entries(ROUND)) {
  test(`what round corners cut off stays hidden, and the rest is put in: ${name}`, async () => {
    const page = await show(html + UNCROP);
    const { x, y } = await page.locator('#bait').boundingBox();
    const editor = await openForeign(page, { x: x + 120, y: y + 60 }, { keep: true });
    await editor.eraseRect(BALL);
    const says = await putIn(editor);
    const got = await readElement(page, '#bait');
    assert.match(says, /what it does not show is left out/);
    const edge = name === 'a circle' ? 40 : 0;
    for (let py = 0; py < radius; py += 1) {
      for (let px = 0; px < radius; px += 1) {
        const away = Math.hypot(px + 0.5 - radius, py + 0.5 - radius);
        if (away > radius + 1) assert.equal(alpha(got, edge + px, py), 0, `${px}, ${py} is hidden`);
        if (away < radius - 1) assert.equal(alpha(got, edge + px, py), 255, `${px}, ${py} is shown`);
      }
    }
    assert.deepEqual([alpha(got, 160, 120), redness(got) < 5], [255, true], 'the middle, and the ball');
  });
}

test('a picture that comes in two sizes: the one that is shown is read, and the page gets no more pixels than it shows', async () => {
  const page = await show('<img id="bait" srcset="{{away}}/pictures/test/sand.jpg 1x, {{away}}/pictures/test/sand-2x.jpg 2x" style="display:block"><script>' +
    "new MutationObserver(() => bait.setAttribute('srcset', '{{away}}/pictures/test/sand-2x.jpg 1x')).observe(document.documentElement, { childList: true });</script>");
  await page.locator('#bait').evaluate((image) => image.decode());
  const before = server.log.length;
  const editor = await openForeign(page, '#bait', { keep: true });
  const reads = server.log.slice(before).filter(({ side, destination }) => side === 'away' && destination === 'empty').map(({ path }) => path);
  assert.deepEqual([...new Set(reads)], ['/pictures/test/sand.jpg'], 'what was read');
  await editor.eraseRect(BALL);
  await finish(editor);
  await editor.press('notice-yes').catch(() => {});
  await until(async () => editor.gone() || (await editor.notice()), { what: 'an end, or a sentence' });
  const got = await spied(page, '#bait');
  assert.ok(!got || (got.width === 320 && got.height === 240), `the page reads ${got?.width} x ${got?.height}`);
  if (!editor.gone()) await editor.leave();
});

/** The two ways to choose a picture, with the event that tells a page of each before it tells us, and which of our elements is the overlay. */
const WAYS = {
  'from the menu': [open, 'contextmenu', 1],
  'by the pick': [(page, target, options) => pickErase(page, target, options).then(() => overlay(page, options)), 'pointerdown', 2],
};

for (const [way, [choose, , nth]] of Object.entries(WAYS)) test(`a page that shows another picture once it sees the overlay does not have that one read: ${way}`, async () => {
  server.put('/test/secret.svg', 'image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240"><path fill="#00f" d="M0 0h320v240H0z"/></svg>');
  const page = await show(`<img id="bait" src="${SAND}" style="display:block"><script>
    // Where the user picks, a layer of ours is there before, and what it points at is what is seen. (window.length does not count our frame.)
    let ours = 0;
    new MutationObserver((records) => {
      for (const { addedNodes } of records) for (const { localName } of addedNodes) {
        if (localName === 'div' && ++ours === ${nth}) bait.src = '{{away}}/test/secret.svg';
      }
    }).observe(document.documentElement, { childList: true });
  </script>`);
  const before = server.log.length;
  const editor = await openForeign(page, '#bait', { keep: true, choose });
  await editor.eraseRect(BALL);
  assert.match(await page.$eval('#bait', ({ src }) => src), /secret/, 'the page has shown another one');
  const asked = await finish(editor);
  // Where it is put in nowhere, nothing is asked.
  if (/can read/.test(asked)) {
    await editor.press('notice-yes');
    await until(async () => editor.gone() || ![asked, ''].includes(await editor.notice()), { what: 'an end, or another sentence' });
  }
  const secrets = server.log.slice(before).filter(({ path, destination }) => path === '/test/secret.svg' && destination === 'empty');
  const got = await spied(page, '#bait');
  const data = got?.data ?? [];
  const blue = data.filter((byte, i) => i % 4 === 2 && byte === 255 && !data[i - 1] && !data[i - 2]).length;
  assert.deepEqual([secrets.length, blue], [0, 0], 'reads of the other picture, and its pixels in the page');
  if (!editor.gone()) await editor.leave();
});

for (const [way, [choose, event]] of Object.entries(WAYS)) test(`a page that shows another picture at the click does not have that one read: ${way}`, async () => {
  server.put('/test/secret.svg', 'image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240"><path fill="#00f" d="M0 0h320v240H0z"/></svg>');
  const page = await show(`<img id="bait" src="${SAND}" style="display:block"><script>
    addEventListener('${event}', () => setTimeout(() => (bait.src = '{{away}}/test/secret.svg')));
  </script>`);
  const before = server.log.length;
  const editor = await openForeign(page, '#bait', { keep: true, choose });
  const fetched = server.log.slice(before).filter(({ side, destination }) => side === 'away' && destination === 'empty').map(({ path }) => path);
  assert.deepEqual([...new Set(fetched)], ['/pictures/test/sand.jpg'], 'what was read');
  await editor.leave();
});

/** What else than its `src` a page can change at the click. */
const AT_THE_CLICK = {
  'a background in its place': "bait.outerHTML = '<div id=bait style=\"width:320px;height:240px;background:url({{away}}/test/secret.svg)\"></div>'",
  'content in its style': "bait.style.content = 'url({{away}}/test/secret.svg)'",
  'another img over it, and itself hidden': "const was = bait; was.id = 'was'; was.style.display = 'none'; was.insertAdjacentHTML('afterend', '<img id=bait src={{away}}/test/secret.svg style=\"display:block\">')",
};

for (const [name, attack] of Object.entries(AT_THE_CLICK)) test(`a page that shows another picture at the click does not have that one read: ${name}`, async () => {
  server.put('/test/secret.svg', 'image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240"><path fill="#00f" d="M0 0h320v240H0z"/></svg>');
  const page = await show(`<img id="bait" src="${SAND}" style="display:block"><script>
    addEventListener('contextmenu', () => setTimeout(() => { ${attack}; document.documentElement.dataset.swapped = ''; }), { once: true });
  </script>`);
  const before = server.log.length;
  const { x, y } = await page.locator('#bait').boundingBox();
  await openMenu(page, { x: x + 60, y: y + 60 });
  await page.locator('html[data-swapped]').waitFor();
  xdotool('key', 'Up', 'Up', 'Right', 'Return');
  // Either the one that was clicked is asked for, or the user has to pick one.
  await until(() => page.evaluate(() => document.documentElement.children.length > 2), { what: 'the overlay, or the pick' });
  const hasCome = await until(() => hasOverlay(page), { timeout: 2000 }).catch(() => false);
  const editor = hasCome && (await overlay(page, { states: ['asking', 'painting'] }));
  if (editor && (await editor.state()) === 'asking') {
    await editor.press('notice-yes');
    if (!browser.hasGranted) await acceptBubble();
    await until(async () => (await editor.state()) === 'painting' || /screenshot/i.test(await editor.notice()), { what: 'what was read' });
  }
  const fetched = server.log.slice(before).filter(({ side, destination }) => side === 'away' && destination === 'empty').map(({ path }) => path);
  assert.deepEqual([...new Set(fetched)].filter((path) => path !== '/pictures/test/sand.jpg'), [], 'what else was read');
  assert.deepEqual([!!editor, fetched.length > 0], name.includes('img') ? [true, true] : [false, false], 'whether an edit began, and whether anything was read');
  await page.close();
});

test("a picture behind the user's login: the screenshot is offered, in its own words, and the login is not used", async () => {
  const page = await show('<img id="bait" src="{{away}}/login/pictures/test/sand.jpg" style="display:block">');
  const editor = await open(page, '#bait', { states: ['asking'] });
  await editor.press('notice-yes');
  if (!browser.hasGranted) await acceptBubble();
  await editor.says(/needs your login.*screenshot.*screen quality/);
  await editor.press('notice-yes');
  await editor.reaches('painting');
  await editor.leave();
});

test("what leads from one's own site to another is not one's own: a redirect, and a service worker's answer", async () => {
  server.put('/test/worker.js', 'text/javascript', `
    addEventListener('activate', (event) => event.waitUntil(clients.claim()));
    addEventListener('fetch', (event) => {
      if (event.request.url.endsWith('/own.jpg')) event.respondWith(fetch('{{away}}/pictures/test/sand.jpg', { mode: 'no-cors' }));
    });`.replace('{{away}}', server.away));
  for (const src of ['/to-away/pictures/test/sand.jpg', '/test/own.jpg']) {
    const page = await show(`<div id="box"></div><script>(async () => {
      const { serviceWorker } = navigator;
      await serviceWorker.register('/test/worker.js');
      await new Promise((done) => (serviceWorker.controller ? done() : (serviceWorker.oncontrollerchange = done)));
      box.innerHTML = '<img id="bait" src="${src}" style="display:block">';
      await bait.decode();
      document.documentElement.dataset.ready = '';
    })()</script>`);
    await page.locator('html[data-ready]').waitFor();
    const editor = await open(page, '#bait', { states: ['asking'] });
    await takeScreenshot(editor);
    await editor.eraseRect(BALL);
    const says = await finish(editor);
    assert.equal(await spied(page, '#bait').then((got) => got?.width), undefined, 'so wide is what the page read');
    assert.match(says, /save or copy/i);
    await editor.leave();
  }
});
