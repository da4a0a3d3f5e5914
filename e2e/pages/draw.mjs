// Draws every picture under pictures/ that is not a photograph, so that nobody has to trust a binary.
//
//   node pages/draw.mjs
//
// Canvas, JPEG, WebP and WebM come from an installed Chromium; containers and metadata are put together here.
// The photographs and still.avif are described in pictures/ATTRIBUTION.md.

import { mkdirSync, writeFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';
import { chromium } from 'playwright-core';

const out = new URL('./pictures/', import.meta.url);
mkdirSync(new URL('test/', out), { recursive: true });
const write = (name, bytes) => writeFileSync(new URL(name, out), bytes);

// ---------------------------------------------------------------- containers

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([head, body, sum]);
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A PNG of 8-bit RGB rows, whatever its size. */
function png(width, height, pixel) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      rows.set(pixel(x, y), y * (1 + width * 3) + 1 + x * 3);
    }
  }
  return Buffer.concat([
    PNG_SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Puts a colour profile behind the header of a PNG. */
function withPngProfile(bytes, profile) {
  const headerEnd = 8 + 12 + 13;
  const data = Buffer.concat([Buffer.from('profile\0\0', 'latin1'), deflateSync(profile)]);
  return Buffer.concat([bytes.subarray(0, headerEnd), chunk('iCCP', data), bytes.subarray(headerEnd)]);
}

/** Puts segments behind the start of a JPEG (and behind its JFIF segment, where it has one). */
function withSegments(jpeg, ...segments) {
  const at = jpeg[2] === 0xff && jpeg[3] === 0xe0 ? 4 + jpeg.readUInt16BE(4) : 2;
  return Buffer.concat([jpeg.subarray(0, at), ...segments, jpeg.subarray(at)]);
}

/** The JPEG without the colour profile that the browser put in. */
function withoutProfile(jpeg) {
  const kept = [jpeg.subarray(0, 2)];
  for (let at = 2; ; ) {
    const marker = jpeg[at + 1];
    const end = at + 2 + jpeg.readUInt16BE(at + 2);
    if (marker === 0xda) return Buffer.concat([...kept, jpeg.subarray(at)]);
    if (marker !== 0xe2) kept.push(jpeg.subarray(at, end));
    at = end;
  }
}

function segment(marker, data) {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, data]);
}

/** EXIF with a camera's name, a date and an orientation. */
function exif(orientation) {
  const make = Buffer.from('Rubout test camera\0', 'latin1');
  const date = Buffer.from('2026:01:02 03:04:05\0', 'latin1');
  const entries = 3;
  const valuesAt = 8 + 2 + entries * 12 + 4;
  const tiff = Buffer.alloc(valuesAt + make.length + date.length + 1);
  tiff.write('II*\0', 0, 'latin1');
  tiff.writeUInt32LE(8, 4);
  tiff.writeUInt16LE(entries, 8);
  const entry = (index, tag, type, count, value) => {
    const at = 10 + index * 12;
    tiff.writeUInt16LE(tag, at);
    tiff.writeUInt16LE(type, at + 2);
    tiff.writeUInt32LE(count, at + 4);
    if (type === 3) tiff.writeUInt16LE(value, at + 8);
    else tiff.writeUInt32LE(value, at + 8);
  };
  entry(0, 0x010f, 2, make.length, valuesAt);
  entry(1, 0x0112, 3, 1, orientation);
  entry(2, 0x0132, 2, date.length, valuesAt + make.length);
  tiff.set(make, valuesAt);
  tiff.set(date, valuesAt + make.length);
  return segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]));
}

/** An ICC profile (version 4) with the primaries of Display P3 and the curve of sRGB. */
function displayP3() {
  const fixed = (...numbers) => {
    const bytes = Buffer.alloc(numbers.length * 4);
    numbers.forEach((number, i) => bytes.writeInt32BE(Math.round(number * 65536), i * 4));
    return bytes;
  };
  const tagged = (type, ...parts) => Buffer.concat([Buffer.from(`${type}\0\0\0\0`, 'latin1'), ...parts]);
  const text = (words) => {
    const utf16 = Buffer.from(words, 'utf16le').swap16();
    const head = Buffer.alloc(20);
    head.writeUInt32BE(1, 0);
    head.writeUInt32BE(12, 4);
    head.write('enUS', 8, 'latin1');
    head.writeUInt32BE(utf16.length, 12);
    head.writeUInt32BE(28, 16);
    return tagged('mluc', head, utf16);
  };
  const curve = tagged(
    'para',
    Buffer.from([0, 3, 0, 0]),
    fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
  );
  const tags = [
    ['desc', text('Display P3, drawn for tests')],
    ['cprt', text('CC0')],
    ['wtpt', tagged('XYZ ', fixed(0.9642, 1, 0.8249))],
    ['chad', tagged('sf32', fixed(1.047882, 0.022919, -0.050217, 0.029587, 0.990479, -0.017059, -0.009232, 0.015076, 0.75167))],
    ['rXYZ', tagged('XYZ ', fixed(0.51512, 0.2412, -0.00105))],
    ['gXYZ', tagged('XYZ ', fixed(0.29198, 0.69225, 0.04189))],
    ['bXYZ', tagged('XYZ ', fixed(0.1571, 0.06657, 0.78407))],
    ['rTRC', curve],
    ['gTRC', curve],
    ['bTRC', curve],
  ];
  const table = Buffer.alloc(4 + tags.length * 12);
  table.writeUInt32BE(tags.length, 0);
  const bodies = [];
  let at = 128 + table.length;
  tags.forEach(([name, body], i) => {
    const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
    table.write(name, 4 + i * 12, 'latin1');
    table.writeUInt32BE(at, 8 + i * 12);
    table.writeUInt32BE(body.length, 12 + i * 12);
    bodies.push(padded);
    at += padded.length;
  });
  const header = Buffer.alloc(128);
  header.writeUInt32BE(at, 0);
  header.writeUInt32BE(0x04000000, 8);
  header.write('mntrRGB XYZ ', 12, 'latin1');
  [2026, 1, 1, 0, 0, 0].forEach((number, i) => header.writeUInt16BE(number, 24 + i * 2));
  header.write('acsp', 36, 'latin1');
  fixed(0.9642, 1, 0.8249).copy(header, 68);
  return Buffer.concat([header, table, ...bodies]);
}

function withJpegProfile(jpeg, profile) {
  return withSegments(jpeg, segment(0xe2, Buffer.concat([Buffer.from('ICC_PROFILE\0\x01\x01', 'latin1'), profile])));
}

/** A GIF of 128 greys, frames of palette indices. The code table is cleared before codes grow beyond one byte. */
function gif(width, height, frames) {
  const u16 = (number) => Buffer.from([number & 255, number >> 8]);
  const palette = Buffer.from(Array.from({ length: 128 }, (_, i) => [i * 2, i * 2, 255 - i]).flat());
  const parts = [
    Buffer.from('GIF89a', 'latin1'), u16(width), u16(height), Buffer.from([0xf6, 0, 0]), palette,
    Buffer.from([0x21, 0xff, 11]), Buffer.from('NETSCAPE2.0', 'latin1'), Buffer.from([3, 1, 0, 0, 0]),
  ];
  for (const frame of frames) {
    const codes = [];
    frame.forEach((index, i) => {
      if (i % 120 === 0) codes.push(128);
      codes.push(index);
    });
    codes.push(129);
    parts.push(Buffer.from([0x21, 0xf9, 4, 4, 50, 0, 0, 0]));
    parts.push(Buffer.from([0x2c]), u16(0), u16(0), u16(width), u16(height), Buffer.from([0, 7]));
    for (let at = 0; at < codes.length; at += 255) {
      const piece = Buffer.from(codes.slice(at, at + 255));
      parts.push(Buffer.from([piece.length]), piece);
    }
    parts.push(Buffer.from([0]));
  }
  return Buffer.concat([...parts, Buffer.from([0x3b])]);
}

function riff(type, data) {
  const head = Buffer.alloc(8);
  head.write(type, 0, 'latin1');
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
}

function webp(...chunks) {
  return riff('RIFF', Buffer.concat([Buffer.from('WEBP', 'latin1'), ...chunks]));
}

/** The chunks of a WebP file that hold its pixels. */
function webpPixels(bytes) {
  const kept = [];
  for (let at = 12; at < bytes.length; ) {
    const type = bytes.toString('latin1', at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    const end = at + 8 + length + (length % 2);
    if (['VP8 ', 'VP8L', 'ALPH'].includes(type)) kept.push(bytes.subarray(at, end));
    at = end;
  }
  return Buffer.concat(kept);
}

function webpCanvas(width, height, flags) {
  const data = Buffer.alloc(10);
  data[0] = flags;
  data.writeUIntLE(width - 1, 4, 3);
  data.writeUIntLE(height - 1, 7, 3);
  return riff('VP8X', data);
}

function animatedWebp(width, height, stills) {
  const frames = stills.map((still) => {
    const head = Buffer.alloc(16);
    head.writeUIntLE(width - 1, 6, 3);
    head.writeUIntLE(height - 1, 9, 3);
    head.writeUIntLE(500, 12, 3);
    return riff('ANMF', Buffer.concat([head, webpPixels(still)]));
  });
  return webp(webpCanvas(width, height, 0x02), riff('ANIM', Buffer.alloc(6)), ...frames);
}

// ------------------------------------------------------------------- drawing

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-quic', '--force-color-profile=srgb'],
});

/** Runs `draw(canvas, context)` in the browser and returns the canvas encoded. */
async function canvas(page, width, height, draw, type = 'image/png', quality = undefined) {
  const url = await page.evaluate(
    async ([width, height, draw, type, quality]) => {
      const canvas = document.createElement('canvas');
      Object.assign(canvas, { width, height });
      new Function('canvas', 'context', `(${draw})(canvas, context)`)(canvas, canvas.getContext('2d'));
      return canvas.toDataURL(type, quality);
    },
    [width, height, String(draw), type, quality],
  );
  return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
}

/** Sand with ripples and grain, and a red ball in the middle: something to erase, something to erase it with. */
function sand(canvas, context) {
  const { width, height } = canvas;
  const image = context.createImageData(width, height);
  let state = 1;
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 4) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const grain = (state >>> 24) / 16 - 8;
      const u = (x / width) * 320;
      const v = (y / height) * 240;
      const ripple = 14 * Math.sin((v + 6 * Math.sin(u / 31)) / 4);
      const light = 176 + ripple + grain - v / 8;
      image.data.set([light + 24, light, light - 42, 255], at);
    }
  }
  context.putImageData(image, 0, 0);
  context.scale(width / 320, height / 240);
  context.fillStyle = 'rgba(60, 40, 20, .45)';
  context.beginPath();
  context.ellipse(166, 146, 30, 9, 0, 0, 7);
  context.fill();
  context.fillStyle = '#c8102e';
  context.beginPath();
  context.arc(160, 120, 26, 0, 7);
  context.fill();
  context.fillStyle = 'rgba(255, 255, 255, .8)';
  context.beginPath();
  context.arc(151, 110, 6, 0, 7);
  context.fill();
}

/** Alpha of every value, beside hard edges, beside nothing at all. */
function soft(canvas, context) {
  const { width, height } = canvas;
  const image = context.createImageData(width, height);
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 4) {
      const far = Math.hypot(x - width / 2, y - height / 2) / (height / 2);
      const alpha = Math.max(0, Math.min(255, Math.round((1.1 - far) * 400)));
      const stripe = 40 * Math.sin((x + y) / 5);
      image.data.set([40 + stripe / 2, 120 + stripe, 190 + stripe / 2, alpha], at);
    }
  }
  context.putImageData(image, 0, 0);
  context.fillStyle = '#ffb000';
  context.fillRect(width * 0.42, height * 0.42, width * 0.16, height * 0.16);
}

/** A paper boat with a soft shadow and a glow, and a price tag that should not be there. */
function boat(canvas, context) {
  context.scale(canvas.width / 720, canvas.height / 540);
  const glow = context.createRadialGradient(360, 270, 40, 360, 270, 265);
  glow.addColorStop(0, 'rgba(116, 205, 255, .95)');
  glow.addColorStop(0.55, 'rgba(116, 205, 255, .55)');
  glow.addColorStop(1, 'rgba(116, 205, 255, 0)');
  context.fillStyle = glow;
  context.fillRect(0, 0, 720, 540);
  const shape = (colour, ...points) => {
    context.fillStyle = colour;
    context.beginPath();
    points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.fill();
  };
  context.shadowColor = 'rgba(10, 30, 60, .5)';
  context.shadowBlur = 26;
  context.shadowOffsetY = 12;
  shape('#ffffff', [170, 300], [550, 300], [470, 400], [250, 400]);
  context.shadowColor = 'transparent';
  shape('#dfe9f2', [360, 120], [360, 300], [262, 300]);
  shape('#f7fbff', [360, 120], [360, 300], [458, 300]);
  shape('#c6d6e4', [170, 300], [262, 300], [250, 400]);
  shape('#e9f1f8', [550, 300], [458, 300], [470, 400]);
  context.lineWidth = 5;
  context.lineCap = 'round';
  context.strokeStyle = 'rgba(255, 255, 255, .85)';
  for (let row = 0; row < 3; row += 1) {
    context.beginPath();
    for (let x = 150 + row * 40; x <= 570 - row * 40; x += 4) {
      context.lineTo(x, 424 + row * 22 + 6 * Math.sin(x / 17 + row));
    }
    context.stroke();
  }
  context.save();
  context.translate(512, 170);
  context.rotate(0.25);
  context.fillStyle = '#e4002b';
  context.beginPath();
  context.roundRect(-62, -32, 124, 64, 12);
  context.fill();
  context.fillStyle = '#fff';
  context.font = 'bold 34px sans-serif';
  context.textAlign = 'center';
  context.fillText('−50 %', 0, 12);
  context.restore();
}

/** Evening hills under a sky of plain colour steps, for a background; with a lamp post in the way. */
function hills(canvas, context) {
  const { width, height } = canvas;
  const sky = context.createLinearGradient(0, 0, 0, height);
  sky.addColorStop(0, '#27486f');
  sky.addColorStop(0.55, '#e79b72');
  sky.addColorStop(1, '#f6d6a8');
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);
  ['#7a6a86', '#5a5677', '#3b4260', '#232f48'].forEach((colour, i) => {
    context.fillStyle = colour;
    context.beginPath();
    context.moveTo(0, height);
    for (let x = 0; x <= width; x += 3) {
      const wave = Math.sin(x / (150 - i * 18) + i * 2.1) + 0.4 * Math.sin(x / (47 - i * 5) + i);
      context.lineTo(x, height * (0.52 + i * 0.12) - wave * (30 - i * 4));
    }
    context.lineTo(width, height);
    context.fill();
  });
  context.strokeStyle = '#10141d';
  context.lineWidth = 9;
  context.beginPath();
  context.moveTo(640, height);
  context.lineTo(640, 130);
  context.quadraticCurveTo(640, 96, 606, 96);
  context.stroke();
  context.fillStyle = '#ffe9a8';
  context.beginPath();
  context.arc(598, 102, 15, 0, 7);
  context.fill();
}

const APP = `<!doctype html><meta charset=utf-8><style>
  * { box-sizing: border-box } body { margin: 0; font: 15px/1.45 sans-serif; background: #f4f5f8; color: #1d2433 }
  header { background: #2f4a7d; color: #fff; padding: 14px 22px; font-size: 18px; display: flex; justify-content: space-between }
  main { display: grid; grid-template-columns: 190px 1fr; height: 586px }
  nav { background: #e6e9f1; padding: 18px } nav p { margin: 0 0 12px } nav b { color: #2f4a7d }
  section { padding: 20px 26px } h1 { font-size: 22px; margin: 0 0 14px }
  table { border-collapse: collapse; width: 100%; background: #fff } th, td { text-align: left; padding: 9px 12px; border-bottom: 1px solid #dfe3ec }
  th { background: #eef1f7; font-weight: 600 } .bar { height: 10px; border-radius: 5px; background: #7aa2e3 }
  .mark { position: fixed; inset: 0; display: grid; place-items: center; padding: 330px 0 0 190px; pointer-events: none }
  .mark span { font: bold 84px sans-serif; letter-spacing: 6px; color: rgba(190, 30, 60, .30); transform: rotate(-16deg) }
</style><header><span>Allotment</span><span>Week 23</span></header><main>
<nav><p><b>Beds</b></p><p>Water</p><p>Seeds</p><p>Harvest</p><p>Neighbours</p></nav>
<section><h1>What to do this week</h1><table><tr><th>Bed</th><th>Crop</th><th>To do</th><th>Done</th></tr>
${[
  ['North', 'Broad beans', 'Pick the lower pods', 80], ['North', 'Spinach', 'Sow a second row', 35],
  ['Middle', 'Tomatoes', 'Tie to the canes', 60], ['Middle', 'Basil', 'Pinch out the tips', 45],
  ['South', 'Courgettes', 'Water in the evening', 90],
].map(([bed, crop, todo, done]) => `<tr><td>${bed}<td>${crop}<td>${todo}<td><div class=bar style="width:${done}%"></div>`).join('')}
</table></section></main><div class=mark><span>SAMPLE COPY</span></div>`;

try {
  const page = await browser.newPage({ viewport: { width: 1000, height: 640 } });
  await page.setContent(APP);
  write('screenshot.png', await page.screenshot());

  write('boat.png', await canvas(page, 600, 450, boat));
  write('hills.jpg', await canvas(page, 960, 540, hills, 'image/jpeg', 0.9));

  const plainJpeg = withoutProfile(await canvas(page, 320, 240, sand, 'image/jpeg', 0.9));
  const plainPng = await canvas(page, 320, 240, sand);
  write('test/sand.png', plainPng);
  write('test/sand-2x.jpg', await canvas(page, 640, 480, sand, 'image/jpeg', 0.9));
  write('test/sand.jpg', plainJpeg);
  write('test/sand-coarse.jpg', await canvas(page, 320, 240, sand, 'image/jpeg', 0.55));
  write('test/sand.webp', await canvas(page, 320, 240, sand, 'image/webp', 0.8));
  write('test/soft.png', await canvas(page, 240, 180, soft));
  write('test/soft.webp', await canvas(page, 240, 180, soft, 'image/webp', 1));

  // Stored lying on its side; orientation 6 says: turn clockwise by 90 degrees to look at it (240 x 320).
  write('test/turned.jpg', withSegments(plainJpeg, exif(6)));
  write('test/wide-gamut.jpg', withJpegProfile(plainJpeg, displayP3()));
  write('test/wide-gamut.png', withPngProfile(plainPng, displayP3()));

  const wave = (phase) => Array.from({ length: 160 * 120 }, (_, i) =>
    Math.floor(64 + 60 * Math.sin(((i % 160) + phase) / 12) * Math.cos(Math.floor(i / 160) / 15)));
  write('test/animated.gif', gif(160, 120, [wave(0), wave(20), wave(40)]));
  const second = (canvas, context) => {
    context.fillStyle = '#345';
    context.fillRect(0, 0, canvas.width, canvas.height);
  };
  write('test/animated.webp', animatedWebp(320, 240, [
    await canvas(page, 320, 240, sand, 'image/webp', 0.8),
    await canvas(page, 320, 240, second, 'image/webp', 0.8),
  ]));

  write('test/one.png', png(1, 1, () => [200, 30, 40]));
  write('test/none.png', png(0, 0, () => [0, 0, 0]));
  write('test/wide.png', png(20000, 40, (x, y) => [(x >> 4) & 255, (y * 6) & 255, (x * y) & 64]));
  write('test/cut.jpg', plainJpeg.subarray(0, Math.floor(plainJpeg.length * 0.4)));
  write('test/not-a-picture.png', Buffer.from('This is text and no picture.\n'));
  write('test/drawing.svg', Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240" viewBox="0 0 320 240">
  <rect width="320" height="240" fill="#dfe7d2"/>
  <path d="M0 170 Q80 130 160 165 T320 150 V240 H0Z" fill="#8fae6f"/>
  <circle cx="160" cy="110" r="34" fill="#c8102e"/>
</svg>
`));

  const clip = await page.evaluate(async (sand) => {
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width: 320, height: 240 });
    const context = canvas.getContext('2d');
    const draw = new Function('canvas', 'context', `(${sand})(canvas, context)`);
    const recorder = new MediaRecorder(canvas.captureStream(10), { mimeType: 'video/webm;codecs=vp8', videoBitsPerSecond: 300000 });
    const pieces = [];
    recorder.ondataavailable = (event) => pieces.push(event.data);
    const stopped = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start();
    for (let i = 0; i < 10; i += 1) {
      context.resetTransform();
      draw(canvas, context);
      context.fillStyle = '#fff';
      context.fillRect(20 + i * 10, 20, 8, 8);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    recorder.stop();
    await stopped;
    return [...new Uint8Array(await new Blob(pieces).arrayBuffer())];
  }, String(sand));
  write('test/clip.webm', Buffer.from(clip));
} finally {
  await browser.close();
}
