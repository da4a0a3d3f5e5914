// What is left of an edit when a process, a worker, the disk or the extension itself goes away under it: see docs/faults.md.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import {
  acceptBubble, BALL, browser, compareOutside, open, readElement, redness, relaunch, same, server, test, until, useBrowser,
} from './harness.mjs';
import { askStore, storePage } from './store.mjs';

/** How soon the page has to be free, milliseconds: while it is visible, and when it becomes visible again. */
const FREE = 3000;
const AT_ONCE = 1000;

let page;

useBrowser();

async function visit(path = 'faults.html') {
  page = await browser.page(`${server.home}/test/${path}`);
  return page;
}

/** A page that is driven past Playwright, which gives up a page as soon as the process of a frame in it ends. */
async function driven(page) {
  const session = await page.context().newCDPSession(page);
  const evaluate = async (expression) =>
    (await session.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })).result.value;
  const middle = `(({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 }))(document.querySelector('#count').getBoundingClientRect())`;
  const counted = () => evaluate("Number(document.querySelector('#count').textContent)");
  return {
    session,
    evaluate,
    /** Whether a click of the real mouse would reach the page; where it would, it does. */
    async isFree() {
      const { x, y } = await evaluate(middle);
      if (!(await evaluate(`document.elementFromPoint(${x}, ${y}).id === 'count'`))) return false;
      const before = await counted();
      for (const type of ['mousePressed', 'mouseReleased']) {
        await session.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
      }
      return (await counted()) > before;
    },
    /** What is said in the page in a closed shadow root; empty where nothing is. */
    async farewell() {
      const { root } = await session.send('DOM.getDocument', { depth: -1, pierce: true });
      const html = root.children.find(({ localName }) => localName === 'html');
      const texts = ({ nodeValue = '', children = [] }) => [nodeValue, ...children.flatMap(texts)];
      return html.children.flatMap(({ shadowRoots = [] }) => shadowRoots.flatMap(texts)).join(' ').trim();
    },
    /** Presses the button of this name in what is said there, and gives the picture that is saved: its name, size, and how many pixels are red. */
    async saved(name) {
      const { root } = await session.send('DOM.getDocument', { depth: -1, pierce: true });
      const all = (node) => [node, ...[...(node.children ?? []), ...(node.shadowRoots ?? [])].flatMap(all)];
      const button = all(root).find(({ localName, children }) => localName === 'button' && children?.[0]?.nodeValue === name);
      if (!button) return undefined;
      const { model } = await session.send('DOM.getBoxModel', { nodeId: button.nodeId });
      const [x, y] = [(model.content[0] + model.content[4]) / 2, (model.content[1] + model.content[5]) / 2];
      await session.send('Page.enable');
      const begun = new Promise((done) => session.once('Page.downloadWillBegin', done));
      for (const type of ['mousePressed', 'mouseReleased']) {
        await session.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
      }
      const { url, suggestedFilename } = await begun;
      const read = await evaluate(`fetch(${JSON.stringify(url)}).then((file) => file.blob()).then(createImageBitmap).then((image) => {
        const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
        context.drawImage(image, 0, 0);
        const { data } = context.getImageData(0, 0, image.width, image.height);
        let red = 0;
        for (let at = 0; at < data.length; at += 4) red += data[at] > 140 && data[at + 1] < 70 && data[at + 2] < 90;
        return { width: image.width, height: image.height, red };
      })`);
      return { ...read, name: suggestedFilename };
    },
    /** Waits until the page is free; gives how long that took in milliseconds, and what is said. */
    async freed() {
      const from = Date.now();
      await until(() => this.isFree(), { what: 'a page that is free' });
      const took = Date.now() - from;
      return { took, said: await until(() => this.farewell(), { what: 'a sentence in the page', timeout: 5000 }) };
    },
  };
}

/** The processes of extensions in this test's browser. */
function extensionProcesses() {
  const stat = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
  const isOurs = (pid) => {
    for (let at = pid; at > 1; at = Number(stat(at)[1])) if (at === process.pid) return true;
    return false;
  };
  return readdirSync('/proc').map(Number).filter((pid) => {
    try {
      return pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--extension-process') && isOurs(pid);
    } catch {
      // It has just ended.
      return false;
    }
  });
}

/** A test that ends the extension, so that the next one needs a new browser. */
const ends = (name, body) => test(name, () => body().finally(relaunch));

function killExtensionProcess() {
  const found = extensionProcesses();
  assert.ok(found.length > 0, 'an extension has a process');
  for (const pid of found) process.kill(pid, 'SIGKILL');
}

ends('the process of the extension ends: the page is free and says so', async () => {
  await visit();
  const editor = await open(page, '#img');
  await editor.eraseRect(BALL);
  const raw = await driven(page);
  assert.equal(await raw.isFree(), false, 'the overlay lies over the page');
  killExtensionProcess();
  const { took, said } = await raw.freed();
  console.log(`# free after ${took} ms: ${said}`);
  assert.ok(took < FREE, `free after ${took} ms`);
  assert.match(said, /has left this page/i);
  const { red, ...saved } = await raw.saved('Save');
  assert.deepEqual(saved, { width: 320, height: 240, name: 'sand-edited.png' }, 'the work can still be saved');
  assert.ok(red < 20, `the ball is gone: ${red} red pixels`);
});

ends('the process of the extension ends before anything was erased, or over a picture that the page must not read: there is nothing to save', async () => {
  await visit('kinds.html');
  await page.locator('html[data-ready]').waitFor();
  const editor = await open(page, '#away', { states: ['asking'] });
  await editor.press('notice-no');
  await editor.says(/screenshot/i);
  await editor.press('notice-yes');
  await editor.reaches('painting');
  await editor.eraseRect(BALL);
  const raw = await driven(page);
  killExtensionProcess();
  await until(() => raw.farewell(), { what: 'a sentence' });
  assert.equal(await raw.saved('Save'), undefined, 'a screenshot does not stay in the page');
});

ends('the process of the extension ends while a question is asked', async () => {
  await visit();
  const editor = await open(page, '#img');
  await editor.eraseRect(BALL);
  await editor.close();
  await editor.says(/without keeping/i);
  const raw = await driven(page);
  killExtensionProcess();
  assert.ok((await raw.freed()).took < FREE);
});

/** Has the browser's own page of extensions do something with ours. */
async function manage(action) {
  const extensions = await browser.page('chrome://extensions');
  await extensions.evaluate(action, browser.id);
}

for (const [what, act] of [
  ['switched off', () => manage((id) => new Promise((done) => chrome.management.setEnabled(id, false, done)))],
  ['reloaded', () => manage((id) => chrome.developerPrivate.reload(id, { failQuietly: true }))],
  ['removed', () => browser.worker().evaluate(() => void chrome.management.uninstallSelf())],
]) {
  ends(`the extension is ${what} in the middle of an edit: the page is free and says so`, async () => {
    await visit();
    const was = await readElement(page, '#img');
    const editor = await open(page, '#img');
    await editor.eraseRect(BALL);
    const raw = await driven(page);
    await act();
    await raw.session.send('Page.bringToFront');
    const { took, said } = await raw.freed();
    console.log(`# free ${took} ms after the page showed again`);
    assert.ok(took < AT_ONCE, `free after ${took} ms`);
    assert.match(said, /has left this page/i);
    const { red, ...saved } = await raw.saved('Save');
    assert.deepEqual([saved.name, red < 20], ['sand-edited.png', true], 'the work can still be saved');
    same(was, await readElement(page, '#img'), 'the page is untouched');
  });
}

/** A session with what Playwright does not show: `wanted` picks it among the browser's targets. */
async function attach(wanted) {
  const outer = await browser.context.newCDPSession(browser.context.pages()[0]);
  const targetId = await until(
    async () => (await outer.send('Target.getTargets')).targetInfos.find(wanted)?.targetId,
    { what: 'a target' },
  );
  const { sessionId } = await outer.send('Target.attachToTarget', { targetId });
  const waiting = new Map();
  const heard = new Map();
  outer.on('Target.receivedMessageFromTarget', (event) => {
    if (event.sessionId !== sessionId) return;
    const { id, result, method, params } = JSON.parse(event.message);
    if (id) waiting.get(id)?.(result);
    else heard.get(method)?.(params);
  });
  let last = 0;
  const send = (method, params = {}) => {
    const answer = new Promise((done) => waiting.set((last += 1), done));
    return outer.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id: last, method, params }) }).then(() => answer);
  };
  return {
    targetId,
    outer,
    send,
    /** The next event of this name that is `wanted`. */
    next: (method, wanted) => new Promise((done) => heard.set(method, (params) => wanted(params) && done(params))),
    evaluate: async (expression) => (await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true })).result.value,
  };
}

/** Runs code in the engine's worker, without waiting for its end. */
async function inEngine(expression) {
  const document = await attach(({ url }) => url.endsWith('/engine.html'));
  // The service worker is told of as well.
  const worker = document.next('Target.attachedToTarget', ({ targetInfo }) => targetInfo.url.endsWith('/engine-worker.js'));
  await document.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  const { sessionId } = await worker;
  await document.send('Target.sendMessageToTarget', {
    sessionId, message: JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } }),
  });
}

test("the engine's worker fails between two fills: nothing is lost", async () => {
  await visit();
  const editor = await open(page, '#img');
  await editor.eraseRect(BALL);
  await inEngine("setTimeout(() => { throw new Error('made up by a test'); })");
  await editor.eraseRect({ x: 20, y: 20, width: 40, height: 30 });
  await editor.done();
  assert.ok(redness(await readElement(page, '#img')) < 5, 'the ball is gone');
});

test('an answer that the browser does not carry is answered all the same', async () => {
  const hub = { origin: 'http://127.0.0.1:9' };
  await (await storePage(browser, hub)).close();
  const document = await attach(({ url }) => url.endsWith('/engine.html'));
  await document.evaluate(`chrome.runtime.onConnect.addListener((port) => {
    const post = port.postMessage.bind(port);
    port.postMessage = (message) => {
      if (globalThis.refused && message.re) {
        refused = false;
        throw new Error('too large, says a test');
      }
      post(message);
    };
  })`);
  const store = await storePage(browser, hub);
  await document.evaluate('globalThis.refused = true');
  const { failure, detail } = await askStore(store, { call: 'list' });
  assert.equal(failure, 'internal');
  assert.match(detail, /too large, says a test/);
  assert.ok((await askStore(store, { call: 'list' })).models.length > 0, 'the next one is carried');
});

ends('the engine does not stop: whoever insists on leaving leaves, and the page is as it was', async () => {
  await visit();
  const was = await readElement(page, '#img');
  const editor = await open(page, '#img');
  await inEngine('for (;;);');
  await editor.passed();
  await editor.paintRect(BALL);
  await editor.erase();
  // On a busy machine the hint may be gone before it is read.
  await editor.frame.evaluate(() => {
    const hint = document.querySelector('#hint');
    globalThis.hints = [];
    new MutationObserver(() => hints.push(hint.textContent)).observe(hint, { childList: true, characterData: true, subtree: true });
  });
  const isHinted = async () => (await editor.frame.evaluate(() => hints)).some((hint) => /Press Esc once more/i.test(hint));
  // While the machine is so busy that the shim has the keyboard for a moment, a press only gives it back.
  await editor.key('Escape');
  await until(async () => {
    if (!(await isHinted())) await editor.key('Escape');
    return until(isHinted, { timeout: 5000 }).catch(() => false);
  }, { what: 'the hint' });
  const leaves = async () => {
    if (!editor.gone()) await editor.key('Escape');
    return until(() => editor.gone(), { timeout: 3000 }).catch(() => false);
  };
  await until(leaves, { what: 'the end of the overlay' });
  same(was, await readElement(page, '#img'), 'the page is untouched');
});

test('the storage is cleared and has no room in the middle of an edit: the edit needs none', async () => {
  await visit();
  const was = await readElement(page, '#img');
  const editor = await open(page, '#img');
  const origin = `chrome-extension://${browser.id}`;
  const session = await browser.context.newCDPSession(browser.context.pages()[0]);
  await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'file_systems,indexeddb,local_storage,cache_storage' });
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 0 });
  await browser.worker().evaluate(() => Promise.all([chrome.storage.local.clear(), chrome.storage.session.clear()]));
  await editor.eraseRect(BALL);
  await editor.done();
  compareOutside(was, await readElement(page, '#img'), BALL);
  await session.send('Storage.overrideQuotaForOrigin', { origin });
});

test('a permission is taken back in the middle of an edit: what was read stays', async () => {
  await visit('kinds.html');
  await page.locator('html[data-ready]').waitFor();
  const editor = await open(page, '#away', { states: ['asking'] });
  await editor.press('notice-yes');
  await acceptBubble();
  await editor.reaches('painting');
  await browser.worker().evaluate(async () => {
    const { origins } = await chrome.permissions.getAll();
    await chrome.permissions.remove({ origins });
  });
  await editor.eraseRect(BALL);
  const { bytes } = await editor.save('png');
  assert.ok(bytes.length > 10_000, 'the result is there');
  await editor.leave();
});

test('an unfinished edit is offered for the same picture in the same site only, until it is started over', async () => {
  const picture = `${server.home}/cors/pictures/test/sand.png`;
  /** What the overlay does first on that picture in a page of `site`. */
  const opened = async (site) => {
    page = await browser.page(`${site}/test/files.html?${picture}`);
    const editor = await open(page, '#img', { states: ['asking', 'painting'], resume: true });
    return { editor, offered: /interrupted/i.test(await editor.notice()) };
  };
  const first = await opened(server.home);
  await first.editor.eraseRect(BALL);
  await page.close();
  const elsewhere = await opened(server.away);
  assert.equal(elsewhere.offered, false, 'another site learns nothing of it');
  await elsewhere.editor.leave();
  const again = await opened(server.home);
  assert.equal(again.offered, true, 'the same site');
  await again.editor.press('notice-no');
  await again.editor.reaches('painting');
  await page.close();
  assert.equal((await opened(server.home)).offered, false, 'it was started over');
});
