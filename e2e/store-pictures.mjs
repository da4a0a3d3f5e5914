// The pictures that the stores show: the real extension at work, 1280 x 800, and a tile of 440 x 280. Run by `cargo xtask store-pictures`.
// They lead with objects and with screenshots of one's own; nobody's mark is in them.

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import { editorOverlay, launch, open, readElement, rightClickUpload, sleep, until } from './harness.mjs';
import { startServer } from './server.mjs';
import { temporaryFolder } from './temporary.mjs';

const OUT = fileURLToPath(new URL('../dist/store/', import.meta.url));
const SIZE = { width: 1280, height: 800 };
const ORDER = { width: 960, height: 600 };

mkdirSync(OUT, { recursive: true });
const server = await startServer();
const browser = await launch({
  args: ['--window-size=1300,960', '--hide-scrollbars', `--host-resolver-rules=MAP walks.example 127.0.0.1:${new URL(server.home).port}`],
});
// Each step is to be seen before the next one begins.
await browser.worker().evaluate(() => chrome.storage.local.set({ eraseOnRelease: false }));

async function visit(url) {
  const page = await browser.page(url);
  await page.setViewportSize(SIZE);
  return page;
}

async function take(page, name) {
  // Away from the buttons, whose names would stand beside them.
  await page.mouse.move(4, 4);
  await sleep(600);
  await page.screenshot({ path: `${OUT}${name}.png` });
  console.log(`${OUT}${name}.png`);
}

const outlineOf = async (page, picture) => (await page.locator(picture).getAttribute('data-outline'))
  .split(' ')
  .map((pair) => pair.split(',').map(Number))
  .map(([x, y]) => ({ x, y }));

function png({ width, height, data }) {
  const picture = new PNG({ width, height });
  picture.data = Buffer.from(data);
  return PNG.sync.write(picture);
}

/** An object in a picture of a page: painted over, then gone. Leaves the picture of before and after for the tile. */
async function inPage() {
  const page = await visit(`${server.home}/store.html`);
  const before = await readElement(page, '#meadow');
  const outline = await outlineOf(page, '#meadow');
  const editor = await open(page, '#meadow');
  await editor.passed();
  await editor.paintOutline(outline);
  await take(page, '1-paint-over-it');
  await editor.erase();
  await editor.waitDone();
  await editor.shown();
  await take(page, '2-and-it-is-gone');
  await editor.done();
  server.put('/store-before.png', 'image/png', png(before));
  server.put('/store-after.png', 'image/png', png(await readElement(page, '#meadow')));
  await page.close();
}

/** A screenshot of one's own, and where in it what nobody else should see is. */
async function screenshot() {
  const page = await browser.page(`${server.home}/store-order.html`);
  await page.setViewportSize(ORDER);
  const places = await page.locator('[data-hide]').evaluateAll((all) => all.map((one) => {
    const { x, y, width, height } = one.getBoundingClientRect();
    return { x: x - 6, y: y - 3, width: width + 12, height: height + 6 };
  }));
  // The editor takes what a user has chosen: files, and no bytes that a script has put into its field.
  const path = join(temporaryFolder('order'), 'my order.png');
  await page.screenshot({ path });
  await page.close();
  return { path, places };
}

/** Private details of a screenshot, blacked out in the editor. */
async function inEditor({ path, places }) {
  const page = await visit(`chrome-extension://${browser.id}/editor.html`);
  await page.locator('html[data-ready]').waitFor();
  await page.setInputFiles('#files', path);
  const editor = await editorOverlay(page);
  await editor.pick('engine', 'black-out');
  for (const place of places) await editor.eraseRect(place);
  await take(page, '3-hide-what-is-private');
  await page.close();
}

/** What an upload field holds is edited before it is uploaded. */
async function beforeUpload() {
  // The editor names the site.
  const site = await visit('http://walks.example/upload.html');
  await site.setInputFiles('#file', fileURLToPath(new URL('./pages/pictures/boat.png', import.meta.url)));
  const tab = await rightClickUpload(site, '#field');
  await tab.setViewportSize(SIZE);
  const editor = await editorOverlay(tab);
  await editor.key('s');
  const [place] = await editor.toTab([{ x: 392, y: 120 }]);
  await tab.mouse.move(place.x, place.y, { steps: 6 });
  await tab.mouse.click(place.x, place.y);
  await until(() => editor.frame.locator('#erase').isEnabled(), { what: 'a selection' });
  await take(tab, '4-edit-before-upload');
  await tab.close();
  await site.close();
}

/** The models that can be had, and what they cost. */
async function models() {
  const page = await visit(`chrome-extension://${browser.id}/models.html`);
  await until(async () => (await page.locator('#models li').count()) > 0, { what: 'the list' });
  await take(page, '5-models-if-you-like');
  await page.close();
}

async function tile() {
  server.put('/store-icon.png', 'image/png', readFileSync(new URL('../icons/icon-128.png', import.meta.url)));
  const page = await browser.page(`${server.home}/store-tile.html`);
  await page.setViewportSize({ width: 440, height: 280 });
  await page.locator('body').evaluate(() => Promise.all([...document.images].map((image) => image.decode())));
  await page.screenshot({ path: `${OUT}tile.png` });
  console.log(`${OUT}tile.png`);
}

await inPage();
await inEditor(await screenshot());
await beforeUpload();
await models();
await tile();
await browser.close();
await server.close();
