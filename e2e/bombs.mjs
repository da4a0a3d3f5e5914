// Files that are small to send and large, or endless, to decode. Each is made when it is asked for.

import zlib from 'node:zlib';

const u16 = (number) => { const bytes = Buffer.alloc(2); bytes.writeUInt16BE(number); return bytes; };
const u32 = (number) => { const bytes = Buffer.alloc(4); bytes.writeUInt32BE(number); return bytes; };
const le16 = (number) => Buffer.from(u16(number)).reverse();
const le32 = (number) => Buffer.from(u32(number >>> 0)).reverse();
/** Parts are texts, bytes, or lists of bytes. */
const join = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));

/** So many zeros, compressed a megabyte at a time: none of it is ever in memory as a whole. */
async function deflatedZeros(length) {
  const deflate = zlib.createDeflate({ level: 9 });
  const parts = [];
  deflate.on('data', (part) => parts.push(part));
  const ended = new Promise((done) => deflate.once('end', done));
  const block = Buffer.alloc(1 << 20);
  for (let left = length; left > 0; left -= block.length) {
    if (!deflate.write(left < block.length ? block.subarray(0, left) : block)) await new Promise((more) => deflate.once('drain', more));
  }
  deflate.end();
  await ended;
  return Buffer.concat(parts);
}

// ------------------------------------------------------------------------- PNG

function chunk(type, ...parts) {
  const data = join(type, ...parts);
  return join(u32(data.length - 4), data, u32(zlib.crc32(data)));
}

/** A black PNG of 1 bit a pixel: `stated` in the header, and as much data as `actual` takes. `extra` are chunks before it. */
async function png(stated, { actual = stated, extra = [], interlaced = false } = {}) {
  const header = chunk('IHDR', u32(stated[0]), u32(stated[1]), [1, 0, 0, 0, interlaced ? 1 : 0]);
  const data = await deflatedZeros(actual[1] * (Math.ceil(actual[0] / 8) + 1));
  return join(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), header, ...extra, chunk('IDAT', data), chunk('IEND'));
}

/** An animated PNG of `count` frames, each of which states a size. */
async function animatedPng(size, frame, count) {
  const pixels = await deflatedZeros(size[1] * (Math.ceil(size[0] / 8) + 1));
  const frames = [];
  for (let i = 1; i < count; i += 1) {
    const control = join(u32(2 * i - 1), u32(frame[0]), u32(frame[1]), u32(0), u32(0), u16(1), u16(10), [0, 0]);
    frames.push(chunk('fcTL', control), chunk('fdAT', u32(2 * i), pixels));
  }
  const first = join(u32(0), u32(size[0]), u32(size[1]), u32(0), u32(0), u16(1), u16(10), [0, 0]);
  const file = await png(size, { extra: [chunk('acTL', u32(count), u32(0)), chunk('fcTL', first)] });
  return join(file.subarray(0, -12), ...frames, file.subarray(-12));
}

// ------------------------------------------------------------------------ JPEG

const segment = (marker, ...parts) => {
  const data = join(...parts);
  return join([0xff, marker], u16(data.length + 2), data);
};
const frameHeader = ([width, height], marker = 0xc0) => segment(marker, [8], u16(height), u16(width), [1, 1, 0x11, 0]);
/** Codes of one bit each: no coefficient, or the end of a block. */
const tables = () => join(
  segment(0xdb, [0], Buffer.alloc(64, 16)),
  ...[0x00, 0x10].map((slot) => segment(0xc4, [slot, 1], Buffer.alloc(15), [0])),
);
const scan = ([from, to] = [0, 63]) => segment(0xda, [1, 1, 0, from, to, 0]);

/** A grey JPEG. `before` are segments in front of its frame header. */
function jpeg(size, { before = [], after = [], marker, scans = [scan()], data = 64 } = {}) {
  const coded = scans.map((scan) => join(scan, Buffer.alloc(data)));
  return join([0xff, 0xd8], ...before, tables(), frameHeader(size, marker), ...after, ...coded, [0xff, 0xd9]);
}

/** A colour profile of so many segments. */
const profile = (segments) => Array.from({ length: segments }, (_, i) => {
  const head = Buffer.alloc(65_519, 1);
  if (i === 0) head.write('RGB ', 16, 'latin1');
  return segment(0xe2, 'ICC_PROFILE\0', [i + 1, segments], head);
});

// ------------------------------------------------------------------ GIF, WebP, BMP, ICO

/** A frame of a GIF that states a size and holds data for 64 pixels: codes of 3 bits, with the table cleared before each pixel. */
const gifFrame = ([width, height]) => {
  const data = join(...Array(16).fill([0x04, 0x41, 0x10]), [5]);
  return join([0x21, 0xf9, 4, 0, 1, 0, 0, 0], ',', le16(0), le16(0), le16(width), le16(height), [0, 2, data.length], data, [0]);
};
const gif = ([width, height], frames, extra = []) => join('GIF89a', le16(width), le16(height), [0x80, 0, 0, 255, 0, 0, 0, 0, 255], ...extra, ...frames, ';');

const riff = (...chunks) => {
  const contents = chunks.map(([kind, data]) => join(kind, le32(data.length), data, Buffer.alloc(data.length % 2)));
  const all = join('WEBP', ...contents);
  return join('RIFF', le32(all.length), all);
};
/** A lossless picture of one colour: four prefix codes of a single symbol, and no more data. */
const vp8l = ([width, height]) => {
  const bits = ((width - 1) | ((height - 1) << 14)) >>> 0;
  return ['VP8L', join([0x2f], le32(bits), [0x88, 0x88, 0x08, 0, 0, 0, 0, 0])];
};
const vp8x = ([width, height], flags) => ['VP8X', join([flags, 0, 0, 0], le32(width - 1).subarray(0, 3), le32(height - 1).subarray(0, 3))];

const bmpHeader = ([width, height], { bits = 1, compression = 0 } = {}) =>
  join(le32(40), le32(width), le32(height), le16(1), le16(bits), le32(compression), le32(0), le32(0), le32(0), le32(2), le32(0), Buffer.alloc(8));
const bmp = (size, options) => {
  const header = bmpHeader(size, options);
  return join('BM', le32(14 + header.length + 64), le32(0), le32(14 + header.length), header, Buffer.alloc(64));
};

/** An icon whose directory says 16 x 16. */
const icon = (...pictures) => {
  let at = 6 + 16 * pictures.length;
  const entries = pictures.map((picture) => {
    const entry = join([16, 16, 0, 0, 1, 0, 32, 0], le32(picture.length), le32(at));
    at += picture.length;
    return entry;
  });
  return join([0, 0, 1, 0], le16(pictures.length), ...entries, ...pictures);
};

// ------------------------------------------------------------------- AVIF, JPEG XL

const box = (kind, ...parts) => {
  const data = join(...parts);
  return join(u32(data.length + 8), kind, data);
};
const avif = (...sizes) => join(
  box('ftyp', 'avif', u32(0), 'mif1avif'),
  box('meta', u32(0),
    box('hdlr', Buffer.alloc(8), 'pict', Buffer.alloc(13)),
    box('pitm', u32(0), u16(1)),
    box('iloc', [1, 0, 0, 0, 0x44, 0], u16(1), u16(1), u16(0), u16(0), u16(1), u32(0), u32(16)),
    box('iinf', u32(0), u16(1), box('infe', [2, 0, 0, 0], u16(1), u16(0), 'av01', [0])),
    box('iprp',
      box('ipco', ...sizes.map(([width, height]) => box('ispe', u32(0), u32(width), u32(height))), box('av1C', [0x81, 0, 0, 0]), box('pixi', u32(0), [3, 8, 8, 8])),
      box('ipma', u32(0), u32(1), u16(1), [3, 1, 0x82, 3]))),
  box('mdat', Buffer.alloc(64)),
);
/** A codestream of 2^30 by 2^30 pixels: all bits of the height set, and the ratio 1:1. */
const jxl = () => join([0xff, 0x0a], [0xfe, 0xff, 0xff, 0xff, 0x0f + 0x10], Buffer.alloc(32));

// ------------------------------------------------------------------------- SVG

const svg = (body, attributes = 'width="320" height="240" viewBox="0 0 320 240"') =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${attributes}>${body}</svg>`);
const html = (body) => `<foreignObject width="320" height="240"><div xmlns="http://www.w3.org/1999/xhtml">${body}</div></foreignObject>`;
const dataUrl = (type, bytes) => `data:${type};base64,${bytes.toString('base64')}`;
const levels = (count, make) => Array.from({ length: count }, (_, i) => make(i)).join('');

const PNG = 'image/png';
const JPEG = 'image/jpeg';
const GIF = 'image/gif';
const WEBP = 'image/webp';
const SVG = 'image/svg+xml';
const HUGE = [22_000, 22_000];

/** Refused for its size. */
const TOO_LARGE = 'too-large';
/** Refused as damaged. */
const UNDECODABLE = 'undecodable';
/** Edited, because it does no harm, or refused as damaged: decoders differ. */
const HARMLESS = 'opened';

/**
 * The bombs: name, type, how they end, and what makes the file. A bomb that may end in two ways lists both.
 */
export const BOMBS = [
  ['PNG of 22 000 x 22 000 in 58 kB', PNG, [TOO_LARGE], () => png(HUGE)],
  ['PNG of 22 000 x 22 000, interlaced', PNG, [TOO_LARGE], () => png(HUGE, { interlaced: true })],
  ['PNG that states 2 147 483 647 a side', PNG, [TOO_LARGE], () => png([0x7fffffff, 0x7fffffff], { actual: [8, 8] })],
  ['PNG that is long and thin', PNG, [TOO_LARGE], () => png([100_000_000, 1])],
  ['PNG that states 64 x 64 and inflates to 256 MB', PNG, [HARMLESS, UNDECODABLE], () => png([64, 64], { actual: [8_000, 256_000] })],
  ['JPEG that states 65 500 x 65 500', JPEG, [TOO_LARGE], () => jpeg([65_500, 65_500])],
  ['JPEG, progressive, of 30 000 x 30 000, behind 600 kB of metadata', JPEG, [TOO_LARGE],
    () => jpeg([30_000, 30_000], { marker: 0xc2, before: Array(10).fill(segment(0xe1, Buffer.alloc(60_000))) })],
  ['JPEG of 64 x 64, with a second frame header of 65 500 x 65 500', JPEG, [HARMLESS, UNDECODABLE],
    () => jpeg([64, 64], { after: [frameHeader([65_500, 65_500])] })],
  ['GIF with a screen of 65 535 x 65 535', GIF, [TOO_LARGE], () => gif([65_535, 65_535], [gifFrame([1, 1])])],
  ['GIF with a frame of 65 535 x 65 535 on a screen of one pixel', GIF, [TOO_LARGE], () => gif([1, 1], [gifFrame([65_535, 65_535])])],
  ['GIF whose second frame is of 65 535 x 65 535', GIF, [HARMLESS, UNDECODABLE], () => gif([8, 8], [gifFrame([8, 8]), gifFrame([65_535, 65_535])])],
  ['WebP, lossless, of 16 384 x 16 384', WEBP, [TOO_LARGE], () => riff(vp8l([16_384, 16_384]))],
  ['WebP with a canvas of 16 777 216 a side', WEBP, [TOO_LARGE], () => riff(vp8x([1 << 24, 1 << 24], 0), vp8l([1, 1]))],
  ['WebP with a canvas of 64 x 64 and a picture of 16 384 x 16 384', WEBP, [HARMLESS, UNDECODABLE, TOO_LARGE], () => riff(vp8x([64, 64], 0), vp8l([16_384, 16_384]))],
  ['BMP of 22 000 x 22 000', 'image/bmp', [TOO_LARGE], () => bmp(HUGE)],
  ['BMP of 30 000 x -30 000, run-length coded', 'image/bmp', [TOO_LARGE], () => bmp([30_000, -30_000], { bits: 8, compression: 1 })],
  ['icon of 16 x 16 with a PNG of 22 000 x 22 000', 'image/x-icon', [TOO_LARGE], async () => icon(await png([16, 16]), await png(HUGE))],
  ['icon of 16 x 16 with a bitmap of 22 000 x 22 000', 'image/x-icon', [TOO_LARGE], () => icon(bmpHeader([22_000, 44_000]))],
  ['AVIF that states 2 147 483 647 a side', 'image/avif', [TOO_LARGE], () => avif([0x7fffffff, 0x7fffffff])],
  ['AVIF, a grid of 64 x 64 tiles that make up 60 000 x 60 000', 'image/avif', [TOO_LARGE], () => avif([64, 64], [60_000, 60_000])],
  ['JPEG XL of 1 073 741 824 a side', 'image/jxl', [TOO_LARGE], jxl],
  ['SVG that states a million a side', SVG, [HARMLESS], () => svg('<rect width="999999" height="999999" fill="teal"/>', 'width="1000000" height="1000000"')],
  ['SVG with a PNG of 22 000 x 22 000 inside', SVG, [TOO_LARGE], async () => svg(`<image width="320" height="240" href="${dataUrl(PNG, await png(HUGE))}"/>`)],
  ['SVG with the same, of no type', SVG, [TOO_LARGE], async () => svg(`<image width="320" height="240" href="${dataUrl('', await png(HUGE))}"/>`)],
  ['SVG with the same, called text', SVG, [TOO_LARGE], async () => svg(`<image width="320" height="240" href="${dataUrl('text/plain', await png(HUGE))}"/>`)],
  ['SVG of HTML with the same, written in character references', SVG, [TOO_LARGE], async () => svg(html(
    `<img width="320" height="240" src="${dataUrl(PNG, await png(HUGE)).replace('data', '&#100;&#x61;t&#97;')}"/>`))],
  ['SVG of HTML with the same, written with an entity', SVG, [TOO_LARGE], async () => Buffer.concat([
    Buffer.from('<!DOCTYPE svg [<!ENTITY d "data:image">]>'),
    svg(html(`<img width="320" height="240" src="${dataUrl(PNG, await png(HUGE)).replace('data:image', '&d;')}"/>`))])],
  ['SVG with the same in a style sheet, written with escapes', SVG, [TOO_LARGE], async () => svg(html(
    `<p style="height:240px;background:url('${dataUrl(PNG, await png(HUGE)).replace('data', '\\64 at\\000061')}')"/>`))],
  ['PNG that is called an SVG of another kind', 'image/svg-portable', [TOO_LARGE], () => png(HUGE)],
  ['PNG with a profile that inflates to 256 MB', PNG, [HARMLESS], async () => png([64, 64], { extra: [chunk('iCCP', 'name\0\0', await deflatedZeros(256e6))] })],
  ['PNG with texts that inflate to 512 MB', PNG, [HARMLESS], async () => {
    const zeros = await deflatedZeros(256e6);
    return png([64, 64], { extra: [chunk('zTXt', 'Comment\0\0', zeros), chunk('iTXt', 'Title\0\x01\0\0\0', zeros)] });
  }],
  ['animated PNG of 2 000 frames', PNG, [HARMLESS], () => animatedPng([64, 64], [64, 64], 2_000)],
  ['animated PNG with frames of 60 000 x 60 000', PNG, [HARMLESS, UNDECODABLE], () => animatedPng([64, 64], [60_000, 60_000], 3)],
  ['JPEG with a profile of 16 MB', JPEG, [HARMLESS], () => jpeg([64, 64], { before: profile(255) })],
  ['JPEG with 5 000 segments of Exif', JPEG, [HARMLESS], () => jpeg([64, 64], { before: Array(5_000).fill(segment(0xe1, 'Exif\0\0MM\0*')) })],
  ['JPEG, progressive, with 2 000 scans', JPEG, [HARMLESS, UNDECODABLE], () => jpeg([1_000, 1_000], { marker: 0xc2, scans: [scan([0, 0]), ...Array(2_000).fill(scan([1, 63]))] })],
  ['GIF of 5 000 frames', GIF, [HARMLESS], () => gif([8, 8], Array(5_000).fill(gifFrame([8, 8])))],
  ['WebP with a profile and Exif of 16 MB each', WEBP, [HARMLESS], () => riff(vp8x([64, 64], 0x28), ['ICCP', Buffer.alloc(16e6)], vp8l([64, 64]), ['EXIF', Buffer.alloc(16e6)])],
  ['SVG with filters in a row', SVG, [HARMLESS, UNDECODABLE], () => svg(
    `<filter id="f" x="-50" y="-50" width="101" height="101">${'<feTurbulence baseFrequency="0.9" numOctaves="9"/><feGaussianBlur stdDeviation="900"/>'.repeat(4)}</filter><rect width="320" height="240" filter="url(#f)"/>`)],
  ['SVG of uses in uses', SVG, [UNDECODABLE], () => svg(
    `<defs><g id="u0"><rect width="9" height="9"/></g>${levels(9, (i) => `<g id="u${i + 1}">${`<use href="#u${i}"/>`.repeat(10)}</g>`)}</defs><use href="#u9"/>`)],
  ['SVG of entities in entities', SVG, [HARMLESS, UNDECODABLE], () => Buffer.from(
    `<!DOCTYPE svg [<!ENTITY e0 "<rect width='9' height='9'/>">${levels(9, (i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`)}]><svg xmlns="http://www.w3.org/2000/svg" width="320" height="240">&e9;</svg>`)],
];
