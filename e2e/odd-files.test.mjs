// Files that are damaged, or that decoders read differently: what the browser shows is what is edited, at the size and turn that it shows.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import zlib from 'node:zlib';
import { PNG } from 'pngjs';
import { BALL, browser, compareOutside, open, pngChunks, readElement, server, test, useBrowser } from './harness.mjs';

useBrowser();

const file = (name) => readFile(new URL(`./pages/pictures/test/${name}`, import.meta.url));
const u16 = (number) => { const bytes = Buffer.alloc(2); bytes.writeUInt16BE(number); return bytes; };
const u32 = (number) => { const bytes = Buffer.alloc(4); bytes.writeUInt32BE(number); return bytes; };
const le32 = (number) => Buffer.from(u32(number)).reverse();

// ------------------------------------------------------------------------- PNG

const chunk = (type, ...parts) => ({ type, data: Buffer.concat(parts.map((part) => Buffer.from(part))) });

function png(chunks) {
  const packed = chunks.map(({ type, data }) => {
    const named = Buffer.concat([Buffer.from(type), data]);
    return Buffer.concat([u32(data.length), named, u32(zlib.crc32(named))]);
  });
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...packed]);
}

/** The last IDAT has a wrong checksum. */
async function wrongChecksum() {
  const bytes = Buffer.from(await file('sand.png'));
  bytes[bytes.length - 14] ^= 1;
  return bytes;
}

/** An animation of one frame, which is not the default image: that is black. */
async function hiddenDefault() {
  const [header, ...rest] = pngChunks(await file('sand.png'));
  const [width, height] = [header.data.readUInt32BE(0), header.data.readUInt32BE(4)];
  const black = pngChunks(PNG.sync.write(new PNG({ width, height, fill: true }), { colorType: header.data[9] }));
  const shown = Buffer.concat(rest.filter(({ type }) => type === 'IDAT').map(({ data }) => data));
  return png([
    header,
    chunk('acTL', u32(1), u32(0)),
    ...black.filter(({ type }) => type === 'IDAT'),
    chunk('fcTL', u32(0), u32(width), u32(height), u32(0), u32(0), u16(1), u16(10), [0, 0]),
    chunk('fdAT', u32(1), shown),
    chunk('IEND'),
  ]);
}

/** An ICC profile of grey values with a gamma. */
function greyProfile(gamma) {
  const curve = Buffer.concat([Buffer.from('curv\0\0\0\0'), u32(1), u16(gamma * 256), u16(0)]);
  const white = Buffer.concat([Buffer.from('XYZ \0\0\0\0'), u32(0xf6d6), u32(0x10000), u32(0xd32d)]);
  const tags = [['wtpt', white], ['kTRC', curve]];
  let at = 128 + 4 + 12 * tags.length;
  const table = tags.map(([name, data]) => {
    const entry = Buffer.concat([Buffer.from(name), u32(at), u32(data.length)]);
    at += data.length;
    return entry;
  });
  const header = Buffer.alloc(128);
  header.writeUInt32BE(at, 0);
  header.writeUInt32BE(0x02400000, 8);
  header.write('mntrGRAYXYZ ', 12);
  header.write('acsp', 36);
  header.writeUInt32BE(0xf6d6, 68);
  header.writeUInt32BE(0x10000, 72);
  header.writeUInt32BE(0xd32d, 76);
  return Buffer.concat([header, u32(tags.length), ...table, ...tags.map(([, data]) => data)]);
}

/** The photograph in grey, with a profile. `alpha` is that of all its pixels. */
async function grey(gamma, alpha) {
  const picture = PNG.sync.read(await file('sand.png'));
  for (let at = 3; at < picture.data.length; at += 4) picture.data[at] = alpha;
  const [header, ...rest] = pngChunks(PNG.sync.write(picture, { colorType: alpha === 255 ? 0 : 4 }));
  return png([header, chunk('iCCP', 'grey\0\0', zlib.deflateSync(greyProfile(gamma))), chunk('gAMA', u32(100_000)), ...rest]);
}

// ------------------------------------------------------------------------ WebP

/** A lossless WebP whose Exif asks for a quarter turn, which browsers do not make. */
async function turnedWebp() {
  const bytes = await file('soft.webp');
  const parts = [];
  for (let at = 12; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    parts.push([bytes.toString('latin1', at, at + 4), Buffer.from(bytes.subarray(at + 8, at + 8 + length))]);
    at += 8 + length + (length % 2);
  }
  parts.find(([kind]) => kind === 'VP8X')[1][0] |= 0x08;
  const entry = Buffer.concat([u16(0x0112), u16(3), u32(1), u16(6), u16(0)]);
  parts.push(['EXIF', Buffer.concat([Buffer.from('MM\0*'), u32(8), u16(1), entry, u32(0)])]);
  const body = Buffer.concat([
    Buffer.from('WEBP'),
    ...parts.flatMap(([kind, data]) => [Buffer.from(kind), le32(data.length), data, Buffer.alloc(data.length % 2)]),
  ]);
  return Buffer.concat([Buffer.from('RIFF'), le32(body.length), body]);
}

// ----------------------------------------------------------------------- tests

/** A picture on white: the colour of what is nearly transparent cannot be read back exactly from a canvas. */
function onWhite({ width, height, data }) {
  const flat = Buffer.from(data);
  for (let at = 0; at < flat.length; at += 1) flat[at] = at % 4 === 3 ? 255 : 255 + ((data[at] - 255) * data[at | 3]) / 255;
  return { width, height, data: flat };
}

const SMALL = { x: 60, y: 50, width: 40, height: 30 };

for (const [name, type, hole, make] of [
  ['a PNG with a wrong checksum', 'image/png', BALL, wrongChecksum],
  ['a PNG without its end', 'image/png', BALL, async () => (await file('sand.png')).subarray(0, -12)],
  ['a PNG that is cut short', 'image/png', BALL, async () => (await file('sand.png')).subarray(0, 75_000)],
  ['a GIF that is cut short', 'image/gif', SMALL, async () => (await file('animated.gif')).subarray(0, 12_000)],
  ['a JPEG that is cut short', 'image/jpeg', BALL, async () => (await file('sand.jpg')).subarray(0, 14_000)],
  ['an animated PNG with a hidden default image', 'image/png', BALL, hiddenDefault],
  ['a WebP that Exif would turn', 'image/webp', { x: 98, y: 73, width: 44, height: 34 }, turnedWebp],
  ['a grey PNG with a profile', 'image/png', BALL, () => grey(3, 255)],
  ['a grey PNG with alpha and a linear profile', 'image/png', BALL, () => grey(1, 254)],
]) {
  test(`edited as it is shown: ${name}`, async () => {
    const address = `/odd-${name.replaceAll(' ', '-')}`;
    server.put(address, type, await make());
    const page = await browser.page(`${server.home}/test/files.html?${address}`);
    await page.locator('#img').evaluate((image) => image.decode());
    const was = await readElement(page, '#img');
    const editor = await open(page, '#img');
    await editor.eraseRect(hole);
    await editor.done();
    const now = await readElement(page, '#img');
    assert.deepEqual([now.width, now.height], [was.width, was.height], 'the size that is shown');
    // Pictures with alpha are rounded by the canvas they are read from.
    if (was.data.some((value, at) => at % 4 === 3 && value > 0 && value < 255)) compareOutside(onWhite(was), onWhite(now), hole, { tolerance: 1 });
    else compareOutside(was, now, hole);
  });
}
