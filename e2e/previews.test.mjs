// What is saved holds no preview of the unedited picture: not where cameras and programs put one, nor where the picture lay on a disk. Who made it, and
// what it is called, stays.
//
// wasm-core/src/codec/tests.rs tries every known place; here are some of them, the way that the user goes.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import zlib from 'node:zlib';
import exifr from 'exifr';
import { BALL, browser, open, server, test, useBrowser } from './harness.mjs';

useBrowser();

const file = (name) => readFile(new URL(`./pages/pictures/test/${name}`, import.meta.url));

/** The unedited picture, ball and all, as a camera keeps it beside the pixels. */
const preview = await file('sand-coarse.jpg');

/** Whether a piece of the preview is in a file: as it is, in hexadecimal or in base 64, also in compressed texts. */
function shows(bytes) {
  const places = [bytes];
  for (const at of positions(bytes, Buffer.from('zTXt'))) {
    try {
      const start = bytes.indexOf(0, at) + 2;
      places.push(zlib.inflateSync(bytes.subarray(start, at + 4 + bytes.readUInt32BE(at - 4))));
    } catch { /* no text, but four bytes by accident */ }
  }
  const texts = places.map((place) => place.toString('latin1').replace(/\s/g, ''));
  const encoded = preview.toString('base64');
  for (let at = 600; at + 48 < preview.length; at += 600) {
    const piece = preview.subarray(at, at + 24);
    if (places.some((place) => place.includes(piece))) return true;
    if (texts.some((text) => text.includes(piece.toString('hex')) || text.includes(encoded.slice((at / 3) * 4, (at / 3) * 4 + 32)))) return true;
  }
  return false;
}

function* positions(bytes, what) {
  for (let at = bytes.indexOf(what); at >= 0; at = bytes.indexOf(what, at + 1)) yield at;
}

/** Exif with a maker's note around the preview, and the preview once more as the thumbnail of IFD1. */
function exif() {
  const note = Buffer.concat([Buffer.from('Camera\0note'), preview, Buffer.from('goes on')]);
  const artist = Buffer.from('Ada Lovelace\0');
  const long = (number) => [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255];
  const entry = (tag, kind, count, value) => [tag >> 8, tag & 255, 0, kind, ...long(count), ...long(value)];
  const data = 8 + 30 + 18 + 30;
  return Buffer.concat([
    Buffer.from([...Buffer.from('MM\0*'), ...long(8)]),
    Buffer.from([0, 2, ...entry(0x013b, 2, artist.length, data + note.length), ...entry(0x8769, 4, 1, 38), ...long(56)]),
    Buffer.from([0, 1, ...entry(0x927c, 7, note.length, data), ...long(0)]),
    Buffer.from([0, 2, ...entry(0x0201, 4, 1, data + note.length + artist.length), ...entry(0x0202, 4, 1, preview.length), ...long(0)]),
    note, artist, preview,
  ]);
}

function segment(marker, ...parts) {
  const data = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 255]), data]);
}

function chunk(type, ...parts) {
  const data = Buffer.concat([Buffer.from(type), ...parts.map((part) => Buffer.from(part))]);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(data.length - 4);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(zlib.crc32(data));
  return Buffer.concat([head, data, check]);
}

/** A profile in hexadecimal, as ImageMagick writes it. */
function raw(name, data) {
  const lines = data.toString('hex').replace(/.{72}/g, '$&\n');
  return chunk('zTXt', `Raw profile type ${name}\0\0`, zlib.deflateSync(Buffer.from(`\n${name}\n${String(data.length).padStart(8)}\n${lines}\n`)));
}

/** A thumbnail among Photoshop's resources. */
function resource() {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(preview.length + 28);
  return Buffer.concat([Buffer.from('8BIM\x04\x0c\0\0', 'latin1'), size, Buffer.alloc(28), preview]);
}

async function jpeg() {
  const sand = await file('sand.jpg');
  const xmp = `<x:xmpmeta><rdf:RDF><xmp:Thumbnails><xapGImg:image>${preview.toString('base64')}</xapGImg:image></xmp:Thumbnails></rdf:RDF></x:xmpmeta>`;
  return Buffer.concat([
    sand.subarray(0, 2),
    segment(0xe1, 'Exif\0\0', exif()),
    segment(0xe0, 'JFXX\0\x10', preview),
    segment(0xe1, 'http://ns.adobe.com/xap/1.0/\0', xmp),
    segment(0xed, 'Photoshop 3.0\0', resource()),
    sand.subarray(2),
    // The second picture of a Multi-Picture file.
    preview,
  ]);
}

async function png() {
  const sand = await file('sand.png');
  const header = 8 + 25;
  return Buffer.concat([
    sand.subarray(0, header),
    raw('exif', Buffer.concat([Buffer.from('Exif\0\0'), exif()])),
    raw('8bim', resource()),
    chunk('tEXt', 'Thumbnail\0', preview.toString('base64')),
    chunk('tEXt', 'Thumb::URI\0file:///home/ada/hat.png'),
    chunk('tEXt', 'Title\0A ball in the sand'),
    sand.subarray(header),
  ]);
}

async function webp() {
  const sand = await file('sand.webp');
  const part = (id, data) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(data.length);
    return Buffer.concat([Buffer.from(id), size, data, Buffer.alloc(data.length % 2)]);
  };
  const chunks = Buffer.from(sand.subarray(12));
  // The flags of the file stand in its first chunk, VP8X. That of Exif, which follows the pixels, is 8.
  chunks[8] |= 8;
  const body = Buffer.concat([Buffer.from('WEBP'), chunks, part('EXIF', exif())]);
  return part('RIFF', body);
}

/** Opens a picture that has previews, and erases the ball. */
async function erased(name, type, bytes) {
  assert.ok(shows(bytes), 'the source has previews');
  server.put(`/made/${name}`, type, bytes);
  const page = await browser.page(`${server.home}/test/files.html?/made/${name}`);
  await page.locator('#img').evaluate((image) => image.decode());
  const editor = await open(page, '#img');
  await editor.eraseRect(BALL);
  return editor;
}

for (const [name, make] of Object.entries({ jpeg, png, webp })) {
  test(`${name}: no preview is saved, in any format, and the rest is`, async () => {
    const editor = await erased(`previews.${name}`, `image/${name}`, await make());
    for (const format of ['jpeg', 'png', 'webp']) {
      const saved = (await editor.save(format)).bytes;
      assert.ok(!shows(saved), `${format} shows what was erased`);
      assert.ok(saved.includes('Ada Lovelace'), `${format} names the artist`);
      assert.ok(saved.includes('Camera\0note') && saved.includes('goes on'), `${format} has the maker's note`);
      assert.ok(!saved.includes('/home/ada'), `${format} tells where the picture lay`);
      if (name === 'png' && format === 'png') assert.ok(saved.includes('A ball in the sand'), 'it has its title');
    }
    await editor.leave();
  });
}

/** A JPEG with a title (XMP), a caption (IPTC) and a comment, each beside a preview. */
async function described() {
  const sand = await file('sand.jpg');
  const xmp = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:own="https://example.org/own"
      xmlns:xapGImg="http://ns.adobe.com/xap/1.0/g/img/" xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/" own:data="${preview.toString('base64')}">
      <dc:title><rdf:Alt><rdf:li xml:lang="x-default">A ball in the sand</rdf:li></rdf:Alt></dc:title>
      <xmpRights:UsageTerms><rdf:Alt><rdf:li xml:lang="x-default">Free &amp; open</rdf:li></rdf:Alt></xmpRights:UsageTerms>
      <xmp:Thumbnails><rdf:Alt><rdf:li xapGImg:image="${preview.toString('base64')}"/></rdf:Alt></xmp:Thumbnails>
    </rdf:Description></rdf:RDF></x:xmpmeta>`;
  const caption = Buffer.from('\x1c\x02\x78\0\x10A caption by Ada', 'latin1');
  const iptc = Buffer.concat([Buffer.from('8BIM\x04\x04\0\0\0\0\0', 'latin1'), Buffer.from([caption.length]), caption, Buffer.alloc(caption.length % 2)]);
  return Buffer.concat([
    sand.subarray(0, 2),
    segment(0xe1, 'http://ns.adobe.com/xap/1.0/\0', xmp),
    segment(0xed, 'Photoshop 3.0\0', iptc, resource()),
    segment(0xfe, 'Made by hand'),
    sand.subarray(2),
  ]);
}

test('titles, captions, rights and comments of a JPEG stay without the previews beside them; the note of an edit joins them', async () => {
  const editor = await erased('described.jpeg', 'image/jpeg', await described());
  for (const format of ['jpeg', 'png', 'webp']) {
    const saved = (await editor.save(format)).bytes;
    assert.ok(!shows(saved), `${format} shows what was erased`);
    assert.ok(saved.includes('A ball in the sand') && saved.includes('Free &amp; open'), `${format} has title and rights`);
    assert.equal(saved.includes('Made by hand'), format !== 'webp', `${format} has the comment`);
    if (format !== 'jpeg') continue;
    // This reader leaves references of XML as they are.
    const { title, Caption, UsageTerms } = await exifr.parse(saved, { xmp: true, iptc: true, mergeOutput: true });
    assert.deepEqual([title.value ?? title, Caption, UsageTerms.value ?? UsageTerms], ['A ball in the sand', 'A caption by Ada', 'Free &amp; open']);
  }
  await editor.leave();
});
