// Pages that cover the overlay, move it, take its keyboard or mislead what is injected: it stays on top and keeps the keyboard, or goes on in a tab.

import assert from 'node:assert/strict';
import { BALL, browser, compareOutside, open, overlay, readElement, redness, same, server, sleep, test, until, useBrowser } from './harness.mjs';

/** A second thing to paint over, away from the ball. */
const SAND = { x: 10, y: 180, width: 40, height: 30 };

let page;
let editor;

useBrowser();

/** Opens the overlay and gives the page what its attacks use. */
async function edit() {
  page = await browser.page(`${server.home}/test/kinds.html`);
  editor = await open(page, '#img');
  assert.equal(editor.surface, page, 'in the page');
  await page.evaluate(() => {
    window.overlayHost = document.documentElement.lastElementChild;
    // In a closed shadow root of the page's own, no event tells anybody else that it opens.
    window.popover = (style = '') => {
      const shadow = document.body.appendChild(document.createElement('div')).attachShadow({ mode: 'closed' });
      shadow.innerHTML = `<div popover=manual style="width:100vw;height:100vh;background:red;${style}">page</div>`;
      shadow.firstChild.showPopover();
      return shadow.firstChild;
    };
    window.heard = 0;
    addEventListener('keydown', () => { heard += 1; }, true);
  });
}

/** Whether the browser takes the overlay's frame to be visible and uncovered. */
const inSight = () =>
  editor.frame.evaluate(() => new Promise((done) => {
    const observer = new IntersectionObserver(([entry]) => {
      observer.disconnect();
      done(entry.isVisible);
    }, { trackVisibility: true, delay: 100 });
    observer.observe(document.documentElement);
  }));

/** Types keys that the overlay knows until one reaches it; after that, none may reach the page. */
async function keepsTheKeyboard() {
  await until(async () => {
    await page.keyboard.press('r');
    const chosen = await editor.frame.locator('#tool-rectangle').getAttribute('aria-checked');
    await page.keyboard.press('b');
    return chosen === 'true';
  }, { what: 'a key that reaches the overlay', timeout: 15_000 });
  const before = await page.evaluate(() => heard);
  for (const key of ['r', 'b']) await page.keyboard.press(key);
  assert.equal(await page.evaluate(() => heard), before, 'the page hears no keys');
}

/** Puts the erased ball into the page, whose picture `was`. */
async function putsIn(was) {
  await editor.done();
  const now = await until(async () => {
    const now = await readElement(page, '#img');
    return redness(now) < 5 && now;
  }, { what: 'the result in the page' });
  compareOutside(was, now, BALL);
}

/** Erases the ball and puts the result into the page. */
async function erasesBall() {
  const was = await readElement(page, '#img');
  await editor.eraseRect(BALL);
  await putsIn(was);
}

/** The overlay in its tab. */
async function movesToTab() {
  await until(() => page.context().pages().some((tab) => tab.url().includes('overlay.html?tab')), { what: 'a tab', timeout: 30_000 });
  editor = await overlay(page, { states: ['painting', 'done'] });
  assert.notEqual(editor.surface, page, 'in a tab of its own');
  assert.match(await until(() => editor.hint()), /goes on in this tab/);
}

const STAYS = {
  'a popover in a closed shadow root of the page': () => void popover(),
  'a popover that lets clicks through': () => void popover('pointer-events:none'),
  'listeners that stop every event, and cancelled timers': () => {
    for (const type of ['toggle', 'beforetoggle', 'fullscreenchange', 'focusin', 'blur']) {
      addEventListener(type, (event) => event.stopImmediatePropagation(), true);
    }
    for (let i = 0; i < 9999; i += 1) {
      clearTimeout(i);
      cancelAnimationFrame(i);
    }
    popover();
  },
  'a modal dialog that takes the focus and the typing': () => {
    document.body.append(document.createElement('dialog'));
    const dialog = [...document.querySelectorAll('dialog')].at(-1);
    dialog.innerHTML = '<input>';
    dialog.showModal();
  },
  'a host that is moved into something invisible': () => {
    const away = document.body.appendChild(document.createElement('div'));
    away.style.cssText = 'opacity:.01;filter:blur(9px)';
    away.moveBefore(overlayHost, null);
  },
  'styles and attributes on its host': () => {
    overlayHost.style.cssText = 'display:none!important';
    overlayHost.inert = true;
    overlayHost.popover = 'manual';
  },
  'zoom, filter, transform and containment of the root': () => {
    document.documentElement.style.cssText = 'zoom:.2;filter:blur(9px);transform:scale(.01);contain:strict;opacity:.01';
  },
  'a view transition that does not end': () => {
    const sheet = document.head.appendChild(document.createElement('style'));
    sheet.textContent = '::view-transition{pointer-events:none;background:red}' +
      '::view-transition-group(*),::view-transition-old(*),::view-transition-new(*){animation-duration:9999s!important}';
    document.startViewTransition(() => document.body.append('changed')).ready.catch(() => 'skipped');
  },
};

for (const [name, attack] of Object.entries(STAYS)) {
  test(`on top and with the keyboard in spite of ${name}`, async () => {
    await edit();
    await page.evaluate(attack);
    await until(inSight, { what: 'an overlay that is visible', timeout: 15_000 });
    await keepsTheKeyboard();
    assert.equal(await editor.frame.evaluate(() => innerWidth > 600), true, 'in its own size');
    // The page's styles are no longer wanted: what is measured afterwards is the picture.
    await page.evaluate(() => { document.documentElement.style.cssText = ''; });
    await erasesBall();
  });
}

const MOVES = {
  'its host is put elsewhere, so that its frame loads anew': () => {
    const away = document.body.appendChild(document.createElement('div'));
    away.style.opacity = '.01';
    away.append(overlayHost);
  },
  'a popover comes back again and again': () => {
    const one = popover();
    window.attack = setInterval(() => {
      one.hidePopover();
      one.showPopover();
    }, 5);
  },
  'the root is not displayed': () => { document.documentElement.style.display = 'none'; },
  'the focus is taken every 20 ms': () => { window.attack = setInterval(() => document.activeElement?.blur?.(), 20); },
  'the window takes the focus every 20 ms': () => { window.attack = setInterval(() => window.focus(), 20); },
};

for (const [name, attack] of Object.entries(MOVES)) {
  test(`in a tab, with everything that was done, because ${name}`, async () => {
    await edit();
    const was = await readElement(page, '#img');
    // What is painted stays painted: it is not erased by itself.
    if ((await editor.frame.locator('#auto').getAttribute('aria-pressed')) === 'true') await editor.press('auto');
    await editor.eraseRect(BALL);
    await editor.paintRect(SAND);
    const erased = await editor.shown();
    await page.evaluate(attack);
    await movesToTab();
    await page.evaluate(() => {
      clearInterval(window.attack);
      document.documentElement.style.display = '';
    });
    same(erased, await editor.shown(), 'the result is there');
    assert.equal(await editor.state(), 'painting', 'what is painted is there');
    await editor.pressUntil('undo', (shown) => redness(shown) > 100);
    same(was, await editor.shown(), 'all steps can be taken back');
    await editor.pressUntil('redo', (shown) => redness(shown) < 5);
    await putsIn(was);
  });
}

test('Done waits, and shows that it does, until the overlay has been in sight for half a second', async () => {
  await edit();
  await editor.eraseRect(BALL);
  const done = editor.frame.locator('#done');
  const { x, y, width, height } = await done.boundingBox();
  const waits = () => done.evaluate((button) => button.ariaDisabled === 'true' && button.title);
  await until(async () => !(await waits()), { what: 'a button that can be pressed' });
  // A popover through which clicks fall, four times a second: the overlay comes back on top each time.
  await page.evaluate(() => { window.attack = setInterval(() => popover('pointer-events:none'), 250); });
  const reason = await until(waits, { what: 'a button that waits', timeout: 5000 });
  assert.match(reason, /visible/);
  await page.mouse.click(x + width / 2, y + height / 2);
  await page.evaluate(() => clearInterval(window.attack));
  await sleep(100);
  assert.equal(editor.gone(), false, 'the click did nothing');
  await until(async () => !(await waits()), { what: 'a button that can be pressed again' });
  await editor.done();
  assert.ok(redness(await readElement(page, '#img')) < 5, 'now it is done');
});

for (const id of ['notice-yes', 'notice-no']) {
  test(`a question waits, too: under cover, "${id}" neither allows anything nor takes a screenshot`, async () => {
    page = await browser.page(`${server.home}/test/kinds.html`);
    await page.locator('html[data-ready]').waitFor();
    editor = await open(page, '#away', { states: ['asking'] });
    const button = editor.frame.locator(`#${id}`);
    const waits = () => button.evaluate((button) => button.ariaDisabled === 'true' && button.title);
    const asked = await editor.notice();
    await until(async () => !(await waits()), { what: 'a button that can be pressed' });
    const { x, y, width, height } = await button.boundingBox();
    await page.evaluate(() => {
      window.attack = setInterval(() => {
        const shadow = document.body.appendChild(document.createElement('div')).attachShadow({ mode: 'closed' });
        shadow.innerHTML = '<div popover=manual style="width:100vw;height:100vh;background:red;pointer-events:none">page</div>';
        shadow.firstChild.showPopover();
      }, 250);
    });
    const reason = await until(waits, { what: 'a button that waits', timeout: 5000 });
    assert.match(reason, /visible/);
    await page.mouse.click(x + width / 2, y + height / 2);
    await page.evaluate(() => clearInterval(window.attack));
    await sleep(100);
    assert.deepEqual([await editor.state(), await editor.notice()], ['asking', asked], 'the click did nothing');
    await until(async () => !(await waits()), { what: 'a button that can be pressed again' });
    await editor.press('notice-no');
    await editor.says(/screenshot/i);
    await editor.leave();
  });
}

test('a form whose controls are named like properties: the picture in it is edited as any other', async () => {
  page = await browser.page(`${server.home}/test/kinds.html`);
  await page.evaluate(() => {
    const form = document.createElement('form');
    const image = document.querySelector('#img');
    image.before(form);
    form.append(image);
    const names = ['assignedSlot', 'parentNode', 'parentElement', 'getRootNode', 'getAttribute', 'attributes', 'matches', 'isConnected', 'localName'];
    form.append(...names.map((name) => Object.assign(document.createElement('input'), { name, hidden: true })));
  });
  editor = await open(page, '#img');
  await erasesBall();
});
