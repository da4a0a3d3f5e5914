// What is left of an edit when a process, a worker, the disk or the extension itself goes away under it: see docs/faults.md.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import {
  BALL, browser, open, readElement, relaunch, same, server, test, until, useBrowser,
} from './harness.mjs';

/** How soon the page has to be free, milliseconds. */
const FREE = 3000;

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
  await page.bringToFront().catch(() => {});
  return extensions;
}

for (const [what, action] of [
  ['switched off', (id) => new Promise((done) => chrome.management.setEnabled(id, false, done))],
  ['reloaded', (id) => chrome.developerPrivate.reload(id, { failQuietly: true })],
]) {
  ends(`the extension is ${what} in the middle of an edit: the page is free and says so`, async () => {
    await visit();
    const was = await readElement(page, '#img');
    const editor = await open(page, '#img');
    await editor.eraseRect(BALL);
    const raw = await driven(page);
    const from = Date.now();
    await manage(action);
    await raw.session.send('Page.bringToFront');
    const { took, said } = await raw.freed();
    console.log(`# free ${Date.now() - from} ms after that was wished for, ${took} ms after the page showed again: ${said}`);
    assert.ok(took < FREE, `free after ${took} ms`);
    assert.match(said, /has left this page/i);
    same(was, await readElement(page, '#img'), 'the page is untouched');
  });
}
