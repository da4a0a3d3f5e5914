// A real erase to look at: opens the demo page, uses the browser's own context menu, erases, and writes pictures of before and
// after. Run by `cargo xtask demo`; `--stay` keeps the browser open to try the rest by hand.

import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import { editorOverlay, launch, open, readElement, rightClickUpload, until } from './harness.mjs';
import { startServer } from './server.mjs';

const OUT = fileURLToPath(new URL('../dist/demo/', import.meta.url));
const PICTURES = ['#photo', '#screenshot', '#transparent', '#background', '#canvas'];

function save(name, { width, height, data }) {
  const png = new PNG({ width, height });
  png.data = Buffer.from(data);
  writeFileSync(`${OUT}${name}.png`, PNG.sync.write(png));
}

mkdirSync(OUT, { recursive: true });
const server = await startServer();
const browser = await launch();
const page = await browser.page(`${server.home}/demo.html`);
await page.screenshot({ path: `${OUT}page-before.png`, fullPage: true });

/** The closed line around what is to go from a picture of the demo page. */
const outlineOf = async (picture) => (await page.locator(picture).getAttribute('data-outline'))
  .split(' ')
  .map((pair) => pair.split(',').map(Number))
  .map(([x, y]) => ({ x, y }));

/** A file is chosen in a page's upload field, edited there before it is uploaded, and handed over. */
async function upload() {
  const site = await browser.page(`${server.home}/upload.html`);
  await site.setInputFiles('#file', fileURLToPath(new URL('./pages/pictures/meadow.jpg', import.meta.url)));
  const before = await site.locator('#preview').getAttribute('src');
  await site.screenshot({ path: `${OUT}upload-before.png`, fullPage: true });
  const tab = await rightClickUpload(site, '#field');
  const editor = await editorOverlay(tab);
  await editor.passed();
  await editor.paintOutline(await outlineOf('#photo'));
  await editor.erase();
  await editor.waitDone();
  await tab.screenshot({ path: `${OUT}upload-editor.png` });
  await tab.locator('#use').click();
  await until(async () => (await site.locator('#preview').getAttribute('src')) !== before, { what: 'the edited picture in the page' });
  await site.locator('#preview').evaluate((image) => image.decode());
  await site.screenshot({ path: `${OUT}upload-after.png`, fullPage: true });
  console.log(`edited before upload; the page got ${await site.locator('#what').textContent()}`);
}

for (const picture of PICTURES) {
  const name = picture.slice(1);
  const outline = await outlineOf(picture);
  const readable = picture !== '#background';
  if (readable) save(`${name}-before`, await readElement(page, picture));
  const editor = await open(page, picture);
  await editor.passed();
  await editor.paintOutline(outline);
  await page.screenshot({ path: `${OUT}${name}-painting.png` });
  await editor.erase();
  const start = performance.now();
  await editor.waitDone();
  await page.screenshot({ path: `${OUT}${name}-overlay.png` });
  await editor.done();
  if (readable) save(`${name}-after`, await readElement(page, picture));
  console.log(`erased something from ${picture} (${((performance.now() - start) / 1000).toFixed(1)} s until it was back in the page)`);
}

await page.screenshot({ path: `${OUT}page-after.png`, fullPage: true });
await upload();
console.log(`\nBefore and after: ${OUT}`);
for (const name of ['page-before.png', 'page-after.png', 'photo-before.png', 'photo-after.png', 'screenshot-after.png', 'upload-before.png', 'upload-after.png']) {
  console.log(`  ${OUT}${name}`);
}

if (process.argv.includes('--stay')) {
  console.log(`\nThe demo page is open: right-click any picture and choose "Erase…". Close the window when you are done.`);
  await new Promise((resolve) => browser.context.on('close', resolve));
} else {
  await browser.close();
}
await server.close();
