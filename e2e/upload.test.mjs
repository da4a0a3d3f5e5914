// Editing before upload: real widgets from npm, each in a page whose server keeps what it gets.

import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import exifr from 'exifr';
import { PNG } from 'pngjs';
import { compile } from 'svelte/compiler';
import { audit, fitsPhone } from './audit.mjs';
import {
  BALL, before, after, browser, editorOverlay, openPopup, overlay as pageOverlay, rightClickErase, rightClickUpload, sleep, test, until, useBrowser, xdotool,
} from './harness.mjs';
import { located as photograph } from './located.mjs';
import { temporaryFolder } from './temporary.mjs';

const picture = (name) => fileURLToPath(new URL(`./pages/pictures/test/${name}`, import.meta.url));
const bytes = (name) => readFileSync(picture(name));
const folder = temporaryFolder('upload');

/** A file on the disk, which the browser itself puts into an input: it is the user who chooses files, and scripts are not heard. */
function given(name, data = bytes(name)) {
  const path = join(folder, name);
  writeFileSync(path, data);
  return path;
}

const send = `const send = (files) => {
  const form = new FormData();
  for (const file of files) form.append('file', file, file.name);
  globalThis.modified = [...files].map((file) => file.lastModified);
  return fetch('/upload', { method: 'POST', body: form });
};`;

/** Back to the form, once the page is there that came of sending it. */
async function back(page) {
  await page.waitForURL('**/upload');
  await page.goBack();
}

/** A component of Svelte, as a module without exports. */
const svelte = (source) => compile(source, { generate: 'client', name: 'Zone' }).js.code.replace('export default function', 'function');

/** The page of each widget: what is in its body, and its script. `#zone` is what the user sees and clicks. */
const WIDGETS = {
  'a plain form': ['<form method="post" action="/upload" enctype="multipart/form-data"><input id="zone" name="file" type="file" multiple><button id="send">Send</button></form>', ''],
  'a hidden input behind its label': [
    '<label id="zone" for="file">Choose</label><input id="file" type="file" hidden multiple>',
    `${send} document.querySelector('#file').onchange = (event) => send(event.target.files);`,
  ],
  'a form whose controls are named like properties': [
    `<img name="createDocumentFragment" hidden><form><p id="zone">Choose</p><input id="file" type="file" multiple>
      ${['files', 'getRootNode', 'dispatchEvent', 'isConnected', 'isContentEditable', 'parentElement', 'assignedSlot', 'querySelectorAll', 'getBoundingClientRect', 'hasAttribute', 'form', 'type']
        .map((name) => `<input name="${name}" hidden>`).join('')}</form>`,
    `${send} document.querySelector('#file').onchange = (event) => send(event.target.files);`,
  ],
  'an input in an open shadow tree': [
    '<div id="zone"></div>',
    `${send} const root = document.querySelector('#zone').attachShadow({ mode: 'open' });
    root.innerHTML = '<style>input { position: absolute; opacity: 0 }</style><input type="file" multiple><span>Choose a file</span>';
    root.querySelector('input').addEventListener('input', (event) => (globalThis.inputs = event.composed));
    root.querySelector('input').addEventListener('change', (event) => send(event.target.files));`,
  ],
  React: [
    '<div id="root"></div>',
    `import { createElement } from 'react'; import { createRoot } from 'react-dom/client'; ${send}
    createRoot(document.querySelector('#root')).render(createElement('input', { id: 'zone', type: 'file', multiple: true, onChange: (event) => send(event.target.files) }));`,
  ],
  Vue: [
    '<div id="root"></div>',
    `import { createApp, h } from 'vue/dist/vue.runtime.esm-browser.prod.js'; ${send}
    createApp({ render: () => h('input', { id: 'zone', type: 'file', multiple: true, onChange: (event) => send(event.target.files) }) }).mount('#root');`,
  ],
  Svelte: [
    '<div id="root"></div>',
    `${svelte('<script>let { take } = $props();</script><input id="zone" type="file" multiple onchange={(event) => take(event.target.files)}>')}
    import { mount } from 'svelte'; ${send}
    mount(Zone, { target: document.querySelector('#root'), props: { take: send } });`,
  ],
  Angular: [
    '<app-root></app-root>',
    `import '@angular/compiler'; import { Component, provideZonelessChangeDetection } from '@angular/core';
    import { bootstrapApplication } from '@angular/platform-browser'; ${send}
    const template = '<input id="zone" type="file" multiple (change)="take($event)">';
    const App = Component({ selector: 'app-root', template })(class { take(event) { send(event.target.files); } });
    bootstrapApplication(App, { providers: [provideZonelessChangeDetection()] });`,
  ],
  'Ant Design': [
    '<div id="zone"></div>',
    `import { createElement as h } from 'react'; import { createRoot } from 'react-dom/client'; import Upload from 'antd/es/upload'; ${send}
    const beforeUpload = (file, files) => { if (file === files[0]) send(files); return false; };
    createRoot(document.querySelector('#zone')).render(h(Upload.Dragger, { multiple: true, beforeUpload }, 'Drop here'));`,
  ],
  'Element Plus': [
    '<div id="zone"></div>',
    `import { createApp, h } from 'vue'; import { ElUpload } from 'element-plus/es/components/upload/index.mjs'; ${send}
    const onChange = (file, files) => { if (file.uid === files.at(-1).uid) send(files.map(({ raw }) => raw)); };
    createApp({ render: () => h(ElUpload, { drag: true, multiple: true, autoUpload: false, onChange }, () => 'Drop here') }).mount('#zone');`,
  ],
  'react-dropzone': [
    '<div id="root"></div>',
    `import { createElement as h } from 'react'; import { createRoot } from 'react-dom/client'; import { useDropzone } from 'react-dropzone'; ${send}
    function Zone() {
      const { getRootProps, getInputProps } = useDropzone({ onDrop: (files) => send(files) });
      return h('div', { ...getRootProps(), id: 'zone' }, h('input', getInputProps()), 'Drop here');
    }
    createRoot(document.querySelector('#root')).render(h(Zone));`,
  ],
  FilePond: [
    '<div id="zone"><input type="file" multiple></div>',
    `import * as FilePond from 'filepond'; import 'filepond/dist/filepond.css'; ${send}
    // It announces files as each of them is ready, in any order: they are sent in the order of its list.
    let ready = 0;
    const onaddfile = () => (ready += 1) === 2 && send(pond.getFiles().map((item) => item.file));
    const pond = FilePond.create(document.querySelector('input'), { allowMultiple: true, onaddfile });`,
  ],
  Dropzone: [
    '<div id="zone" class="dropzone"><div class="dz-message">Drop here</div></div>',
    `import Dropzone from 'dropzone'; new Dropzone('#zone', { url: '/upload', createImageThumbnails: false, uploadMultiple: true });`,
  ],
  'Uppy DragDrop': [
    '<div id="zone"></div>',
    `import Uppy from '@uppy/core'; import DragDrop from '@uppy/drag-drop'; ${send}
    const uppy = new Uppy().use(DragDrop, { target: '#zone' }); uppy.on('files-added', (files) => send(files.map((file) => file.data)));`,
  ],
  'Uppy Dashboard': [
    '<div id="zone"></div>',
    `import Uppy from '@uppy/core'; import Dashboard from '@uppy/dashboard'; ${send}
    const uppy = new Uppy().use(Dashboard, { target: '#zone', inline: true, height: 300 }); uppy.on('files-added', (files) => send(files.map((file) => file.data)));`,
  ],
  'a zone that takes only what is dropped': [
    '<div id="zone">Drop here</div><input type="file"><input type="file">',
    `${send} const zone = document.querySelector('#zone');
    zone.ondragover = (event) => event.preventDefault();
    zone.ondrop = (event) => { event.preventDefault(); send(event.dataTransfer.files); };`,
  ],
  'a zone that takes only what is pasted': [
    '<div id="zone" tabindex="0">Paste here</div>',
    `${send} document.querySelector('#zone').onpaste = (event) => { event.preventDefault(); send(event.clipboardData.files); };`,
  ],
};

let site;
/** What the server got, one list for each request: `{ name, type, bytes }`. */
let got = [];

useBrowser();

before(async () => {
  const pages = new Map();
  const bundle = async ([body, script]) => {
    const { outputFiles } = await build({
      stdin: { contents: script, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
      bundle: true, write: false, format: 'esm', outdir: 'out', define: { 'process.env.NODE_ENV': '"production"' }, logLevel: 'error',
    });
    const of = (extension) => outputFiles.filter(({ path }) => path.endsWith(extension)).map(({ text }) => text).join('\n');
    return `<!doctype html><meta charset="utf-8"><title>upload</title><style>${of('.css')} #zone { min-height: 60px; min-width: 200px; display: block }</style>
      <body style="margin: 40px">${body}<script type="module">${of('.js').replaceAll('</script', '<\\/script')}</script>`;
  };
  const server = http.createServer(async (request, response) => {
    const name = decodeURIComponent(request.url.slice(1));
    if (request.method === 'POST') {
      const pieces = [];
      for await (const piece of request) pieces.push(piece);
      const form = await new Response(Buffer.concat(pieces), { headers: { 'content-type': request.headers['content-type'] } }).formData();
      got.push(await Promise.all([...form.values()].filter((value) => value instanceof Blob)
        .map(async (file) => ({ name: file.name, type: file.type, bytes: Buffer.from(await file.arrayBuffer()) }))));
      return response.end('thanks');
    }
    const page = WIDGETS[name] ?? pages.get(name);
    response.setHeader('content-type', 'text/html');
    response.end(page ? await bundle(page) : '');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  site = { home: `http://127.0.0.1:${server.address().port}`, pages, close: () => server.close() };
});
after(() => site?.close());

async function visit(widget) {
  got = [];
  const page = await browser.page(`${site.home}/${encodeURIComponent(widget)}`);
  await page.locator('#zone').waitFor();
  return page;
}

/** Presses "Use", and waits until the page is in front again. */
async function use(editor) {
  await editor.locator('#use').click();
  await until(() => editor.locator('#alert-text').textContent(), { what: 'a word on the hand-over' });
  return editor.locator('#alert-text').textContent();
}

/** One of each family of widgets gets a picture that is edited; the others are given as they are. */
const EDITED = ['React', 'react-dropzone', 'FilePond', 'Uppy Dashboard', 'a zone that takes only what is dropped', 'a zone that takes only what is pasted'];

for (const widget of Object.keys(WIDGETS)) {
  test(`${widget} gets the bytes, the name, the type and the time`, async () => {
    const page = await visit(widget);
    const editor = await rightClickUpload(page, '#zone');
    await until(() => editor.locator('#target-for').isVisible(), { what: 'the field' });
    assert.match(await editor.locator('#target-for').textContent(), new RegExp(new URL(site.home).host));
    const paths = [given('sand.png'), given('sand.jpg')];
    await editor.setInputFiles('#files', paths);
    const overlay = await editorOverlay(editor);
    const isEdited = EDITED.includes(widget);
    if (isEdited) await overlay.eraseRect(BALL);
    assert.match(await use(editor), /handed over/i);
    const times = paths.map((path) => Math.floor(statSync(path).mtimeMs));
    if (widget === 'a plain form') {
      assert.deepEqual(await page.locator('#zone').evaluate((input) => [...input.files].map((file) => file.lastModified)), times);
      await page.locator('#send').click();
    }
    const files = await until(() => got.flat().length >= 2 && got.flat(), { what: 'an upload', timeout: 10_000 }).catch(() => got.flat());
    assert.deepEqual(files.map(({ name, type }) => [name, type]), [['sand.png', 'image/png'], ['sand.jpg', 'image/jpeg']]);
    assert.equal(files[0].bytes.equals(bytes('sand.png')), !isEdited, 'the same bytes, unless they are edited');
    assert.deepEqual([...PNG.sync.read(files[0].bytes).data.subarray(0, 400)], [...PNG.sync.read(bytes('sand.png')).data.subarray(0, 400)], 'the same picture');
    assert.ok(files[1].bytes.equals(bytes('sand.jpg')), 'the other picture as well');
    // Dropzone and a form send files by themselves.
    const modified = await page.evaluate(() => globalThis.modified);
    if (modified && widget !== 'FilePond') assert.deepEqual(modified, times);
  });
}

/** A JPEG that says where it was taken, and by whom. */
const located = () => photograph({ all: true });

/** What another reader than ours finds in a file. */
const told = async (file) => [await exifr.parse(file, { tiff: true, gps: true, xmp: true, iptc: true }), (await exifr.thumbnail(file))?.length];

test('what the field holds is edited in place: order, other files and untouched bytes stay; where it was taken goes', async () => {
  const page = await visit('a plain form');
  const notes = Buffer.from('%PDF-1.4 no picture');
  await page.setInputFiles('#zone', [given('one.png', bytes('sand.png')), given('notes.pdf', notes), given('two.jpg', located())]);
  await page.evaluate(() => {
    globalThis.events = [];
    for (const type of ['input', 'change']) document.addEventListener(type, ({ type, bubbles, composed }) => events.push([type, bubbles, composed]));
  });
  const editor = await rightClickUpload(page, '#zone');
  await until(() => editor.evaluate(() => document.documentElement.dataset.pictures === '2'), { what: 'two pictures' });
  await editor.locator('#strip button').nth(1).click();
  const overlay = await editorOverlay(editor);
  await overlay.eraseRect(BALL);
  await use(editor);
  assert.deepEqual(await page.evaluate(() => events), [['input', true, true], ['change', true, false]], 'as browsers do');
  await page.locator('#send').click();
  const [files] = await until(() => got.length && got, { what: 'an upload' });
  assert.deepEqual(files.map(({ name }) => name), ['one.png', 'notes.pdf', 'two.jpg']);
  assert.ok(files[0].bytes.equals(bytes('sand.png')) && files[1].bytes.equals(notes), 'untouched');
  assert.equal(files[2].type, 'image/jpeg');
  assert.ok(!files[2].bytes.equals(located()), 'edited');
  assert.deepEqual(await told(files[2].bytes), [undefined, undefined], 'and it says nothing');
  assert.ok(!files[2].bytes.includes('Testcam'), 'anywhere in it');
});

test('a picture that is only turned is handed over turned', async () => {
  const page = await visit('a plain form');
  await page.setInputFiles('#zone', [given('one.png', bytes('sand.png'))]);
  const editor = await rightClickUpload(page, '#zone');
  const overlay = await editorOverlay(editor);
  await overlay.key('o');
  await until(async () => /Rotated/.test(await overlay.hint()), { what: 'a picture that is turned' });
  await use(editor);
  await page.locator('#send').click();
  const [[file]] = await until(() => got.length && got, { what: 'an upload' });
  const [was, now] = [bytes('sand.png'), file.bytes].map((png) => PNG.sync.read(png));
  assert.deepEqual([now.width, now.height], [was.height, was.width]);
  assert.deepEqual([...now.data.subarray(0, 4)], [...was.data.subarray((was.height - 1) * was.width * 4).subarray(0, 4)], 'the last row is the first column');
});

test('metadata of what is not edited goes as well, unless the user keeps it', async () => {
  const page = await visit('a hidden input behind its label');
  await page.setInputFiles('#file', [given('two.jpg', located())]);
  await until(() => got.length === 1, { what: 'the first upload' });
  const editor = await rightClickUpload(page, '#zone');
  await editorOverlay(editor);
  await use(editor);
  await until(() => got.length === 2, { what: 'an upload' });
  assert.ok(got[1][0].bytes.equals(bytes('sand.jpg')), 'the picture itself is as it was');
  await editor.bringToFront();
  await editor.locator('#clean').uncheck();
  await editor.locator('#use').click();
  await until(() => got.length === 3, { what: 'another upload' });
  assert.ok(got[2][0].bytes.equals(located()), 'with everything');
  // And of what is edited, too.
  await editor.bringToFront();
  await (await editorOverlay(editor)).eraseRect(BALL);
  await editor.locator('#use').click();
  await until(() => got.length === 4, { what: 'one more upload' });
  const [{ Make, latitude }] = await told(got[3][0].bytes);
  assert.deepEqual([Make, latitude], ['Testcam', 48.5]);
  await editor.bringToFront();
  await editor.locator('#clean').check();
  await editor.locator('#use').click();
  await until(() => got.length === 5, { what: 'the last upload' });
  assert.deepEqual(await told(got[4][0].bytes), [undefined, undefined]);
});

/** A picture of 6 megapixels that takes a while to be written: it is noise. */
function noise() {
  const png = new PNG({ width: 3000, height: 2000 });
  let seed = 1;
  for (let at = 0; at < png.data.length; at += 1) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    png.data[at] = at % 4 === 3 ? 255 : seed >>> 24;
  }
  return PNG.sync.write(png, { deflateLevel: 1, filterType: 0 });
}

test('Escape while the pictures are written stops that, and “Use” can be pressed again', async () => {
  const page = await visit('a plain form');
  const editor = await rightClickUpload(page, '#zone');
  await editor.setInputFiles('#files', [given('noise.png', noise())]);
  const overlay = await editorOverlay(editor);
  await overlay.eraseRect({ x: 100, y: 100, width: 300, height: 200 });
  const isWriting = async () => (await overlay.state()) === 'running';
  await editor.locator('#use').click();
  await until(isWriting, { what: 'a file that is written', step: 5 });
  await overlay.frame.locator('#picture').focus();
  await editor.keyboard.press('Escape');
  await until(() => editor.locator('#use').isEnabled(), { what: 'a button that can be pressed' });
  assert.equal(await page.locator('#zone').evaluate((input) => input.files.length), 0, 'nothing was handed over');
  assert.match(await use(editor), /handed over/i);
  assert.equal(await page.locator('#zone').evaluate((input) => input.files.length), 1);
});

test('by the keyboard alone: painted, erased, handed over', async () => {
  const page = await visit('a plain form');
  await page.setInputFiles('#zone', [given('one.png', bytes('sand.png'))]);
  const editor = await rightClickUpload(page, '#zone');
  const overlay = await editorOverlay(editor);
  await overlay.frame.locator('#picture').focus();
  const { keyboard } = editor;
  await overlay.passed();
  for (const key of ['ArrowRight', ' ', 'Shift+ArrowRight', 'Shift+ArrowRight', ' ', 'Enter']) await keyboard.press(key);
  await overlay.waitDone();
  await keyboard.press('Control+Enter');
  await until(async () => /handed over/i.test(await editor.locator('#alert-text').textContent()), { what: 'a word on the hand-over' });
  await page.locator('#send').press('Enter');
  const [files] = await until(() => got.length && got, { what: 'an upload' });
  assert.deepEqual(files.map(({ name, type }) => [name, type]), [['one.png', 'image/png']]);
  assert.ok(!files[0].bytes.equals(bytes('sand.png')), 'it is edited');
});

/** A TIFF of 64 x 64 grey pixels that says with which camera and where it was taken, and has words behind its end. */
function tiff() {
  const [gps, exif, pixels] = [Buffer.from('Testcam was here'), Buffer.from('Testcam and its notes'), Buffer.alloc(4096, 120)];
  const entries = [[256, 3, 1, 64], [257, 3, 1, 64], [258, 3, 1, 8], [259, 3, 1, 1], [262, 3, 1, 1], [271, 2, 8, 0], [273, 4, 1, 0], [277, 3, 1, 1], [278, 3, 1, 64], [279, 4, 1, 4096], [34665, 4, 1, 0], [34853, 4, 1, 0]];
  const data = 8 + 2 + 12 * entries.length + 4;
  const maker = Buffer.from('Testcam\0');
  const [makerAt, pixelsAt] = [data, data + maker.length];
  const directory = (at, tag, words) => {
    const list = Buffer.alloc(18);
    list.writeUInt16LE(1, 0);
    list.writeUInt16LE(tag, 2);
    list.writeUInt16LE(7, 4);
    list.writeUInt32LE(words.length, 6);
    list.writeUInt32LE(at + 18, 10);
    return Buffer.concat([list, words]);
  };
  const exifAt = pixelsAt + pixels.length;
  const exifs = directory(exifAt, 0x927c, exif);
  const gpsAt = exifAt + exifs.length;
  for (const entry of entries) {
    if (entry[0] === 271) entry[3] = makerAt;
    if (entry[0] === 273) entry[3] = pixelsAt;
    if (entry[0] === 34665) entry[3] = exifAt;
    if (entry[0] === 34853) entry[3] = gpsAt;
  }
  const head = Buffer.alloc(data);
  head.write('II*\0');
  head.writeUInt32LE(8, 4);
  head.writeUInt16LE(entries.length, 8);
  entries.forEach(([tag, type, number, value], i) => {
    head.writeUInt16LE(tag, 10 + 12 * i);
    head.writeUInt16LE(type, 12 + 12 * i);
    head.writeUInt32LE(number, 14 + 12 * i);
    head.writeUInt32LE(value, 18 + 12 * i);
  });
  return Buffer.concat([head, maker, pixels, exifs, directory(gpsAt, 2, gps), Buffer.from('Testcam behind the end')]);
}

test('a TIFF that is not edited stays one without what its file says; switched off, with it; edited, it is a PNG', async () => {
  const page = await visit('a plain form');
  await page.setInputFiles('#zone', [given('scan.tif', tiff())]);
  const editor = await rightClickUpload(page, '#zone');
  await editorOverlay(editor);
  assert.equal((await exifr.parse(tiff())).Make, 'Testcam', 'the reader sees it');
  assert.match(await use(editor), /handed over/i);
  await page.locator('#send').click();
  const [[{ name, type, bytes: handed }]] = await until(() => got.length && got, { what: 'an upload' });
  assert.deepEqual([name, type, handed.length], ['scan.tif', 'image/tiff', tiff().length]);
  assert.ok(!handed.includes('Testcam'), 'nothing is left of it');
  assert.ok(handed.includes(Buffer.alloc(4096, 120)), 'the picture is');
  const { Make, ImageWidth } = await exifr.parse(handed, { tiff: true, gps: true, mergeOutput: true });
  assert.deepEqual([Make, ImageWidth], [undefined, 64]);
  await back(page);
  await page.setInputFiles('#zone', [given('scan.tif', tiff())]);
  await editor.close();
  const again = await rightClickUpload(page, '#zone');
  await editorOverlay(again);
  await again.locator('#clean').uncheck();
  assert.match(await use(again), /handed over/i);
  await page.locator('#send').click();
  await until(() => got.length === 2, { what: 'an upload' });
  assert.ok(got[1][0].bytes.equals(tiff()));
  await back(page);
  await again.bringToFront();
  await again.close();
  await page.setInputFiles('#zone', [given('scan.tif', tiff())]);
  const last = await rightClickUpload(page, '#zone');
  await (await editorOverlay(last)).eraseRect({ x: 16, y: 16, width: 20, height: 20 });
  assert.match(await use(last), /handed over/i);
  await page.locator('#send').click();
  await until(() => got.length === 3, { what: 'an upload' });
  assert.deepEqual([got[2][0].name, got[2][0].type], ['scan.png', 'image/png']);
  assert.ok(!got[2][0].bytes.includes('Testcam'));
});

test('a picture that cannot be opened is handed over with what its file says only if the user wants that; an AVIF stays one', async () => {
  const page = await visit('a plain form');
  // A camera's own compression: a TIFF by its looks, whose tags nobody else understands.
  const raw = tiff();
  raw.writeUInt16LE(34713, 10 + 12 * 3 + 8);
  const paths = [given('scan.tif', raw), given('still.avif')];
  await page.setInputFiles('#zone', paths);
  const editor = await rightClickUpload(page, '#zone');
  const overlay = await editorOverlay(editor, { states: ['failed'] });
  assert.match(await overlay.says(), /could not open this TIFF picture.*JPEG or PNG/);
  assert.match(await use(editor), /“scan\.tif” cannot be opened here.*switch off/);
  await page.locator('#send').click();
  const [held] = await until(() => got.length && got, { what: 'what the field holds' });
  assert.ok(held[0].bytes.equals(raw) && held[1].bytes.equals(bytes('still.avif')), 'nothing was handed over');
  await back(page);
  await page.setInputFiles('#zone', paths);
  await editor.close();
  const again = await rightClickUpload(page, '#zone');
  await editorOverlay(again, { states: ['failed'] });
  await audit(again);
  await again.setViewportSize({ width: 360, height: 640 });
  await fitsPhone(again);
  await again.setViewportSize({ width: 1280, height: 780 });
  await again.locator('#clean').uncheck();
  assert.match(await use(again), /handed over/i);
  await page.locator('#send').click();
  await until(() => got.length === 2, { what: 'an upload' });
  assert.deepEqual(got[1].map(({ name, type }) => [name, type]), [['scan.tif', 'image/tiff'], ['still.avif', 'image/avif']]);
  assert.ok(got[1][0].bytes.equals(raw) && got[1][1].bytes.equals(bytes('still.avif')));
});

test('an AVIF that is not edited keeps its format without its metadata', async () => {
  const page = await visit('a hidden input behind its label');
  const editor = await rightClickUpload(page, '#zone');
  await editor.setInputFiles('#files', [given('still.avif')]);
  await editorOverlay(editor);
  await use(editor);
  await until(() => got.length === 1, { what: 'an upload' });
  assert.deepEqual([got[0][0].name, got[0][0].type], ['still.avif', 'image/avif']);
  assert.equal(got[0][0].bytes.length, bytes('still.avif').length);
});

test('a field that takes one file gets the picture that shows, and the user is told', async () => {
  site.pages.set('one', ['<input id="zone" type="file">', '']);
  const page = await visit('one');
  const editor = await rightClickUpload(page, '#zone');
  await editor.setInputFiles('#files', [given('sand.png'), given('sand.jpg')]);
  await editorOverlay(editor);
  assert.match(await use(editor), /only the picture that shows/);
  assert.deepEqual(await page.locator('#zone').evaluate((input) => [...input.files].map(({ name }) => name)), ['sand.png']);
});

test('a field that asks for another kind of file: the user is told, and another format helps', async () => {
  site.pages.set('jpeg', ['<input id="zone" type="file" accept="image/jpeg">', '']);
  const page = await visit('jpeg');
  const editor = await rightClickUpload(page, '#zone');
  await editor.setInputFiles('#files', [given('sand.png')]);
  const overlay = await editorOverlay(editor);
  await overlay.eraseRect(BALL);
  assert.match(await use(editor), /asks for other kinds of files.*another format/);
  await editor.bringToFront();
  await overlay.pick('format', 'jpeg');
  await editor.locator('#use').click();
  await until(async () => !/other kinds/.test(await editor.locator('#alert-text').textContent()), { what: 'another word' });
  assert.deepEqual(await page.locator('#zone').evaluate((input) => [...input.files].map(({ name, type }) => [name, type])), [['sand.jpg', 'image/jpeg']]);
});

for (const [what, body] of [
  ['an element that can be written in', '<div id="zone" contenteditable style="border: 1px solid">Write or paste</div>'],
  ['a text area', '<textarea id="zone" style="width: 300px; height: 80px"></textarea>'],
]) {
  test(`${what} and takes what is pasted is in reach of the menu`, async () => {
    site.pages.set('writable', [body, `${send} document.querySelector('#zone').onpaste = (event) => { event.preventDefault(); send(event.clipboardData.files); };`]);
    const page = await visit('writable');
    const editor = await rightClickUpload(page, '#zone', { up: 2 });
    await editor.setInputFiles('#files', [given('sand.png')]);
    await editorOverlay(editor);
    assert.match(await use(editor), /handed over/i);
    await until(() => got.length === 1, { what: 'an upload' });
    assert.ok(got[0][0].bytes.equals(bytes('sand.png')));
  });
}

test('what the popup captures goes into the editor that has the field, and from there into the field', async () => {
  const page = await visit('a plain form');
  const editor = await rightClickUpload(page, '#zone');
  await until(async () => /capture it/.test(await editor.locator('#invitation').textContent()), { what: 'the way to capture' });
  await openPopup(page);
  xdotool('key', 'Down', 'Down', 'Down', 'sleep', 0.2, 'key', 'Return');
  await editorOverlay(editor);
  assert.equal(browser.context.pages().filter((other) => other.url().includes('editor.html')).length, 1, 'no other editor');
  await until(() => editor.evaluate(() => document.visibilityState === 'visible'), { what: 'the editor in front' });
  assert.match(await use(editor), /handed over/i);
  assert.deepEqual(await page.locator('#zone').evaluate((input) => [...input.files].map(({ type }) => type)), ['image/png']);
});

test('an editor that is loaded anew still knows the field, its pictures and their order', async () => {
  const page = await visit('a plain form');
  const notes = Buffer.from('%PDF-1.4 no picture');
  await page.setInputFiles('#zone', [given('one.png', bytes('sand.png')), given('notes.pdf', notes), given('two.jpg', bytes('sand.jpg')), given('three.png', bytes('wide.png'))]);
  const editor = await rightClickUpload(page, '#zone');
  await until(() => editor.evaluate(() => document.documentElement.dataset.pictures === '3'), { what: 'three pictures' });
  await (await editorOverlay(editor)).close();
  await until(() => editor.evaluate(() => document.documentElement.dataset.pictures === '2'), { what: 'one that is closed' });
  await (await editorOverlay(editor)).eraseRect(BALL);
  await sleep(1500);
  // What was closed stays closed, however often the page is loaded.
  for (let times = 0; times < 2; times += 1) {
    await editor.reload();
    await until(() => editor.locator('#target').isVisible(), { what: 'the field' });
    await until(() => editor.evaluate(() => document.documentElement.dataset.pictures === '2'), { what: 'two pictures' });
    await editorOverlay(editor, { states: ['done', 'painting'] });
  }
  await use(editor);
  await page.locator('#send').click();
  const [files] = await until(() => got.length && got, { what: 'an upload' });
  assert.deepEqual(files.map(({ name }) => name), ['notes.pdf', 'two.jpg', 'three.png'], 'what was closed is not handed over');
  assert.ok(!files[1].bytes.equals(bytes('sand.jpg')) && files[2].bytes.equals(bytes('wide.png')), 'one is edited');
  // That page is gone by now.
  await editor.reload();
  await until(async () => /is gone/.test(await editor.locator('#alert-text').textContent()), { what: 'that the page is gone' });
  assert.equal(await editor.locator('#target').isVisible(), false);
});

test('a field that holds something else by now is not overwritten', async () => {
  const page = await visit('a plain form');
  await page.setInputFiles('#zone', [given('one.png', bytes('sand.png'))]);
  const editor = await rightClickUpload(page, '#zone');
  await editorOverlay(editor);
  await page.setInputFiles('#zone', [given('two.jpg', bytes('sand.jpg'))]);
  await editor.reload();
  await until(async () => /other files/.test(await editor.locator('#alert-text').textContent()), { what: 'that it holds other files' });
  assert.equal(await editor.locator('#target').isVisible(), false);
});

for (const [what, attributes] of [['of the same name', 'name="file"'], ['without a name', '']]) {
  test(`a field that the page replaces after each choice, ${what}, takes files again`, async () => {
    site.pages.set('replaced', [
      `<form id="zone"><input type="file" multiple ${attributes}></form>`,
      `${send} document.querySelector('#zone').addEventListener('change', ({ target }) => { send(target.files); target.replaceWith(Object.assign(target.cloneNode(), { value: '' })); });`,
    ]);
    const page = await visit('replaced');
    const editor = await rightClickUpload(page, '#zone input');
    await editor.setInputFiles('#files', [given('sand.png')]);
    const overlay = await editorOverlay(editor);
    assert.match(await use(editor), /handed over/i);
    await until(() => got.length === 1, { what: 'an upload' });
    await editor.bringToFront();
    await overlay.eraseRect(BALL);
    await editor.locator('#alert-no').click();
    assert.match(await use(editor), /handed over/i);
    await until(() => got.length === 2, { what: 'another upload' });
    assert.ok(got[0][0].bytes.equals(bytes('sand.png')) && !got[1][0].bytes.equals(bytes('sand.png')), 'the second one is edited');
  });
}

test('a form that only seems to be editable, by the name of a control, is no place for a picture', async () => {
  site.pages.set('seems', ['<form id="zone">Nothing<input name="isContentEditable" hidden></form>', '']);
  const page = await visit('seems');
  const editor = await rightClickUpload(page, '#zone');
  await until(async () => /no upload field/.test(await editor.locator('#why').textContent()), { what: 'that there is no field' });
});

test('where there is no field, and where the page takes nothing, the editor says so', async () => {
  site.pages.set('none', ['<p id="zone">Nothing here</p>', '']);
  let page = await visit('none');
  let editor = await rightClickUpload(page, '#zone');
  await until(async () => /no upload field/.test(await editor.locator('#why').textContent()), { what: 'why' });
  await editor.close();
  site.pages.set('wary', ['<div id="zone" tabindex="0">Drop here</div>', `
    const zone = document.querySelector('#zone');
    const take = (event) => { if (event.isTrusted) event.preventDefault(); };
    zone.ondragover = zone.ondrop = zone.onpaste = take;`]);
  page = await visit('wary');
  editor = await rightClickUpload(page, '#zone');
  await editor.setInputFiles('#files', [given('sand.png')]);
  await editorOverlay(editor);
  assert.match(await use(editor), /did not take.*save it or copy it/i);
  await canKeep(await editorOverlay(editor));
});

/** Saves the picture; copying it is offered as well. */
async function canKeep(overlay) {
  assert.ok(await overlay.frame.locator('#copy').isEnabled());
  await overlay.save();
}

test('a page that takes files from the user only: what to do is said, and saving and copying are there', async () => {
  // What a page does with a file that it did not get from the user directly, nobody can see.
  site.pages.set('trusting', ['<input id="zone" type="file">', `${send} document.querySelector('#zone').onchange = (event) => event.isTrusted && send(event.target.files);`]);
  let page = await visit('trusting');
  let editor = await rightClickUpload(page, '#zone');
  await editor.setInputFiles('#files', [given('sand.png')]);
  const overlay = await editorOverlay(editor);
  assert.match(await use(editor), /does not show there, save or copy it here/);
  assert.equal(got.length, 0);
  await editor.bringToFront();
  await canKeep(overlay);
  await editor.close();
  // No script can put a file into the browser's own picker.
  site.pages.set('picker', ['<button id="zone">Choose</button>', `document.querySelector('#zone').onclick = () => showOpenFilePicker();`]);
  page = await visit('picker');
  editor = await rightClickUpload(page, '#zone');
  await until(async () => /no upload field.*save it and upload/.test(await editor.locator('#why').textContent()), { what: 'why' });
  await editor.setInputFiles('#files', [given('sand.png')]);
  await canKeep(await editorOverlay(editor));
});

test('erasing is where it was: one item in the menu of a picture', async () => {
  site.pages.set('picture', [`<img id="zone" src="data:image/png;base64,${bytes('sand.png').toString('base64')}">`, '']);
  const page = await visit('picture');
  await rightClickErase(page, '#zone');
  await (await pageOverlay(page)).leave();
  await sleep(100);
});
