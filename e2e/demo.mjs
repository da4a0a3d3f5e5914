// A real erase to look at: opens the demo page, uses the browser's own context menu, erases, and writes pictures of before and
// after. Run by `cargo xtask demo`; `--stay` keeps the browser open to try the rest by hand.

import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import { launch, open, readElement } from './harness.mjs';
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

for (const picture of PICTURES) {
  const name = picture.slice(1);
  const outline = (await page.locator(picture).getAttribute('data-outline'))
    ?.split(' ')
    .map((pair) => pair.split(',').map(Number))
    .map(([x, y]) => ({ x, y }));
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
console.log(`\nBefore and after: ${OUT}`);
for (const name of ['page-before.png', 'page-after.png', 'photo-before.png', 'photo-after.png', 'screenshot-after.png']) {
  console.log(`  ${OUT}${name}`);
}

if (process.argv.includes('--stay')) {
  console.log(`\nThe demo page is open: right-click any picture and choose "Erase…". Close the window when you are done.`);
  await new Promise((resolve) => browser.context.on('close', resolve));
} else {
  await browser.close();
}
await server.close();
