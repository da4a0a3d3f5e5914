// Private windows in Firefox: there is nothing of ours until the user allows it; then all works, and nothing is kept.

import assert from 'node:assert/strict';
import { launchFirefox } from './firefox.mjs';
import { after, afterEach, BALL, before, compareOutside, editorOverlay, overlay, readElement, redness, test, until } from './harness.mjs';
import { startServer } from './server.mjs';

const ITEM = 'Erase something…';

let server;
let firefox;

before(async () => {
  server = await startServer();
  firefox = await launchFirefox();
});
afterEach(() => firefox.tidy());
after(async () => {
  await firefox?.close();
  await server?.close();
});

/** All that the extension keeps: what it has stored, and the files on its disk. Sessions are numbers of tabs, in memory. */
async function kept() {
  const page = await firefox.open('privacy.html');
  const all = await until(() => page.evaluate(async () => {
    const found = { local: await chrome.storage.local.get(), session: await chrome.storage.session.get(), files: [] };
    for (const key of Object.keys(found.session)) if (key.startsWith('session:')) delete found.session[key];
    const look = async (folder, path) => {
      for await (const [name, handle] of folder) {
        if (handle.kind === 'directory') await look(handle, `${path}${name}/`);
        else found.files.push(path + name);
      }
    };
    await look(await navigator.storage.getDirectory(), '');
    return found;
  }), { what: 'what is kept' });
  await page.close();
  return all;
}

test('not allowed: the menu of a private window has nothing of ours', async () => {
  const page = await firefox.privatePage(`${server.home}/test/kinds.html?closed`);
  const labels = await firefox.menuOf(page, '#img');
  assert.ok(labels.length > 5, 'a menu');
  assert.ok(!labels.some((label) => label === ITEM || label === 'Rubout'), labels.join());
});

test('allowed: erased in the page, and nothing is kept', async () => {
  await firefox.allowPrivate();
  const before = await kept();
  const page = await firefox.privatePage(`${server.home}/test/kinds.html?erased`);
  const was = await readElement(page, '#img');
  await firefox.choose(page, '#img', ITEM);
  const editor = await overlay(page);
  await editor.eraseRect(BALL);
  await editor.done();
  compareOutside(was, await readElement(page, '#img'), BALL);
  await page.close();
  assert.deepEqual(await kept(), before);
});

test('allowed: a capture is erased in the editor and saved, and nothing is kept', async () => {
  const before = await kept();
  await firefox.privatePage(`${server.home}/test/kinds.html?captured`);
  const popup = await firefox.popup();
  await popup.click('#capture');
  const editor = await firefox.tab('/editor.html');
  const opened = await editorOverlay(editor);
  const was = await opened.shown();
  await opened.eraseRect({ x: 140, y: 180, width: 90, height: 90 });
  assert.ok(redness(await opened.shown()) < redness(was));
  const { name } = await opened.save();
  assert.match(name, /\.png$/);
  await editor.close();
  assert.deepEqual(await kept(), before);
});
