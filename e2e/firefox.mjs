// Firefox with the extension, for the tests that run in both browsers: its pages and frames have those methods of Playwright's that the harness calls,
// so that `overlay` and all that follows it are the same. Playwright's own Firefox takes no extension; this one is the system's, over WebDriver BiDi.
//
// The browser's own interface is reached from its own window, where its scripts run: no real display is needed.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer-core';
import { Tab } from './bidi.mjs';
import { PATIENCE, until } from './harness.mjs';
import { temporaryFolder } from './temporary.mjs';

/** The folder with the built extension. */
export const EXTENSION = process.env.FIREFOX_EXTENSION ?? fileURLToPath(new URL('../dist/firefox', import.meta.url));

/** No words of the browser about itself. */
const PREFERENCES = {
  'intl.locale.requested': 'en-US',
  'browser.aboutwelcome.enabled': false,
  'app.normandy.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
};

/** A Firefox with the extension and an empty profile. `preferences` are the browser's own. */
export async function launchFirefox({ headed = false, preferences = {} } = {}) {
  if (!existsSync(`${EXTENSION}/manifest.json`)) throw new Error(`no extension in ${EXTENSION}: run "cargo xtask build"`);
  const firefox = await puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    headless: !headed,
    defaultViewport: null,
    protocolTimeout: PATIENCE,
    args: ['--remote-allow-system-access', '--width', '1280', '--height', '900'],
    extraPrefsFirefox: { ...PREFERENCES, 'browser.download.folderList': 2, 'browser.download.dir': temporaryFolder('downloads'), ...preferences },
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

  const host = await inBrowser((id) => WebExtensionPolicy.getByID(id).mozExtensionHostname, id);
  const address = (page) => `moz-extension://${host}/${page}`;
  const tabs = new Map();

  /** A tab whose address has `part` in it, and which is not one of `but`. */
  async function tab(part, { but = [] } = {}) {
    const wanted = ({ url, context }) => url.includes(part) && !but.some((other) => other === tabs.get(context));
    const found = async () => (await send('browsingContext.getTree', { maxDepth: 0 })).contexts.find(wanted);
    const { context: root } = await until(found, { what: part });
    if (!tabs.has(root)) tabs.set(root, wrap(new Tab(send, root, () => inBrowser(saved))));
    return tabs.get(root);
  }

  /** What a function gives inside of a page, in a tab or in the popup, whose address has `part` in it. It gets the page's window. */
  const inPage = (part, run, argument = null) => inBrowser(within, part, String(run), argument);

  /** Clicks into the middle of an element. */
  const click = (context, element) =>
    send('input.performActions', { context, actions: [{ type: 'pointer', id: 'mouse', actions: clickOn(element) }] });

  return {
    inPage,
    tab,
    address,
    /** Opens a page of the extension in a tab. */
    async open(name) {
      await inBrowser(openTab, address(name));
      return tab(name);
    },
    /** Opens a page of the browser itself in a tab. */
    openInternal: (url) => inBrowser(openTab, url),
    /** Agrees in the browser's own prompt. */
    agree: () => until(() => inBrowser(agree), { what: "the browser's own prompt" }),
    /** Agrees in the small menu at the mouse in which the browser asks whether a page may read the clipboard. */
    agreeToPaste: () => until(() => inBrowser(paste), { what: "the browser's own button to paste" }),
    /** Opens the popup of the toolbar by its key. */
    async popup() {
      await inBrowser(pressKey, 'O');
      // Its program has shown the key by then, and listens.
      const listens = ({ document }) => !document.querySelector('#pick-key').hidden;
      await until(() => inPage('/popup.html', listens), { what: 'the popup' });
      return {
        evaluate: (run, argument) => inPage('/popup.html', run, argument),
        /** Presses what is there by then: parts of the popup come once the page behind it is known. */
        async click(selector) {
          const isThere = ({ document }, selector) => !!document.querySelector(selector)?.checkVisibility();
          await until(() => inPage('/popup.html', isThere, selector), { what: selector });
          return inPage('/popup.html', press, selector);
        },
      };
    },
    /** Puts a PNG (base64) on the clipboard, as another program does. */
    putOnClipboard: (base64) => inBrowser(copyPicture, base64),
    /** A tab that shows `url`. */
    async page(url) {
      const page = await firefox.newPage();
      await page.goto(url, { timeout: PATIENCE });
      await page.bringToFront();
      await look();
      return wrap(page);
    },
    /** A tab in a new private window that shows `url`. */
    async privatePage(url) {
      await inBrowser(async (url) => {
        const window = OpenBrowserWindow({ private: true });
        await new Promise((resolve) => window.addEventListener('load', resolve, { once: true }));
        await window.delayedStartupPromise;
        window.gBrowser.selectedTab = window.gBrowser.addTrustedTab(url);
      }, url);
      return tab(url);
    },
    /** The user lets the extension into private windows: the browser starts it anew. */
    allowPrivate: () => inBrowser(async (id) => {
      const { ExtensionPermissions } = ChromeUtils.importESModule('resource://gre/modules/ExtensionPermissions.sys.mjs');
      const { AddonManager } = ChromeUtils.importESModule('resource://gre/modules/AddonManager.sys.mjs');
      await ExtensionPermissions.add(id, { permissions: ['internal:privateBrowsingAllowed'], origins: [] });
      await (await AddonManager.getAddonByID(id)).reload();
    }, id),
    /** The items of the browser's own menu on an element, by their labels. */
    async menuOf(page, selector) {
      const at = await page.locator(selector).middle();
      await page.mouse.click(at.x, at.y, { button: 'right' });
      return until(() => inBrowser(readMenu), { what: 'the menu' });
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
      await this.agree();
    },
    /** What the event page is: "running", "stopped", … */
    background: () => inBrowser((id) => WebExtensionPolicy.getByID(id).extension.backgroundState, id),
    /** Ends the event page, and the engine in it, as the browser does when it has long been idle. Gives what becomes of it: "stopped". */
    killBackground: () => inBrowser(async (id) => {
      const { extension } = WebExtensionPolicy.getByID(id);
      await extension.terminateBackground();
      return extension.backgroundState;
    }, id),
    async tidy() {
      await inBrowser(() => void document.getElementById('customizationui-widget-panel')?.hidePopup());
      for (const { context } of (await send('browsingContext.getTree', { maxDepth: 0 })).contexts.slice(1)) {
        // Closing the last tab of a window has closed the window, and a page may close itself.
        await send('browsingContext.close', { context }).catch(() => {});
      }
      await look();
    },
    close: () => firefox.close(),
    /** Waits until the user has closed the browser. */
    closed: () => new Promise((resolve) => firefox.on('disconnected', resolve)),
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

/** In the browser's window: the labels of the context menu, which is closed then. */
async function readMenu() {
  const menu = Services.wm.getMostRecentWindow('navigator:browser').document.getElementById('contentAreaContextMenu');
  if (menu.state !== 'open') return false;
  const labels = [...menu.querySelectorAll('menuitem, menu')].filter((item) => !item.hidden).map(({ label }) => label);
  menu.hidePopup();
  return labels;
}

/** In the browser's window: opens a tab that shows. */
function openTab(url) {
  gBrowser.selectedTab = gBrowser.addTrustedTab(url);
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

/** In the browser's window: what a function, given as text, gives in the page of a tab or of the popup. Events that it makes are a user's to the page. */
async function within(part, run, argument) {
  const windows = [...Services.wm.getEnumerator('navigator:browser')];
  const browsers = windows.flatMap((window) => [...window.document.querySelectorAll('browser')]);
  const { messageManager } = browsers.find(({ currentURI }) => currentURI?.spec.includes(part));
  const name = `rubout-${Math.random()}`;
  const answer = new Promise((resolve) => {
    messageManager.addMessageListener(name, function heard({ data }) {
      messageManager.removeMessageListener(name, heard);
      resolve(data);
    });
  });
  const script = `(async () => (${run})(content, ${JSON.stringify(argument)}))().then((given) => ({ given }), (error) => ({ failed: String(error) }))
    .then((answer) => sendAsyncMessage(${JSON.stringify(name)}, answer));`;
  messageManager.loadFrameScript(`data:text/javascript;charset=utf-8,${encodeURIComponent(script)}`, false);
  // A popup that has just been opened is given another process, which does not hear of this.
  const late = new Promise((_, reject) => setTimeout(reject, 5000, new Error('no answer of the page')));
  const { given, failed } = await Promise.race([answer, late]);
  if (failed) throw new Error(failed);
  return given;
}

/** In a page: presses an element with the mouse, as a user does. */
function press(window, selector) {
  const element = window.document.querySelector(selector);
  element.scrollIntoView({ block: 'nearest', behavior: 'instant' });
  const { x, y, width, height } = element.getBoundingClientRect();
  for (const kind of ['mousemove', 'mousedown', 'mouseup']) window.synthesizeMouseEvent(kind, x + width / 2, y + height / 2, { clickCount: 1 });
}

/** In the browser's window: puts a PNG on the clipboard. */
function copyPicture(base64) {
  const tools = Cc['@mozilla.org/image/tools;1'].getService(Ci.imgITools);
  const image = tools.decodeImageFromArrayBuffer(Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0)).buffer, 'image/png');
  const transferable = Cc['@mozilla.org/widget/transferable;1'].createInstance(Ci.nsITransferable);
  transferable.init(null);
  transferable.addDataFlavor('image/png');
  transferable.setTransferData('image/png', image);
  Services.clipboard.setData(transferable, null, Ci.nsIClipboard.kGlobalClipboard);
}

/** In the browser's window: presses one of the extension's keys, by its letter. */
function pressKey(letter) {
  const { document } = Services.wm.getMostRecentWindow('navigator:browser');
  [...document.querySelectorAll('keyset[id^="ext-keyset-id-"] key')].find((key) => key.getAttribute('key') === letter).doCommand();
}

/** In the browser's window: a file that was saved completely, once. */
async function saved() {
  const { Downloads } = ChromeUtils.importESModule('resource://gre/modules/Downloads.sys.mjs');
  const list = await Downloads.getList(Downloads.ALL);
  const done = (await list.getAll()).find(({ succeeded }) => succeeded);
  if (!done) return undefined;
  await list.remove(done);
  return { path: done.target.path, name: done.target.path.split('/').at(-1) };
}

/** In the browser's window: agrees that a page reads the clipboard. */
async function paste() {
  const window = Services.wm.getMostRecentWindow('navigator:browser');
  const menu = window.document.getElementById('clipboardReadPasteMenuPopup');
  const item = menu?.state === 'open' && menu.querySelector('menuitem');
  if (!item) return false;
  while (item.disabled) await new Promise((later) => window.setTimeout(later, 20));
  menu.activateItem(item);
  return true;
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

  /** An element whose frame is wanted. */
  async $(selector) {
    const element = await this.#page.mainFrame().$(selector);
    return element && { contentFrame: async () => this.#wrap(await element.contentFrame()) };
  }

  waitForEvent(name) {
    return this.#page.waitForEvent(name);
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

  /** Loads the page anew, and waits until it has. */
  reload() {
    return this.#page.reload();
  }

  /** Writes a picture of all of the page into a file. */
  screenshot(path) {
    return this.#page.screenshot({ path, fullPage: true });
  }

  /** Chooses a file in an upload field. */
  async upload(selector, ...files) {
    await (await this.#page.waitForSelector(selector)).uploadFile(...files);
  }

  close() {
    return this.#page.close();
  }
}
