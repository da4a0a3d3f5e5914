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

export function chunk(type, ...parts) {
  const data = join(type, ...parts);
  return join(u32(data.length - 4), data, u32(zlib.crc32(data)));
}

/** A black PNG of 1 bit a pixel: `stated` in the header, and as much data as `actual` takes. `extra` are chunks before it. */
export async function png(stated, { actual = stated, extra = [], interlaced = false } = {}) {
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

/** A frame of a GIF that states a size and holds one pixel. */
const gifFrame = ([width, height]) => join([0x21, 0xf9, 4, 0, 1, 0, 0, 0], ',', le16(0), le16(0), le16(width), le16(height), [0, 2, 2, 0x44, 1, 0]);
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
/** Refused as empty. */
const EMPTY = 'empty-image';
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
  ['GIF whose second frame is of 65 535 x 65 535', GIF, [HARMLESS, UNDECODABLE], () => gif([64, 64], [gifFrame([64, 64]), gifFrame([65_535, 65_535])])],
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
  ['PNG that is called an SVG of another kind', 'image/svg-portable', [TOO_LARGE], () => png(HUGE)],
];
