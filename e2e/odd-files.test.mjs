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

// ------------------------------------------------------------------------- GIF

/** The animation, of 160 x 120 pixels, on a screen of another size: its frames hang over, or leave a part of it empty. */
async function screen(width, height) {
  const bytes = Buffer.from(await file('animated.gif'));
  bytes.writeUInt16LE(width, 6);
  bytes.writeUInt16LE(height, 8);
  return bytes;
}

// ------------------------------------------------------------------------ JPEG

const segment = (marker, ...parts) => {
  const data = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([0xff, marker]), u16(data.length + 2), data]);
};

/** A JPEG in inks as Photoshop writes it: blocks of one colour each, whose values are 255 where there is no ink. */
function inks() {
  const [across, down] = [24, 18];
  const CODES = ['00', '010', '011', '100', '101', '110', '1110', '11110', '111110'];
  let bits = '';
  const last = [0, 0, 0, 0];
  for (let block = 0; block < across * down; block += 1) {
    const [x, y] = [block % across, Math.floor(block / across)];
    [90 + x * 5, 250 - y * 8, 120 + ((x * y) % 90), 230 - ((x + y) % 3) * 20].forEach((value, ink) => {
      const difference = value - 128 - last[ink];
      last[ink] = value - 128;
      const length = difference && Math.abs(difference).toString(2).length;
      bits += CODES[length];
      if (length) bits += (difference > 0 ? difference : difference + 2 ** length - 1).toString(2).padStart(length, '0');
      // Nothing but the mean of the block.
      bits += '0';
    });
  }
  const coded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1').match(/.{8}/g).flatMap((byte) => (byte === '11111111' ? [255, 0] : [parseInt(byte, 2)]));
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xee, Buffer.from('Adobe'), u16(100), [0, 0, 0, 0, 0]),
    segment(0xdb, [0], Buffer.alloc(64, 8)),
    segment(0xc0, [8], u16(down * 8), u16(across * 8), [4], ...[1, 2, 3, 4].map((id) => [id, 0x11, 0])),
    segment(0xc4, [0x00, 0, 1, 5, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [0, 1, 2, 3, 4, 5, 6, 7, 8]),
    segment(0xc4, [0x10, 1, ...Array(15).fill(0)], [0]),
    segment(0xda, [4], ...[1, 2, 3, 4].map((id) => [id, 0]), [0, 63, 0]),
    Buffer.from(coded),
    Buffer.from([0xff, 0xd9]),
  ]);
}

/** A photograph in RGB whose profile is of another kind: of Lab values. */
async function labProfile() {
  const profile = greyProfile(1);
  profile.write('Lab ', 16);
  const [header, ...rest] = pngChunks(await file('sand.png'));
  return png([header, chunk('iCCP', 'lab\0\0', zlib.deflateSync(profile)), ...rest.filter(({ type }) => type !== 'iCCP' && type !== 'sRGB')]);
}

/** A JPEG with something beside the picture, as its XMP says. */
async function withXmp(description) {
  const bytes = await file('sand.jpg');
  const xmp = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description ${description}/></rdf:RDF></x:xmpmeta>`;
  return Buffer.concat([bytes.subarray(0, 2), segment(0xe1, Buffer.from('http://ns.adobe.com/xap/1.0/\0'), Buffer.from(xmp)), bytes.subarray(2)]);
}

// ----------------------------------------------------------------------- tests

const SMALL = { x: 60, y: 50, width: 40, height: 30 };

/** A picture on white: the colour of what is nearly transparent cannot be read back exactly from a canvas. */
function onWhite({ width, height, data }) {
  const flat = Buffer.from(data);
  for (let at = 0; at < flat.length; at += 1) flat[at] = at % 4 === 3 ? 255 : 255 + ((data[at] - 255) * data[at | 3]) / 255;
  return { width, height, data: flat };
}


for (const [name, type, hole, make] of [
  ['a PNG with a wrong checksum', 'image/png', BALL, wrongChecksum],
  ['a PNG without its end', 'image/png', BALL, async () => (await file('sand.png')).subarray(0, -12)],
  ['a PNG that is cut short', 'image/png', BALL, async () => (await file('sand.png')).subarray(0, 75_000)],
  ['a GIF that is cut short', 'image/gif', SMALL, async () => (await file('animated.gif')).subarray(0, 12_000)],
  ['a JPEG that is cut short', 'image/jpeg', BALL, async () => (await file('sand.jpg')).subarray(0, 14_000)],
  ['an animated PNG with a hidden default image', 'image/png', BALL, hiddenDefault],
  ['a WebP that Exif would turn', 'image/webp', { x: 98, y: 73, width: 44, height: 34 }, turnedWebp],
  ['a GIF whose frames hang over its screen', 'image/gif', { x: 30, y: 30, width: 40, height: 30 }, () => screen(120, 90)],
  ['a GIF whose screen is larger than its frames', 'image/gif', SMALL, () => screen(200, 150)],
  ['a GIF whose screen has no pixels', 'image/gif', SMALL, () => screen(0, 0)],
  ['a JPEG in inks', 'image/jpeg', SMALL, inks],
  ['a JPEG that is called a PNG', 'image/png', BALL, () => file('sand.jpg')],
  ['a PNG with a profile of Lab values', 'image/png', BALL, labProfile],
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

for (const [what, description, said] of [
  ['a gain map', 'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"', /HDR/],
  ['a motion photo', 'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MotionPhoto="1"', /video/],
]) {
  test(`what is not saved is said: ${what}`, async () => {
    const address = `/extra-${what.replaceAll(' ', '-')}.jpg`;
    server.put(address, 'image/jpeg', await withXmp(description));
    const page = await browser.page(`${server.home}/test/files.html?${address}`);
    await page.locator('#img').evaluate((image) => image.decode());
    const editor = await open(page, '#img');
    await editor.eraseRect(BALL);
    await editor.save();
    assert.match(await editor.hint(), said);
    await editor.leave();
  });
}

/** The straight values of a file, as WebGL gives them: as they were decoded. */
function straight(page, base64, type) {
  return page.evaluate(async ({ base64, type }) => {
    const blob = await (await fetch(`data:${type};base64,${base64}`)).blob();
    const bitmap = await createImageBitmap(blob, { premultiplyAlpha: 'none' });
    const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    const texture = gl.getParameter(gl.TEXTURE_BINDING_2D);
    gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    const data = new Uint8Array(bitmap.width * bitmap.height * 4);
    gl.readPixels(0, 0, bitmap.width, bitmap.height, gl.RGBA, gl.UNSIGNED_BYTE, data);
    return btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(''));
  }, { base64, type });
}

/** A WebP with losses of 320 x 240 pixels that are nearly transparent on the left. `soft.avif` is the same in its format. */
function softWebp(page) {
  return page.evaluate(async () => {
    const canvas = new OffscreenCanvas(320, 240);
    const context = canvas.getContext('2d');
    const pixels = context.createImageData(320, 240);
    for (let at = 0; at < pixels.data.length; at += 4) {
      const [x, y] = [(at / 4) % 320, Math.floor(at / 1280)];
      pixels.data.set([128 + 100 * Math.sin(x / 17), 128 + 90 * Math.cos(y / 23), (x * y) % 256, Math.min(255, 4 + x)], at);
    }
    context.putImageData(pixels, 0, 0);
    const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.8 });
    return btoa(Array.from(new Uint8Array(await blob.arrayBuffer()), (byte) => String.fromCharCode(byte)).join(''));
  });
}

const softAvif = async () => (await readFile(new URL('./pages/pictures/test/soft.avif', import.meta.url))).toString('base64');

for (const [type, made] of [['image/webp', softWebp], ['image/avif', softAvif]]) {
  test(`what is nearly transparent keeps its colours: ${type}`, async () => {
    const page = await browser.page(`${server.home}/test/files.html`);
    const file = await made(page);
    const data = await straight(page, file, type);
    const address = `/soft-${type.slice(6)}`;
    server.put(address, type, Buffer.from(file, 'base64'));
    await page.goto(`${server.home}/test/files.html?${address}`);
    await page.locator('#img').evaluate((image) => image.decode());
    const editor = await open(page, '#img');
    await editor.eraseRect(SMALL);
    const saved = PNG.sync.read((await editor.save('png')).bytes);
    await editor.leave();
    const visible = (data) => Buffer.from(data).map((value, at) => (data[at | 3] === 0 ? 0 : value));
    const was = { width: 320, height: 240, data: visible(Buffer.from(data, 'base64')) };
    compareOutside(was, { ...saved, data: visible(saved.data) }, SMALL);
  });
}

test('a picture of few colours is saved in as few bits, and one of 16 bits a sample keeps them', async () => {
  const few = new PNG({ width: 64, height: 48 });
  for (let at = 0; at < few.data.length; at += 4) {
    const [x, y] = [(at / 4) % 64, Math.floor(at / 256)];
    few.data.set(Math.hypot(x - 30, y - 24) < 8 ? [200, 30, 40, 255] : x % 16 < 8 ? [240, 240, 250, 255] : [210, 220, 250, 255], at);
  }
  const header = (file) => pngChunks(file)[0].data;
  const deep = new PNG({ width: 64, height: 48 });
  const samples = new Uint16Array(64 * 48 * 4).map((_, at) => (at % 4 === 3 ? 65535 : (20_000 + ((at >> 2) % 64) * 301 + at * 3) % 65536));
  deep.data = samples;
  for (const [name, file, depth, type] of [
    ['few', indexed(few), 2, 3],
    ['deep', PNG.sync.write(deep, { bitDepth: 16, colorType: 2, inputColorType: 6, inputHasAlpha: true }), 16, 2],
  ]) {
    assert.equal(header(file)[8], depth, name);
    server.put(`/bits-${name}.png`, 'image/png', file);
    const page = await browser.page(`${server.home}/test/files.html?/bits-${name}.png`);
    await page.locator('#img').evaluate((image) => image.decode());
    const editor = await open(page, '#img');
    await editor.eraseRect({ x: 20, y: 14, width: 20, height: 20 });
    const { bytes } = await editor.save('png');
    assert.deepEqual([header(bytes)[8], header(bytes)[9]], [depth, type], name);
    await editor.leave();
  }
});

/** A PNG with a palette of at most four colours, two bits a pixel. */
function indexed({ width, height, data }) {
  const colours = [];
  const rows = [];
  for (let y = 0; y < height; y += 1) {
    const row = Buffer.alloc(1 + Math.ceil(width / 4));
    for (let x = 0; x < width; x += 1) {
      const colour = data.readUIntBE((y * width + x) * 4, 3);
      if (!colours.includes(colour)) colours.push(colour);
      row[1 + (x >> 2)] |= colours.indexOf(colour) << (6 - 2 * (x % 4));
    }
    rows.push(row);
  }
  const palette = Buffer.concat(colours.map((colour) => u32(colour).subarray(1)));
  return png([
    chunk('IHDR', u32(width), u32(height), [2, 3, 0, 0, 0]),
    chunk('PLTE', palette),
    chunk('IDAT', zlib.deflateSync(Buffer.concat(rows))),
    chunk('IEND'),
  ]);
}
