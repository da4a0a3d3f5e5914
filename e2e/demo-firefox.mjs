// A real erase in Firefox to look at, as `demo.mjs` is in Chromium: the demo page, the browser's own context menu, pictures of before and after. Run by
// `cargo xtask demo --firefox`; `--stay` keeps the browser open to try the rest by hand.

import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import { launchFirefox } from './firefox.mjs';
import { overlay, readElement } from './harness.mjs';
import { startServer } from './server.mjs';

const OUT = fileURLToPath(new URL('../dist/demo-firefox/', import.meta.url));

function save(name, { width, height, data }) {
  const png = new PNG({ width, height });
  png.data = Buffer.from(data);
  writeFileSync(`${OUT}${name}.png`, PNG.sync.write(png));
}

const stays = process.argv.includes('--stay');
mkdirSync(OUT, { recursive: true });
const server = await startServer();
const firefox = await launchFirefox({ headed: stays });
const page = await firefox.page(`${server.home}/demo.html`);
await page.screenshot(`${OUT}page-before.png`);

for (const picture of ['#photo', '#screenshot', '#transparent', '#canvas']) {
  const name = picture.slice(1);
  const text = await page.locator(picture).evaluate((element) => element.dataset.outline);
  const outline = text.split(' ').map((pair) => pair.split(',').map(Number)).map(([x, y]) => ({ x, y }));
  save(`${name}-before`, await readElement(page, picture));
  await firefox.choose(page, picture, 'Erase something…');
  const editor = await overlay(page);
  await editor.passed();
  await editor.paintOutline(outline);
  await page.screenshot(`${OUT}${name}-painting.png`);
  const start = performance.now();
  await editor.erase();
  await editor.waitDone();
  await editor.done();
  save(`${name}-after`, await readElement(page, picture));
  console.log(`erased something from ${picture} (${((performance.now() - start) / 1000).toFixed(1)} s until it was back in the page)`);
}

await page.screenshot(`${OUT}page-after.png`);
console.log(`\nBefore and after: ${OUT}`);
if (stays) {
  console.log(`\nThe demo page is open: right-click any picture and choose "Erase…". Close the window when you are done.`);
  await firefox.closed();
} else {
  await firefox.close();
}
await server.close();
