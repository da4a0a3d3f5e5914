// What all browser tests and the demo share: a Chromium with the extension, the real context menu, the overlay's
// controls, and pixels.
//
// Needs an X display (under xvfb-run there is one) and xdotool, because the browser's own menus and bubbles are
// outside the reach of every automation protocol. Mouse and keys inside pages go through Playwright.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import * as node from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startServer } from './server.mjs';
import { likeUsers } from './tabs.mjs';
import { temporaryFolder } from './temporary.mjs';

export { sleep };

/**
 * How long a test waits for something that has to happen, milliseconds. It is no measure of speed: on a busy machine everything happens later,
 * and only what never happens is a failure.
 */
export const PATIENCE = 60_000;

/** Longest time of a test that does not say its own, and of what comes before and after tests, milliseconds: neither can hang. */
const LIMIT = 5 * PATIENCE;

/** A test with a time limit (milliseconds). */
export const test = (name, body, timeout = LIMIT) => node.test(name, { timeout }, body);

/** What comes before and after tests. Those of the test runner itself wait for ever, as a browser does that cannot be closed. */
export const [before, beforeEach, after, afterEach] = [node.before, node.beforeEach, node.after, node.afterEach]
  .map((hook) => (body) => hook(body, { timeout: LIMIT }));

/** A test that takes minutes: it runs under `cargo xtask test --all`. */
export const longTest = (name, body, timeout) => node.test(name, { timeout, skip: process.env.LONG ? false : 'takes minutes: cargo xtask test --all' }, body);

/** The folder with the built extension. */
export const EXTENSION = process.env.EXTENSION ?? fileURLToPath(new URL('../dist/chrome', import.meta.url));
const OUT = fileURLToPath(new URL('./out/', import.meta.url));

/** The rectangle of the red ball and its shadow in pictures/test/sand.*, in pixels of the 320 x 240 version. */
export const BALL = { x: 122, y: 84, width: 84, height: 80 };

// ----------------------------------------------------------------- a test file

/** The server of the pages and the browser, both of the running test file, from its first test to its last. */
export let server;
export let browser;

let options;

/**
 * Starts `server` and `browser` for the calling test file. Every test begins with one empty tab. `prepare` runs once, when both
 * have started: a `before` of the file's own would not wait for this one.
 */
export function useBrowser(launching, prepare) {
  options = launching;
  before(async () => {
    server = await startServer();
    browser = await launch(options);
    await prepare?.();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });
  afterEach(() => browser.tidy());
}

/** Replaces the browser by a new one with a new profile. */
export async function relaunch() {
  await browser.close();
  browser = await launch(options);
}

/** Gives the extension in `folder` a higher version: the next start of the browser updates it, which starts its service worker. */
export function update(folder) {
  const file = `${folder}/manifest.json`;
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  // At most four numbers.
  const [major, minor, patch, build = 0] = manifest.version.split('.');
  writeFileSync(file, JSON.stringify({ ...manifest, version: [major, minor, patch, Number(build) + 1].join('.') }));
}

/**
 * The user's consent to incognito windows. The browser loads the extension, which is in `folder`, anew, and Playwright finds it again only in another
 * browser. One that ends while it loads the extension leaves it disabled.
 */
export async function allowIncognito(folder) {
  const extensions = await browser.page('chrome://extensions');
  await extensions.evaluate(async (extensionId) => {
    const { onItemStateChanged, updateExtensionConfiguration, getExtensionInfo } = chrome.developerPrivate;
    const loaded = new Promise((resolve) =>
      onItemStateChanged.addListener((event) => event.item_id === extensionId && event.event_type === 'INSTALLED' && resolve()));
    await updateExtensionConfiguration({ extensionId, incognitoAccess: true });
    await loaded;
    while ((await getExtensionInfo(extensionId)).disableReasons.reloading) await new Promise((resolve) => setTimeout(resolve, 20));
  }, browser.id);
  update(folder);
  await relaunch();
}

// -------------------------------------------------------------------- browser

/** A copy of the built extension whose catalogue `change` has changed. */
export function withCatalogue(change) {
  const copy = temporaryFolder('extension');
  cpSync(EXTENSION, copy, { recursive: true });
  const catalogue = JSON.parse(readFileSync(`${copy}/catalogue.json`, 'utf8'));
  for (const entry of [...catalogue.models, ...catalogue.parts]) change(entry);
  writeFileSync(`${copy}/catalogue.json`, JSON.stringify(catalogue));
  return copy;
}

/** The built extension; a copy that pins no file, if its catalogue does: the hub of the tests has other files than the real one. */
function unpinned() {
  const catalogue = `${EXTENSION}/catalogue.json`;
  if (!existsSync(catalogue) || !/"commit": *"/.test(readFileSync(catalogue, 'utf8'))) return EXTENSION;
  return withCatalogue((entry) => Object.assign(entry, { commit: null, bytes: null, sha256: null }));
}

/**
 * A Chromium with the extension and an empty profile, or that of the folder `profile`.
 *
 * `welcome` leaves the page open that comes after installing. `webgpu` says whether there is WebGPU, which the CPU then emulates. `requests` collects the URL of every request of pages, frames and workers.
 */
export async function launch({ headed = true, args = [], profile = '', webgpu = true, extension = unpinned(), welcome = false } = {}) {
  if (!existsSync(`${extension}/manifest.json`)) throw new Error(`no extension in ${extension}: run "cargo xtask build"`);
  if (headed && !process.env.DISPLAY) throw new Error('no display: run under xvfb-run');
  // In a new profile, the extension is being installed, and opens a page that says so.
  const welcomes = !profile || !existsSync(`${profile}/Default`);
  const context = await chromium.launchPersistentContext(profile, {
    headless: !headed,
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    ignoreDefaultArgs: ['--disable-extensions', '--disable-component-extensions-with-background-pages'],
    viewport: null,
    env: { ...process.env, LANGUAGE: 'en_US', LANG: 'en_US.UTF-8' },
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...(webgpu ? ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'] : ['--disable-features=WebGPU']),
      '--force-color-profile=srgb',
      '--lang=en-US',
      '--window-position=0,0',
      '--window-size=1280,900',
      `--load-extension=${extension}`,
      `--disable-extensions-except=${extension}`,
      ...args,
    ],
  });
  context.setDefaultTimeout(PATIENCE);
  for (const page of context.pages()) likeUsers(page);
  context.on('page', likeUsers);
  const requests = [];
  context.on('request', (request) => requests.push(request.url()));
  const first = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'));
  const id = new URL(first.url()).host;
  if (welcomes && !welcome) {
    const page = await until(() => context.pages().find((page) => page.url().includes('/welcome.html')), { what: 'the page after installing' });
    await page.close();
  }

  return {
    context,
    requests,
    /** The extension's identifier. */
    id,
    /** Whether the user has agreed in a permission bubble. */
    hasGranted: false,
    /** The service worker as it runs now. */
    worker() {
      return context.serviceWorkers().findLast((worker) => worker.url().includes(id));
    },
    /** A tab that shows `url` and has finished its own scripts (`html[data-ready]`, where it uses that). */
    async page(url) {
      const page = await context.newPage();
      await page.goto(url);
      await page.bringToFront();
      return page;
    },
    /** Bytes of private memory of the processes that run extensions (Linux only): of them, only ours holds pictures. */
    extensionMemory() {
      return extensionProcesses().reduce((sum, id) => sum + privateMemory(id), 0);
    },
    /** Closes every tab but the first, which is empty: the next test starts clean. */
    async tidy() {
      for (const page of context.pages().slice(1)) await page.close();
    },
    /** Stops the service worker, as the browser does when it has been idle. */
    async killWorker() {
      const killed = await closeTargets(context, (target) => target.type === 'service_worker' && target.url.includes(id));
      assert.ok(killed > 0, 'the service worker runs, so that it can be killed');
    },
    /** Closes the offscreen document, and the engine with it. */
    async killEngine() {
      const page = await context.newPage();
      await page.goto(`chrome-extension://${id}/manifest.json`);
      await page.evaluate(() => chrome.offscreen.closeDocument());
      await page.close();
    },
    async close() {
      await context.close();
    },
  };
}

/** Numbers of those descendants of this process that run extensions. */
function extensionProcesses() {
  const parents = new Map();
  const run = [];
  for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      parents.set(id, /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))[1]);
      if (readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('--extension-process')) run.push(id);
    } catch {
      // It has just ended.
    }
  }
  const descends = (id) => id === String(process.pid) || (parents.has(id) && descends(parents.get(id)));
  return run.filter(descends);
}

function privateMemory(id) {
  const fields = readFileSync(`/proc/${id}/smaps_rollup`, 'utf8').matchAll(/^Private_\w+:\s+(\d+) kB$/gm);
  return [...fields].reduce((sum, [, kilobytes]) => sum + kilobytes * 1024, 0);
}

async function closeTargets(context, wanted) {
  const session = await context.newCDPSession(context.pages()[0]);
  const { targetInfos } = await session.send('Target.getTargets');
  const found = targetInfos.filter(wanted);
  for (const { targetId } of found) await session.send('Target.closeTarget', { targetId });
  await session.detach();
  return found.length;
}

/** Those of `requests` that went neither to the server's own origins nor to a scheme of the browser's own. */
export function strangers(requests, server) {
  const own = [server.home, server.away, 'data:', 'blob:', 'about:', 'chrome:', 'chrome-extension:', 'devtools:'];
  return requests.filter((url) => !own.some((start) => url.startsWith(start)));
}

/** Polls until `probe` gives a truthy value, and gives that. An exception counts as no value yet, and so does an answer that does not come. */
export async function until(probe, { timeout = PATIENCE, what = 'it', step = 50 } = {}) {
  const end = Date.now() + timeout;
  let failure;
  do {
    try {
      const value = await within(Math.max(end - Date.now(), PATIENCE), probe());
      if (value) return value;
    } catch (error) {
      failure = error;
    }
    await sleep(step);
  } while (Date.now() < end);
  throw new Error(`${what} did not happen within ${timeout} ms`, { cause: failure });
}

/** What a promise gives; it fails when that takes longer than `ms` milliseconds. */
async function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(reject, ms, new Error(`no answer within ${ms} ms`))));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Reads until some readings in a row are the same, and gives the last one: what moves may stand still for a frame or two. */
export async function stable(read) {
  let last;
  let same = 0;
  return until(
    async () => {
      const now = await read();
      same = JSON.stringify(now) === JSON.stringify(last) ? same + 1 : 1;
      last = now;
      return same >= 4 && now;
    },
    { what: 'something that stands still' },
  );
}

// ---------------------------------------------------------------- native input

export function xdotool(...words) {
  return execFileSync('xdotool', words.map(String), { encoding: 'utf8', timeout: PATIENCE });
}

/** Writes a picture of the whole display to out/<test file>-<name>.png, for people who read a failure. */
export function snapshot(name) {
  mkdirSync(OUT, { recursive: true });
  const file = basename(process.argv[1]).split('.')[0];
  try {
    execFileSync('import', ['-window', 'root', `${OUT}${file}-${name}.png`], { stdio: 'ignore', timeout: PATIENCE });
  } catch {
    // Without ImageMagick there is no picture, but the same failure.
  }
}

/** How many menus of the browser are on the display: windows that are smaller than its own and larger than the line with a link's address. */
function popups() {
  try {
    const text = xdotool('search', '--onlyvisible', '--name', '', 'getwindowgeometry', '--shell', '%@');
    const sizes = [...text.matchAll(/WIDTH=(\d+)\s+HEIGHT=(\d+)/g)].map(([, width, height]) => [Number(width), Number(height)]);
    return sizes.filter(([width, height]) => width < 1000 && height > 60 && height < 800).length;
  } catch {
    // xdotool fails if a window has just closed or there is none.
    return 0;
  }
}

const popupCloses = (what, timeout) => until(() => popups() === 0, { what: `the end of ${what}`, timeout });

/** Where a viewport point of the page is on the display. */
async function onScreen(page, { x, y }) {
  const window = await page.evaluate(() => ({
    left: screenX + (outerWidth - innerWidth) / 2,
    top: screenY + (outerHeight - innerHeight),
  }));
  return { x: Math.round(window.left + x), y: Math.round(window.top + y) };
}

/** Right-clicks a viewport point with the real mouse. A click into a window that is just coming to the front may open nothing: it is repeated. */
export async function openMenu(page, point) {
  let patience = 5000;
  await until(
    async () => {
      const { x, y } = await onScreen(page, point);
      xdotool('mousemove', x, y, 'click', 3);
      const opened = await until(() => popups() > 0, { timeout: patience }).catch(() => false);
      patience *= 2;
      return opened;
    },
    { what: 'the menu' },
  ).catch((error) => {
    snapshot('no-menu');
    throw error;
  });
}

/** The middle of an element (or the point `at` from its corner), scrolled into view, in the page's viewport. */
async function pointOf(page, target, at) {
  if (typeof target === 'object' && 'x' in target) return target;
  const element = typeof target === 'string' ? page.locator(target).first() : target;
  await element.evaluate((node) => node.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' }));
  const box = await stable(() => element.boundingBox());
  return at ? { x: box.x + at.x, y: box.y + at.y } : { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/**
 * Right-clicks with the real mouse and chooses our item in the browser's native menu with the keyboard.
 *
 * `target` is a selector, a locator (also one in a frame) or a point of the viewport. Our item is the second from
 * below in the menus of pictures, videos, canvases and selections (above "Inspect"), and the third in the menu of a page (above "View page
 * source"), which also CSS backgrounds get. `steps` lists the positions from below to try, in this order. `leadsTo` is a part of the address
 * of the tab that comes instead of an overlay, which is then given.
 */
export async function rightClickErase(page, target, { at, steps, leadsTo } = {}) {
  const others = new Set(page.context().pages());
  const strangers = () => page.context().pages().filter((other) => !others.has(other) && !isOverlay(other.url()));
  for (const up of steps ?? (await usualSteps(page, target))) {
    await page.bringToFront();
    await openMenu(page, await pointOf(page, target, at));
    // In the menus of a page and of a field we have two items, which the browser puts into a menu of their own. On a single item, "Right" does nothing.
    xdotool('key', ...Array(up).fill('Up'), 'Right', 'Return');
    await popupCloses('the menu');
    // Most other items open a tab.
    await until(() => overlayFrame(page) || strangers().length > 0, { what: 'the overlay' }).catch(() => {});
    const led = leadsTo && (await until(() => strangers().find((other) => other.url().includes(leadsTo)), { what: leadsTo, timeout: 3000 }).catch(() => {}));
    if (led || overlayFrame(page)) return led;
    snapshot(`menu-${up}`);
    xdotool('key', 'Escape', 'sleep', 0.2, 'key', 'Escape');
    for (const extra of strangers()) await extra.close();
  }
  throw new Error('the overlay did not come: see e2e/out/*-menu-*.png');
}

async function usualSteps(page, target) {
  if (typeof target === 'object' && 'x' in target) return [2, 3, 2];
  const element = typeof target === 'string' ? page.locator(target).first() : target;
  return (await element.evaluate((node) => getComputedStyle(node).backgroundImage.includes('url('))) ? [3, 2, 3] : [2, 3, 2];
}

/**
 * Agrees in the browser's own permission bubble. The browser grants the same permission without a bubble from then on, although the extension
 * gives it back; only a new profile forgets it.
 */
export async function acceptBubble() {
  const worker = browser.worker();
  await worker.evaluate(() => {
    globalThis.grants = 0;
    chrome.permissions.onAdded.addListener(() => (grants += 1));
  });
  await answerBubble('Return', () => worker.evaluate(() => grants > 0));
  browser.hasGranted = true;
}

/** Declines in the browser's own permission bubble. `editor` then asks something else. */
export async function refuseBubble(editor) {
  await answerBubble('Escape', async () => (await editor.state()) === 'asking');
}

/**
 * Presses a key in the bubble until it has worked. Nothing tells when the bubble appears, because it is a part of the browser's window that no
 * page sees, and in its first half second it ignores keys.
 */
async function answerBubble(key, worked) {
  await until(
    async () => {
      await sleep(1500);
      xdotool('key', 'Tab', 'sleep', 0.2, 'key', key);
      return until(worked, { timeout: 3000 }).catch(() => false);
    },
    { what: 'an answer to the bubble' },
  );
}

/** Presses the extension's keyboard command. */
export async function pressCommand(page) {
  await page.bringToFront();
  const { x, y } = await onScreen(page, { x: 2, y: 2 });
  xdotool('mousemove', x, y);
  xdotool('key', 'alt+shift+e');
}

// -------------------------------------------------------------------- overlay

const isOverlay = (url) => /^(chrome|moz)-extension:/.test(url) && url.includes('overlay.html');

/** The frame (or tab) of the overlay that belongs to `page`, if there is one yet. */
function overlayFrame(page) {
  const frame = page.frames().find((frame) => isOverlay(frame.url()) && !frame.isDetached());
  if (frame) return { frame, surface: page };
  const tab = page.context().pages().find((other) => isOverlay(other.url()));
  return tab ? { frame: tab.mainFrame(), surface: tab } : undefined;
}

/** True while an overlay is there. */
export function hasOverlay(page) {
  return overlayFrame(page) !== undefined;
}

/**
 * Waits for the overlay of `page`, by default until it can be painted on. It may move into a tab meanwhile.
 *
 * If the overlay offers to resume the unfinished edit of an earlier test, this declines, unless `resume` is set.
 */
export async function overlay(page, { states = ['painting'], timeout = PATIENCE, resume = false } = {}) {
  let handle;
  try {
    return await until(
      async () => {
        const { frame, surface } = overlayFrame(page);
        if (handle?.frame !== frame) handle = new Overlay(page, frame, surface);
        await handle.watch();
        const state = await handle.state();
        if (state === 'asking' && !resume && /interrupted/i.test(await handle.notice())) await handle.press('notice-no');
        else return states.includes(state) && handle;
      },
      { timeout, what: `an overlay that is ${states.join(' or ')}` },
    );
  } catch (error) {
    snapshot('overlay');
    throw new Error(`${error.message}; it ${handle ? await handle.words() : 'did not come'}`, { cause: error.cause });
  }
}

/**
 * Right-clicks an upload field with the real mouse, and chooses our second item in the menu of the page. Gives the editor's tab. `up` is how far from
 * below our menu stands: in that of a frame, the browser has two more items, in that of what can be written in one less.
 */
export async function rightClickUpload(page, target, { up = 3 } = {}) {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await page.bringToFront();
    await openMenu(page, await pointOf(page, target));
    xdotool('key', ...Array(up).fill('Up'), 'Right', 'sleep', 0.1, 'key', 'Down', 'Return');
    await popupCloses('the menu');
    const editor = () => page.context().pages().find((other) => other.url().includes('/editor.html'));
    const tab = await until(editor, { what: 'the editor', timeout: 8000 }).catch(() => undefined);
    if (tab) return tab;
    snapshot('upload-menu');
    xdotool('key', 'Escape', 'sleep', 0.2, 'key', 'Escape');
  }
  throw new Error('the editor did not come: see e2e/out/*-upload-menu.png');
}

/** Opens the popup of the toolbar over `page`, by its key. It is no page to Playwright; keys go to it through `xdotool`. */
export async function openPopup(page) {
  await page.bringToFront();
  const isOpen = () => browser.worker().evaluate(async () => (await chrome.runtime.getContexts({ contextTypes: ['POPUP'] })).length > 0);
  await until(async () => {
    xdotool('key', 'alt+shift+o');
    return until(isOpen, { what: 'the popup', timeout: 3000 }).catch(() => undefined);
  }, { what: 'the popup' });
  // Its program has to be there before it hears keys, and nothing tells us of it.
  await sleep(1000);
}

/** Waits for the overlay of the picture that shows in the editor. */
export async function editorOverlay(page, { states = ['painting'], timeout = PATIENCE } = {}) {
  let handle;
  return until(
    async () => {
      const element = await page.$('iframe.shown');
      const frame = await element?.contentFrame();
      if (!frame || !isOverlay(frame.url())) return undefined;
      if (handle?.frame !== frame) handle = new Overlay(page, frame, page);
      await handle.watch();
      return states.includes(await handle.state()) && handle;
    },
    { timeout, what: `a picture in the editor that is ${states.join(' or ')}` },
  ).catch(async (error) => {
    snapshot('editor');
    throw new Error(`${error.message}; its overlay ${handle ? await handle.words() : 'did not come'}`, { cause: error.cause });
  });
}

/** Picks with the keyboard command and a click. */
export async function pickErase(page, target, { at } = {}) {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const { x, y } = await pointOf(page, target, at);
    await startPicking(page, target);
    await page.mouse.move(x - 3, y - 3);
    await page.mouse.move(x, y);
    await page.mouse.click(x, y);
    const came = await until(() => overlayFrame(page), { timeout: 20_000 }).catch(() => false);
    if (came) return;
    snapshot('pick');
    xdotool('key', 'Escape');
  }
  throw new Error('the overlay did not come after a pick: see e2e/out/*-pick.png');
}

/** Presses the command, and waits until picking has started in the document of `target` (or else the page's own): its root then has one more child. */
export async function startPicking(page, target) {
  const element = typeof target === 'string' ? page.locator(target).first() : target;
  const document = !element || 'x' in element ? page.locator(':root') : element;
  const count = () => document.evaluate((node) => node.ownerDocument.documentElement.children.length);
  const before = await count();
  await pressCommand(page);
  await until(async () => (await count()) > before, { what: 'picking' });
}

/** From the right click to an overlay that can be painted on. */
export async function open(page, target, options = {}) {
  await rightClickErase(page, target, options);
  return overlay(page, options);
}

class Overlay {
  /** `surface` is the tab that takes the mouse: the page itself, or the overlay's own tab. */
  constructor(page, frame, surface) {
    Object.assign(this, { page, frame, surface });
  }

  /** Records every state the overlay passes through, for those that are too short to be seen by polling. */
  watch() {
    return this.frame.evaluate(() => {
      const root = document.documentElement;
      if (globalThis.passed) return;
      globalThis.passed = [root.dataset.state];
      new MutationObserver(() => {
        if (passed.at(-1) !== root.dataset.state) passed.push(root.dataset.state);
      }).observe(root, { attributeFilter: ['data-state'] });
    });
  }

  state() {
    return this.frame.evaluate(() => document.documentElement.dataset.state);
  }

  /** The states passed through since the last call of this, the current one first and last. */
  passed() {
    return this.frame.evaluate(() => passed.splice(0, passed.length - 1).concat(passed));
  }

  /** Its state and its notice, for the message of a failure. */
  async words() {
    const state = await this.state().catch(() => 'gone');
    const notice = await this.notice().catch(() => '');
    return `is "${state}" and says "${notice}"`;
  }

  /** Waits for one of these states. */
  async reaches(states, timeout = PATIENCE) {
    const wanted = [states].flat();
    try {
      return await until(
        async () => {
          const state = await this.state();
          return wanted.includes(state) ? state : undefined;
        },
        { timeout, what: `an overlay that is ${wanted.join(' or ')}` },
      );
    } catch (error) {
      snapshot('overlay');
      throw new Error(`${error.message}; it ${await this.words()}`, { cause: error.cause });
    }
  }

  /** `[a, b, c, d, e, f]`: from pixels of the picture to CSS pixels of the overlay. It is written with the first frame drawn. */
  async view() {
    const written = () => this.frame.evaluate(() => document.documentElement.dataset.view);
    return JSON.parse(await until(written, { what: 'a picture that is drawn' }));
  }

  /** Where pixels of the picture are in the viewport of the tab. */
  async toTab(points) {
    const [a, b, c, d, e, f] = await this.view();
    const box = this.frame === this.surface.mainFrame() ? { x: 0, y: 0 } : await (await this.frame.frameElement()).boundingBox();
    return points.map(({ x, y }) => ({ x: box.x + a * x + c * y + e, y: box.y + b * x + d * y + f }));
  }

  gone() {
    return this.frame.isDetached() || this.surface.isClosed();
  }

  /** Waits until the page has handled an input, or the frame is gone: then the input's promise may never settle. */
  async #taken(input) {
    let over = false;
    const ended = input.catch(() => {}).then(() => (over = true));
    while (!over && !this.gone()) await Promise.race([ended, sleep(50)]);
  }

  /** Opens the menu of the toolbar, if a control is in it. */
  async #reveal(id) {
    const hidden = () => this.frame.evaluate((id) => !!document.querySelector(`#more-menu[hidden] #${id}`), id);
    // The toolbar may be laid out anew between the look at the button and the click on it.
    await until(async () => {
      if (this.gone() || !(await hidden())) return true;
      await this.frame.locator('#more').click({ trial: true });
      await this.#click('more');
      return this.gone() || !(await hidden());
    }, { what: 'the menu of the toolbar' });
  }

  async #click(id) {
    const { x, y, width, height } = await this.frame.locator(`#${id}`).boundingBox();
    await this.#taken(this.surface.mouse.click(x + width / 2, y + height / 2));
  }

  /** Presses a control, named by its id, once it can be. */
  async press(id) {
    const control = this.frame.locator(`#${id}`);
    // The toolbar may be laid out anew after the look at where the control is, and have it in the menu then.
    await until(async () => {
      await this.#reveal(id);
      if (!this.gone()) await control.click({ trial: true, timeout: 2000 });
      return true;
    }, { what: `#${id} that can be pressed` });
    await this.#click(id);
    await this.#closeMenu();
  }

  /** A menu that stays open lies over the picture. */
  async #closeMenu() {
    const open = () => this.frame.evaluate(() => !document.querySelector('#more-menu').hidden);
    if (!this.gone() && (await open().catch(() => false))) await this.#click('more');
  }

  /** Presses a key. */
  async key(name) {
    await this.#taken(this.surface.keyboard.press(name));
  }

  /** Chooses a value of a list with the keyboard, through all values in between. */
  async pick(id, value) {
    await this.#reveal(id);
    const list = this.frame.locator(`#${id}`);
    const steps = await list.evaluate((list, value) => [...list.options].findIndex((o) => o.value === value) - list.selectedIndex, value);
    await list.focus();
    for (let i = 0; i < Math.abs(steps); i += 1) await this.key(steps > 0 ? 'ArrowDown' : 'ArrowUp');
    await this.#closeMenu();
  }

  /** Drags the mouse through pixels of the picture. */
  async drag(points, { steps = 8 } = {}) {
    const [first, ...rest] = await this.toTab(points);
    const { mouse } = this.surface;
    await mouse.move(first.x, first.y);
    await mouse.down();
    for (const { x, y } of rest) await mouse.move(x, y, { steps });
    await mouse.up();
  }

  async paintRect({ x, y, width, height }) {
    await this.press('tool-rectangle');
    await this.drag([{ x, y }, { x: x + width, y: y + height }]);
  }

  async paintStroke(points) {
    await this.press('tool-brush');
    await this.drag(points);
  }

  async paintOutline(points) {
    await this.press('tool-lasso');
    await this.drag([...points, points[0]]);
  }

  /**
   * Starts the fill, unless it has started by itself after painting. Not by `press`, which waits until the button can be pressed: that of a fill
   * which has just begun by itself could be pressed only after its end, when nothing is painted any more.
   */
  async erase() {
    const begun = async () => (await this.frame.evaluate(() => passed)).includes('running');
    const button = this.frame.locator('#erase');
    await until(
      async () => {
        if (await begun()) return true;
        const { x, y, width, height } = await button.boundingBox();
        await this.#taken(this.surface.mouse.click(x + width / 2, y + height / 2));
        return until(begun, { timeout: 2000 }).catch(() => false);
      },
      { what: 'a fill that begins' },
    );
  }

  /** Waits until a fill has ended, and asserts that it succeeded. */
  async waitDone(timeout = 2 * PATIENCE) {
    const end = await until(
      async () => {
        const passed = await this.frame.evaluate(() => passed);
        const after = passed.slice(passed.lastIndexOf('running') + 1);
        return passed.includes('running') && after.find((state) => ['done', 'failed'].includes(state));
      },
      { timeout, what: 'the end of the fill' },
    ).catch((error) => error.message);
    if (end === 'done') return;
    snapshot('fill');
    throw new Error(`no fill: ${end}; the overlay ${await this.words()}`);
  }

  /** Paints a rectangle and has it filled. */
  async eraseRect(rect, timeout) {
    await this.passed();
    await this.paintRect(rect);
    await this.erase();
    await this.waitDone(timeout);
  }

  /** The pixels of the overlay's own canvas, after the last result has faded in. */
  async shown() {
    await until(() => this.frame.evaluate(() => !document.documentElement.hasAttribute('data-fading')), { what: 'the end of the fade' });
    const { width, height, base64 } = await this.frame.locator('#picture').evaluate(readPixels);
    return { width, height, data: Buffer.from(base64, 'base64') };
  }

  /**
   * Presses a control until the picture is as wanted: `holds` is asked about what is shown. One press may take back a stroke, which does
   * not show in the picture, or a fill.
   */
  async pressUntil(id, holds) {
    const held = async () => holds(await this.shown());
    for (let i = 0; i < 6 && !(await held()); i += 1) {
      await this.press(id);
      await until(held, { timeout: 1000 }).catch(() => {});
    }
    assert.ok(await held(), `"${id}" leads to the picture that is wanted`);
  }

  /** The text of the notice above the toolbar; empty if it is hidden. */
  notice() {
    return this.frame.evaluate(() => {
      const line = document.querySelector('#notice');
      const shown = line && line.checkVisibility() && !line.hidden;
      return shown ? document.querySelector('#notice-text').textContent.trim() : '';
    });
  }

  /** The text of the hint above the toolbar. */
  hint() {
    return this.frame.evaluate(() => document.querySelector('#hint').textContent.trim());
  }

  /** Waits for a sentence in the notice, and gives it. */
  says(pattern = /\S/, timeout = PATIENCE) {
    return until(
      async () => {
        const text = await this.notice();
        return pattern.test(text) ? text : undefined;
      },
      { timeout, what: `a notice like ${pattern}` },
    ).catch(async (error) => {
      snapshot('notice');
      throw new Error(`${error.message}; it ${await this.words()}`, { cause: error.cause });
    });
  }

  /** Writes the result into the page and waits until the overlay has left. */
  async done() {
    await this.press('done');
    await this.left();
  }

  /** Closes the overlay with Escape, pressed as often as needed, without keeping anything. */
  async leave() {
    const asks = async () => /without keeping/i.test(await this.notice().catch(() => ''));
    for (let i = 0; i < 5 && !this.gone(); i += 1) {
      await this.key('Escape');
      // Each Escape goes one step out. The last one asks if something would be lost.
      await until(async () => this.gone() || (await asks()), { timeout: 1000 }).catch(() => {});
      if (!(await asks())) continue;
      await this.press('notice-yes').catch(() => {});
      // The page is asked first whether it covers the overlay; until then, another Escape would take the question away.
      await until(async () => this.gone() || !(await asks()), { timeout: 3000 }).catch(() => {});
    }
    await this.left();
  }

  /** Waits until it is gone. */
  async left(timeout = PATIENCE) {
    await until(() => this.gone(), { timeout, what: 'the end of the overlay' });
  }

  /** Puts the picture back as it was, and agrees that the edit is gone then. */
  async revert() {
    await this.press('revert');
    await this.says(/original/i);
    await this.press('notice-yes');
  }

  cancel() {
    return this.press('cancel');
  }

  close() {
    return this.press('close');
  }

  /** Saves as `format` (png, jpeg or webp). Gives the bytes of the file and its proposed name. */
  async save(format) {
    if (format) await this.frame.locator('#format').selectOption(format);
    const [download] = await Promise.all([this.surface.waitForEvent('download'), this.press('save')]);
    return { bytes: await readFile(await download.path()), name: download.suggestedFilename() };
  }
}

// --------------------------------------------------------------------- pixels

/**
 * The picture that an element shows, in its own pixels: `{ width, height, data }`, straight RGBA.
 *
 * `scope` is a page, a frame or a frame locator. Elements with a CSS background are read through the last `url()` of
 * their computed background. Throws for what the page may not read.
 */
export async function readElement(scope, selector) {
  const { width, height, base64 } = await scope.locator(selector).first().evaluate(readPixels);
  return { width, height, data: Buffer.from(base64, 'base64') };
}

/** The pixels of the picture at a URL, read by `page`. */
export async function readUrl(page, url) {
  const image = await page.evaluateHandle(async (url) => {
    const image = new Image();
    image.crossOrigin = 'anonymous';
    image.src = url;
    await image.decode();
    return image;
  }, url);
  const { width, height, base64 } = await image.evaluate(readPixels);
  return { width, height, data: Buffer.from(base64, 'base64') };
}

async function readPixels(element) {
  const load = async (url) => {
    const image = new Image();
    image.src = url;
    await image.decode();
    return image;
  };
  let source = element;
  let width = element.naturalWidth ?? element.videoWidth ?? element.width;
  let height = element.naturalHeight ?? element.videoHeight ?? element.height;
  if (element.localName === 'img') {
    await element.decode().catch(() => {});
    width = element.naturalWidth;
    height = element.naturalHeight;
    // A source for dense screens reports fewer pixels than it has, so it is loaded by itself.
    const plain = await load(element.currentSrc || element.src).catch(() => undefined);
    if (plain && plain.naturalWidth !== width) [source, width, height] = [plain, plain.naturalWidth, plain.naturalHeight];
  } else if (!['canvas', 'video'].includes(element.localName)) {
    const url =
      element.localName === 'image'
        ? element.href.baseVal
        : [...getComputedStyle(element).backgroundImage.matchAll(/url\("?([^")]*)"?\)/g)].at(-1)[1];
    source = await load(url);
    width = source.naturalWidth;
    height = source.naturalHeight;
  }
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(source, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  let text = '';
  for (let at = 0; at < data.length; at += 0x8000) text += String.fromCharCode(...data.subarray(at, at + 0x8000));
  return { width, height, base64: btoa(text) };
}

const inside = ({ x, y, width, height }, px, py) => px >= x && py >= y && px < x + width && py < y + height;

const grown = ({ x, y, width, height }, by) => ({ x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by });

/** How many pixels differ by more than `tolerance`: `{ inside, outside }` of `rect`. */
export function differences(before, after, rect, tolerance = 0) {
  assert.deepEqual([after.width, after.height], [before.width, before.height], 'the picture keeps its size');
  const count = { inside: 0, outside: 0 };
  for (let at = 0, pixel = 0; at < before.data.length; at += 4, pixel += 1) {
    let same = true;
    for (let i = at; i < at + 4; i += 1) same &&= Math.abs(before.data[i] - after.data[i]) <= tolerance;
    if (same) continue;
    count[inside(rect, pixel % before.width, Math.floor(pixel / before.width)) ? 'inside' : 'outside'] += 1;
  }
  return count;
}

/**
 * Asserts that a picture changed inside `rect` and nowhere else, to the bit. `margin` (pixels) allows for the mouse, which moves in
 * screen pixels, and for the overlay, which grows the mask a little.
 */
export function compareOutside(before, after, rect, { margin = 8, tolerance = 0 } = {}) {
  const count = differences(before, after, grown(rect, margin), tolerance);
  assert.equal(count.outside, 0, 'pixels outside the mask are as they were');
  assert.ok(count.inside > (rect.width * rect.height) / 5, `the inside changed (${count.inside} pixels)`);
}

/** The chunks of a PNG: `{ type, data }`. */
export function pngChunks(png) {
  const found = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    found.push({ type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return found;
}

/** Asserts that two pictures are the same to the bit. */
export function same(before, after, words = 'the pictures are the same') {
  const { inside, outside } = differences(before, after, { x: 0, y: 0, width: before.width, height: before.height });
  assert.equal(inside + outside, 0, words);
}

/** How many pixels are as red as the ball. */
export function redness({ data }) {
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] > 140 && data[at + 1] < 70 && data[at + 2] < 90 && data[at + 3] > 200) count += 1;
  }
  return count;
}
