// Pages with text whose place is known, for wasm-core/examples/text_bench:
//
//   node text-pages.mjs OUT SEED CASES [PHOTOGRAPHS [WIDTHxHEIGHT]]
//
// Renders made-up pages in four scripts, light and dark, in several fonts and sizes, and text over the photographs (JPEG) of a folder. Writes the
// pictures, PNG and for photographs JPEG, and OUT/boxes.tsv, a line for each box, from Range.getClientRects: of each word, or of each line in
// Chinese and Japanese, with the rows that its ink takes. Fonts: `apt-get install fonts-noto-core fonts-noto-cjk`, besides DejaVu and Liberation.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import puppeteer from 'puppeteer-core';

const [out, seed, cases, photographs, size] = process.argv.slice(2);

/** Numbers from a seed (mulberry32): `below(n)` is a whole number from 0 to n - 1. */
let state = Number(seed) >>> 0;
const random = () => {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};
const below = (n) => Math.floor(random() * n);
const oneOf = (list) => list[below(list.length)];
const chance = (share) => random() < share;
const between = (low, high) => low + below(high - low + 1);

const SCRIPTS = {
  latin: {
    lang: 'en',
    fonts: ['DejaVu Sans', 'DejaVu Serif', 'Liberation Sans', 'Liberation Serif', 'Liberation Mono', 'Noto Sans', 'Noto Serif', 'DejaVu Sans Mono'],
    words:
      'the of and to in is for on that by this with you it not or be are from at as your all have new more an was we will home can us about if page my has search free but our one other do no information time they site he up may what which their news out use any there see only so his when contact here business who web also now help get view online first am been would how were services some these click its like service than find price date back top people had list name just over state year day into email two health world next used go work last most products music buy data make them should product system post her city add policy number such please available copyright support message after best software then good well where info rights public books high school through each links she review years order very privacy book items company read group need many user said does set under general research university January mail full map reviews program life know games way days management part could great united hotel real item international center must store travel comments made development report off member details line terms before hotels did send right type because local those using results office education national car design take posted internet address community within states area want phone shipping reserved subject between forum family long based code show even black check special Québec Größe naïve façade señor Łódź',
  },
  cjk: {
    lang: 'zh',
    fonts: ['Noto Sans CJK SC', 'Noto Serif CJK SC', 'Noto Sans CJK JP'],
    words:
      '我们的 图片 编辑器 可以 删除 任何 东西 在您的 电脑上 运行 不会 上传 到 网络 今天 天气 很好 适合 出去 散步 学习 新的 语言 需要 时间 和 耐心 城市 中心 有 一座 古老 的 图书馆 里面 收藏 了 许多 珍贵 书籍 火车 将 于 下午 三点 从 北京 出发 请 提前 到达 车站 会议 安排 在 星期二 上午 举行 订单 已 发货 预计 两天 内 送达 設定 を 保存 しました 写真 から 不要な ものを 消す ことが できます 東京 の 電車 は とても 便利 です 新しい メッセージ が あります ダウンロード カメラ',
  },
  arabic: {
    lang: 'ar',
    fonts: ['Noto Sans Arabic', 'Noto Naskh Arabic', 'Noto Kufi Arabic'],
    words:
      'هذا البرنامج يحذف الأشياء من الصور على جهازك ولا يرسل شيئا إلى الشبكة اليوم الطقس جميل ومناسب للمشي في الحديقة تعلم لغة جديدة يحتاج وقتا وصبرا توجد مكتبة قديمة وسط المدينة فيها كتب نادرة القطار يغادر بعد الظهر يرجى الحضور قبل الموعد الاجتماع يوم الثلاثاء صباحا تم شحن الطلب وسيصل خلال يومين الإعدادات الرسائل الحساب البحث الصفحة الرئيسية تسجيل الدخول مساعدة أخبار العالم رياضة اقتصاد علوم صحة من مع عن',
  },
  devanagari: {
    lang: 'hi',
    fonts: ['Noto Sans Devanagari', 'Noto Serif Devanagari'],
    words:
      'यह प्रोग्राम चित्रों से चीज़ें मिटाता है और आपके कंप्यूटर पर ही चलता कुछ भी नेटवर्क नहीं भेजा जाता आज मौसम बहुत अच्छा टहलने के लिए नई भाषा सीखने में समय धैर्य लगता शहर बीच एक पुराना पुस्तकालय जिसमें दुर्लभ किताबें हैं रेलगाड़ी दोपहर तीन बजे दिल्ली निकलेगी कृपया पहले स्टेशन पहुँचें बैठक मंगलवार सुबह होगी आपका आदेश भेज दिया गया दो दिन पहुँचेगा सेटिंग संदेश खाता खोज मुखपृष्ठ समाचार विश्व खेल विज्ञान स्वास्थ्य को का की',
  },
};
for (const script of Object.values(SCRIPTS)) script.words = script.words.split(' ');

const LIGHT = [['#ffffff', '#1a1a1a', '#666666', '#0b57d0', '#dddddd'], ['#f5f5f0', '#2b2b2b', '#777266', '#8a3b12', '#d9d5c8'], ['#eef3fb', '#12233f', '#5a6b85', '#b3261e', '#c6d3e6']];
const DARK = [['#121212', '#e6e6e6', '#9a9a9a', '#8ab4f8', '#333333'], ['#1e2430', '#d8dee9', '#8a95a8', '#ebcb8b', '#343d4d'], ['#2b1f2e', '#f0e6f2', '#a893ad', '#ff9e80', '#4a384e']];

const numeral = () => oneOf([`${between(1, 99)}`, `${between(100, 99_999)}`, `${between(1, 12)}:${between(10, 59)}`, `${between(1, 999)}.${between(10, 99)}`, `${between(1, 100)}%`]);

/** Words of a script with some numbers and marks between them. */
function phrase(script, count) {
  const glue = script === 'cjk' ? '' : ' ';
  const comma = { latin: ',', cjk: '，', arabic: '،', devanagari: ',' }[script];
  const stop = { latin: '.', cjk: '。', arabic: '.', devanagari: '।' }[script];
  const words = Array.from({ length: count }, () => (chance(0.05) ? numeral() : oneOf(SCRIPTS[script].words)));
  const marked = words.map((word, i) => (i + 1 < count && chance(0.1) ? word + comma : word));
  const text = marked.join(glue);
  return count > 5 ? text + stop : text[0].toUpperCase() + text.slice(1);
}

const icon = (colour, size) =>
  oneOf([
    `<span style="display:inline-block;width:${size}px;height:${size}px;border-radius:50%;background:${colour}"></span>`,
    `<span style="display:inline-block;width:${size}px;height:${size}px;border-radius:4px;border:2px solid ${colour}"></span>`,
    `<svg width="${size}" height="${size}" viewBox="0 0 24 24" fill="none" stroke="${colour}" stroke-width="2"><path d="M4 6h16M4 12h16M4 18h16"/></svg>`,
    `<svg width="${size}" height="${size}" viewBox="0 0 24 24" fill="${colour}"><path d="M12 3l9 8h-3v9h-5v-6h-2v6H6v-9H3z"/></svg>`,
  ]);

/** Blocks of a page. Each takes a script and the colours [ground, text, faint text, accent, rule]. */
const BLOCKS = {
  heading: (s, [, , , accent]) => `<h2 style="font-size:${between(20, 44)}px;margin:10px 0;${chance(0.3) ? `color:${accent}` : ''}">${phrase(s, between(2, 5))}</h2>`,
  paragraph: (s, [, , faint]) =>
    `<p style="font-size:${between(12, 20)}px;line-height:${oneOf([1.3, 1.5, 1.7])};margin:8px 0;${chance(0.3) ? `color:${faint}` : ''}${chance(0.2) ? ';text-align:justify' : ''}">${phrase(s, between(15, 45))}</p>`,
  row: (s, [, , , accent, rule]) =>
    `<div style="display:flex;gap:18px;align-items:center;padding:8px;border-bottom:1px solid ${rule};font-size:${between(12, 17)}px">${icon(accent, between(14, 24))}${Array.from({ length: between(3, 5) }, () => `<span>${phrase(s, between(1, 2))}</span>`).join('')}</div>`,
  buttons: (s, [ground, text, , accent, rule]) =>
    `<div style="display:flex;gap:12px;margin:10px 0;font-size:${between(12, 16)}px"><span style="background:${accent};color:${ground};padding:8px 14px;border-radius:6px">${phrase(s, between(1, 2))}</span><span style="border:1px solid ${rule};color:${text};padding:8px 14px;border-radius:20px">${phrase(s, between(1, 3))}</span></div>`,
  table: (s, [, , , , rule]) => {
    const cell = (i) => `<td style="border:1px solid ${rule};padding:5px 10px">${i === 0 ? phrase(s, between(1, 2)) : numeral()}</td>`;
    const line = () => `<tr>${Array.from({ length: 4 }, (_, i) => cell(i)).join('')}</tr>`;
    return `<table style="border-collapse:collapse;margin:10px 0;font-size:${between(12, 16)}px">${Array.from({ length: between(3, 5) }, line).join('')}</table>`;
  },
  card: (s, [ground, , faint, accent, rule]) =>
    `<div style="border:1px solid ${rule};border-radius:8px;padding:12px;margin:10px 0;background:color-mix(in srgb, ${ground}, ${rule} 30%)"><div style="color:${faint};font-size:12px">${phrase(s, 2)}</div><div style="font-size:${between(24, 36)}px;font-weight:700">${numeral()}</div><div style="height:8px;width:${between(20, 90)}%;border-radius:4px;background:${accent}"></div></div>`,
};

function page(script, theme) {
  const { lang, fonts } = SCRIPTS[script];
  const colours = oneOf(theme === 'dark' ? DARK : LIGHT);
  const blocks = Array.from({ length: 9 }, (_, i) => BLOCKS[i === 0 ? 'heading' : oneOf(Object.keys(BLOCKS))](script, colours));
  const style = `margin:0;padding:16px 24px;background:${colours[0]};color:${colours[1]};font-family:'${oneOf(fonts)}';font-weight:${oneOf([400, 400, 700])}`;
  return `<html lang="${lang}" dir="${script === 'arabic' ? 'rtl' : 'ltr'}"><meta charset="utf-8"><body style="${style}"><div style="columns:${oneOf([1, 1, 2])}">${blocks.join('')}</div></body></html>`;
}

/** Captions over a photograph, light on dark places and dark on light ones; `lights` are the mean levels of its 4 rows. */
function overPhotograph(script, photograph, lights) {
  const { lang, fonts } = SCRIPTS[script];
  const captions = lights.map((light, row) => {
    const isDark = light > 140;
    const colour = oneOf(isDark ? ['#000', '#102a54', '#5a0010'] : ['#fff', '#ffe94a', '#d9f2ff']);
    const ground = isDark ? '#fff' : '#000';
    const shade = oneOf(['', `text-shadow:0 1px 3px ${ground}`, `text-shadow:0 0 4px ${ground}, 0 0 2px ${ground}`, `background:color-mix(in srgb, ${ground}, transparent 45%);padding:2px 8px`]);
    const place = `position:absolute;top:${row * 25 + between(2, 6)}%;left:${between(3, 30)}%;white-space:nowrap`;
    const text = phrase(script, script === 'cjk' ? between(2, 5) : between(2, 6));
    return `<div style="${place};font:${oneOf([400, 700])} ${between(18, 48)}px '${oneOf(fonts)}';color:${colour};${shade}">${text}</div>`;
  });
  const style = `margin:0;background:url(${photograph}) 0 0 / 100% 100%`;
  return `<html lang="${lang}" dir="${script === 'arabic' ? 'rtl' : 'ltr'}"><meta charset="utf-8"><body style="${style}">${captions.join('')}</body></html>`;
}

/** Runs in the page: the boxes of its words, or of its lines, that the window shows, if only in part. */
function boxes(isByLine) {
  const found = [];
  const canvas = new OffscreenCanvas(1, 1).getContext('2d');
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (const { 0: text, index } of node.data.matchAll(isByLine ? /\S.*/g : /\S+/g)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + text.length);
      // A word of two directions has several boxes on one line, and a broken one has boxes on several.
      const rows = [];
      for (const { left, top, right, bottom } of range.getClientRects()) {
        const row = rows.find((row) => row.top < bottom && row.bottom > top);
        if (row) Object.assign(row, { left: Math.min(row.left, left), right: Math.max(row.right, right) });
        else if (right - left > 0.5) rows.push({ left, top, right, bottom });
      }
      // The box of a font is much higher than its letters; where those are, a canvas tells, from the baseline.
      const { fontStyle, fontWeight, fontSize, fontFamily } = getComputedStyle(node.parentElement);
      canvas.font = `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`;
      const { fontBoundingBoxAscent: ascent, actualBoundingBoxAscent: above, actualBoundingBoxDescent: below } = canvas.measureText(text);
      for (const { left, top, right, bottom } of rows.filter((row) => row.top < innerHeight && row.left < innerWidth)) {
        found.push([left, top, right - left, bottom - top, top + ascent - above, above + below, text.slice(0, 20)]);
      }
    }
  }
  return found;
}

/** Runs in the page: the mean levels of the four rows of a picture. */
async function rowsOf(url) {
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  const canvas = new OffscreenCanvas(1, 4).getContext('2d');
  canvas.imageSmoothingQuality = 'high';
  canvas.drawImage(picture, 0, 0, 1, 4);
  const { data } = canvas.getImageData(0, 0, 1, 4);
  return [0, 1, 2, 3].map((row) => (data[row * 4] + 2 * data[row * 4 + 1] + data[row * 4 + 2]) / 4);
}

mkdirSync(out, { recursive: true });
const grounds = photographs ? readdirSync(photographs).filter((name) => name.endsWith('.jpg')).toSorted() : [];
const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--font-render-hinting=none'] });
const tab = await browser.newPage();
const lines = ['file\tscript\tground\tlevel\tx\ty\twidth\theight\tink_y\tink_height\ttext'];
for (let number = 0; number < Number(cases); number++) {
  const script = Object.keys(SCRIPTS)[number % 4];
  const kinds = grounds.length > 0 ? ['light', 'dark', 'photograph'] : ['light', 'dark'];
  const ground = kinds[(number >> 2) % kinds.length];
  const isPhotograph = ground === 'photograph';
  const file = `${ground}_${script}_${seed}_${number}.${isPhotograph ? 'jpg' : 'png'}`;
  const scale = isPhotograph || size ? 1 : oneOf([1, 1, 2]);
  const [width, height] = size ? size.split('x').map(Number) : [between(640, 1000), between(480, 720)];
  await tab.setViewport({ width, height, deviceScaleFactor: scale });
  if (isPhotograph) {
    const url = `data:image/jpeg;base64,${readFileSync(path.join(photographs, oneOf(grounds))).toString('base64')}`;
    await tab.setContent(overPhotograph(script, url, await tab.evaluate(rowsOf, url)));
  } else {
    await tab.setContent(page(script, ground));
  }
  await tab.evaluate(() => document.fonts.ready.then(() => undefined));
  writeFileSync(path.join(out, file), await tab.screenshot(isPhotograph ? { type: 'jpeg', quality: 85 } : {}));
  for (const [...place] of await tab.evaluate(boxes, script === 'cjk')) {
    const text = place.pop();
    const at = place.map((v) => (v * scale).toFixed(1));
    lines.push([file, script, ground, script === 'cjk' ? 'line' : 'word', ...at, text].join('\t'));
  }
}
writeFileSync(path.join(out, 'boxes.tsv'), `${lines.join('\n')}\n`);
await browser.close();
