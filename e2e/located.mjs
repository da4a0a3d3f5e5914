// A photograph that tells everything of whoever took it: camera, time and place (Exif), a preview, words (IPTC), and more words (XMP).

import { readFileSync } from 'node:fs';

const PICTURE = new URL('./pages/pictures/test/sand.jpg', import.meta.url);

const u16 = (number) => { const bytes = Buffer.alloc(2); bytes.writeUInt16BE(number); return bytes; };

/** A TIFF structure with a maker, a time and a place: 48° 30' N, 9° 3' E; and, with `preview`, a JPEG of its own. */
function exif(preview) {
  const bytes = Buffer.alloc(256 + (preview?.length ?? 0));
  const second = 8 + 2 + 3 * 12 + 4 + 2 + 4 * 12 + 4;
  let free = second + 2 + 3 * 12 + 4;
  const put = (data) => {
    const at = free;
    data.copy(bytes, at);
    free += data.length;
    return at;
  };
  const entry = (at, tag, type, count, value) => {
    bytes.writeUInt16LE(tag, at);
    bytes.writeUInt16LE(type, at + 2);
    bytes.writeUInt32LE(count, at + 4);
    if (typeof value === 'number') bytes.writeUInt32LE(value, at + 8);
    else value.copy(bytes, at + 8);
  };
  const rationals = (numbers) => Buffer.concat(numbers.map((number) => {
    const pair = Buffer.alloc(8);
    pair.writeUInt32LE(number, 0);
    pair.writeUInt32LE(1, 4);
    return pair;
  }));
  bytes.write('II*\0', 0, 'latin1');
  bytes.writeUInt32LE(8, 4);
  bytes.writeUInt16LE(3, 8);
  const gps = 8 + 2 + 3 * 12 + 4;
  entry(10, 0x010f, 2, 8, put(Buffer.from('Testcam\0')));
  entry(22, 0x0132, 2, 20, put(Buffer.from('2024:05:06 07:08:09\0')));
  entry(34, 0x8825, 4, 1, gps);
  if (preview) {
    bytes.writeUInt32LE(second, gps - 4);
    bytes.writeUInt16LE(3, second);
    entry(second + 2, 0x0103, 3, 1, 6);
    entry(second + 14, 0x0201, 4, 1, put(preview));
    entry(second + 26, 0x0202, 4, 1, preview.length);
  }
  bytes.writeUInt16LE(4, gps);
  entry(gps + 2, 1, 2, 2, Buffer.from('N\0'));
  entry(gps + 14, 2, 5, 3, put(rationals([48, 30, 0])));
  entry(gps + 26, 3, 2, 2, Buffer.from('E\0'));
  entry(gps + 38, 4, 5, 3, put(rationals([9, 3, 0])));
  return bytes.subarray(0, free);
}

const segment = (marker, ...parts) => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([0xff, marker]), u16(body.length + 2), body]);
};

const XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="Testcam raw"/></rdf:RDF></x:xmpmeta>';

/** A block of Photoshop's, with one line of IPTC: who made it. */
function iptc() {
  const by = Buffer.from('Testcam owner');
  const line = Buffer.concat([Buffer.from([0x1c, 2, 80]), u16(by.length), by]);
  return Buffer.concat([Buffer.from('Photoshop 3.0\x008BIM\x04\x04\0\0\0\0', 'latin1'), u16(line.length), line, Buffer.alloc(line.length % 2)]);
}

/** The photograph of the tests, from a camera that knows where it is; with `all`, the preview, the words and XMP as well. */
export function located({ all = false } = {}) {
  const jpeg = readFileSync(PICTURE);
  // Two markers are enough for what is never decoded.
  const preview = all ? Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.from('a preview'), Buffer.from([0xff, 0xd9])]) : undefined;
  const blocks = [segment(0xe1, 'Exif\0\0', exif(preview))];
  if (all) blocks.push(segment(0xe1, 'http://ns.adobe.com/xap/1.0/\0', XMP), segment(0xed, iptc()));
  return Buffer.concat([jpeg.subarray(0, 2), ...blocks, jpeg.subarray(2)]);
}
