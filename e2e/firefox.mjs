// Firefox with the extension, for the tests that run in both browsers: its pages and frames have those methods of Playwright's that the harness calls,
// so that `overlay` and all that follows it are the same. Playwright's own Firefox takes no extension; this one is the system's, over WebDriver BiDi.
//
// The browser's own interface is reached from its own window, where its scripts run: no real display is needed.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer-core';
import { PATIENCE, until } from './harness.mjs';

/** The folder with the built extension. */
export const EXTENSION = process.env.FIREFOX_EXTENSION ?? fileURLToPath(new URL('../dist/firefox', import.meta.url));

/** No words of the browser about itself. */
const PREFERENCES = {
  'intl.locale.requested': 'en-US',
  'browser.aboutwelcome.enabled': false,
  'app.normandy.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
};

/** A Firefox with the extension and an empty profile. */
export async function launchFirefox() {
  if (!existsSync(`${EXTENSION}/manifest.json`)) throw new Error(`no extension in ${EXTENSION}: run "cargo xtask build"`);
  const firefox = await puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    headless: true,
    defaultViewport: null,
    protocolTimeout: PATIENCE,
    args: ['--remote-allow-system-access', '--width', '1280', '--height', '900'],
    extraPrefsFirefox: PREFERENCES,
  });
  const send = async (method, params) => (await firefox.connection.send(method, params)).result;
  const { contexts: [window] } = await send('browsingContext.getTree', { 'moz:scope': 'chrome' });

  /** What a function gives in the browser's own window. */
  async function inBrowser(run, ...args) {
    const answer = await send('script.callFunction', {
      target: { context: window.context },
      awaitPromise: true,
      functionDeclaration: `async (args) => JSON.stringify((await (${run})(...JSON.parse(args))) ?? null)`,
      arguments: [{ type: 'string', value: JSON.stringify(args) }],
    });
    if (answer.type === 'exception') throw new Error(answer.exceptionDetails.text);
    return JSON.parse(answer.result.value);
  }

  const id = await firefox.installExtension(EXTENSION);
  const wrapped = new WeakMap();
  const wrap = (page) => wrapped.get(page) ?? wrapped.set(page, new Page(page, context)).get(page);
  let known = [];
  const context = { pages: () => known };
  const look = async () => (known = (await firefox.pages()).map(wrap));

  /** Clicks into the middle of an element. */
  const click = (context, element) =>
    send('input.performActions', { context, actions: [{ type: 'pointer', id: 'mouse', actions: clickOn(element) }] });

  return {
    /** A tab that shows `url`. */
    async page(url) {
      const page = await firefox.newPage();
      await page.goto(url, { timeout: PATIENCE });
      await page.bringToFront();
      await look();
      return wrap(page);
    },
    /** Right-clicks an element, and chooses the item `label` in the browser's own menu. */
    async choose(page, selector, label) {
      const at = await page.locator(selector).middle();
      await page.mouse.click(at.x, at.y, { button: 'right' });
      await until(() => inBrowser(activate, label), { what: `“${label}” in the menu` });
      await look();
    },
    /** A tab of the extension that is open: `{ evaluate, click, setFiles }`. The driver loses such tabs when they change their process; the protocol does not. */
    async ownTab(part) {
      const found = async () => (await send('browsingContext.getTree', {})).contexts.find(({ url }) => url.startsWith('moz-extension:') && url.includes(part));
      const { context } = await until(found, { what: part });
      const target = { context };
      const node = async (selector) => {
        const find = async () => (await send('script.evaluate', { target, awaitPromise: false, expression: `document.querySelector('${selector}')` })).result.sharedId;
        return { sharedId: await until(find, { what: selector }) };
      };
      return {
        async evaluate(run) {
          const { type, result, exceptionDetails } = await send('script.callFunction', { target, awaitPromise: true, functionDeclaration: String(run) });
          if (type === 'exception') throw new Error(exceptionDetails.text);
          return result.value;
        },
        click: async (selector) => click(context, await node(selector)),
        setFiles: async (selector, ...files) => send('input.setFiles', { context, element: await node(selector), files }),
        /** What a function gives in a frame of the tab whose address has `part` in it. */
        async inFrame(part, run) {
          const [{ children }] = (await send('browsingContext.getTree', { root: context })).contexts;
          const target = { context: children.find(({ url }) => url.includes(part)).context };
          return (await send('script.callFunction', { target, awaitPromise: true, functionDeclaration: String(run) })).result.value;
        },
      };
    },
    /** Agrees in the small window that asks for a site, and in the browser's own prompt that follows. */
    async grant() {
      const asks = async () => {
        const { contexts } = await send('browsingContext.getTree', {});
        const context = contexts.find(({ url }) => url.includes('/grant.html')).context;
        const expression = "document.querySelector('#allow:not(:empty)')";
        const { result } = await send('script.evaluate', { target: { context }, expression, awaitPromise: false });
        return result.sharedId && { context, button: { sharedId: result.sharedId } };
      };
      const { context, button } = await until(asks, { what: 'the window that asks for a site' });
      await click(context, button);
      await until(() => inBrowser(agree), { what: "the browser's own prompt" });
    },
    /** Ends the event page, and the engine in it, as the browser does when it has long been idle. Gives what becomes of it: "stopped". */
    killBackground: () => inBrowser(async (id) => {
      const { extension } = WebExtensionPolicy.getByID(id);
      await extension.terminateBackground();
      return extension.backgroundState;
    }, id),
    async tidy() {
      for (const page of (await firefox.pages()).slice(1)) await page.close();
      await look();
    },
    close: () => firefox.close(),
  };
}

/** The protocol's actions of a click into the middle of an element. */
const clickOn = (element) => [
  { type: 'pointerMove', x: 0, y: 0, origin: { type: 'element', element } }, { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 },
];

/** In the browser's window: activates an item of the open context menu, wherever it stands in it. */
async function activate(label) {
  const { document } = Services.wm.getMostRecentWindow('navigator:browser');
  const menu = document.getElementById('contentAreaContextMenu');
  const item = menu.state === 'open' && [...menu.querySelectorAll('menuitem')].find((item) => item.label === label && !item.hidden);
  if (!item) return false;
  // Two items of one extension stand in a menu of their own.
  const inner = item.parentNode;
  if (inner !== menu) {
    inner.parentNode.openMenu(true);
    while (inner.state !== 'open') await new Promise((later) => document.defaultView.setTimeout(later, 20));
  }
  const closed = new Promise((resolve) => menu.addEventListener('popuphidden', ({ target }) => target === menu && resolve()));
  inner.activateItem(item);
  await closed;
  return true;
}

/** In the browser's window: agrees in the prompt of the window in front. */
async function agree() {
  for (const window of Services.wm.getEnumerator('navigator:browser')) {
    const { panel } = window.PopupNotifications;
    const asked = panel.state === 'open' && panel.firstElementChild;
    if (!asked) continue;
    // The prompt takes no click in its first half second.
    await new Promise((later) => window.setTimeout(later, 700));
    asked.button.click();
    return true;
  }
  return false;
}

/** An element that is looked for each time anew. */
class Locator {
  #frame;
  #selector;

  constructor(frame, selector) {
    [this.#frame, this.#selector] = [frame, selector];
  }

  #element() {
    return this.#frame.waitForSelector(this.#selector, { timeout: PATIENCE });
  }

  first() {
    return this;
  }

  async evaluate(run, argument) {
    return (await this.#element()).evaluate(run, argument);
  }

  async boundingBox() {
    return (await this.#element()).boundingBox();
  }

  /** The middle of the element, which is scrolled into view. */
  async middle() {
    await this.evaluate((element) => element.scrollIntoView({ block: 'center', behavior: 'instant' }));
    const { x, y, width, height } = await this.boundingBox();
    return { x: x + width / 2, y: y + height / 2 };
  }

  async click({ trial } = {}) {
    await until(() => this.evaluate((element) => !element.disabled && element.ariaDisabled !== 'true' && element.checkVisibility()), { what: `${this.#selector} that can be clicked` });
    if (!trial) await (await this.#element()).click();
  }

  async focus() {
    await (await this.#element()).focus();
  }

  textContent() {
    return this.evaluate((element) => element.textContent);
  }
}

class Frame {
  #frame;
  #url = '';

  constructor(frame) {
    this.#frame = frame;
  }

  /** Its address, once it has told that: the driver's own stays that of the empty document. */
  url() {
    this.#frame.evaluate(() => location.href).then((url) => (this.#url = url), () => {});
    return this.#url;
  }

  isDetached() {
    return this.#frame.detached;
  }

  locator(selector) {
    return new Locator(this.#frame, selector);
  }

  evaluate(run, argument) {
    return this.#frame.evaluate(run, argument);
  }

  frameElement() {
    return this.#frame.frameElement();
  }
}

class Page {
  #page;
  #context;
  #frames = new WeakMap();

  constructor(page, context) {
    [this.#page, this.#context] = [page, context];
  }

  #wrap(frame) {
    if (!this.#frames.has(frame)) this.#frames.set(frame, new Frame(frame));
    return this.#frames.get(frame);
  }

  get mouse() {
    return this.#page.mouse;
  }

  get keyboard() {
    return this.#page.keyboard;
  }

  context() {
    return this.#context;
  }

  frames() {
    return this.#page.frames().map((frame) => this.#wrap(frame));
  }

  mainFrame() {
    return this.#wrap(this.#page.mainFrame());
  }

  url() {
    return this.#page.url();
  }

  isClosed() {
    return this.#page.isClosed();
  }

  locator(selector) {
    return this.mainFrame().locator(selector);
  }

  evaluate(run, argument) {
    return this.#page.evaluate(run, argument);
  }

  bringToFront() {
    return this.#page.bringToFront();
  }

  close() {
    return this.#page.close();
  }
}
