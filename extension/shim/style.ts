import { make } from './dom';
import { call, root } from './native';

/**
 * Style of the overlay's frame and of the dimming until it has loaded. A frame is transparent only if its colour scheme equals that of its document,
 * which is light, so that the scheme of a dark page must not be inherited.
 */
export const OVERLAY = `dialog{all:initial;position:fixed;inset:0;overflow:hidden;color-scheme:light}dialog::backdrop{background:none}
iframe{position:absolute;width:100%;height:100%;border:0}div{position:absolute;box-shadow:0 0 0 100vmax #0000008c}@media(prefers-reduced-motion:no-preference){div{animation:dim .12s}@keyframes dim{from{box-shadow:0 0 0 100vmax #0003}}}`;

/** Style of a sentence at the top of the page. */
const SENTENCE = `position:fixed;inset:12px auto auto 50%;translate:-50%;margin:0;padding:6px 10px;border-radius:6px;
background:#111;color:#fff;border:1px solid #fff;font:14px/1.3 system-ui;`;

/** Style of the highlight while a picture is picked. Its double outline is visible on every picture. */
export const PICK = `section{all:initial;position:fixed;inset:0;overflow:hidden;pointer-events:none}
div{position:absolute;outline:2px solid #fff;outline-offset:-2px;box-shadow:0 0 0 2px AccentColor,inset 0 0 0 4px AccentColor}
i{position:absolute;pointer-events:auto}p{${SENTENCE}max-width:min(60ch,90vw)}button{margin-left:1em;pointer-events:auto}[hidden]{display:none}`;

/** Style of the question whether what was chosen is to be edited. */
export const OFFER = `section{all:initial;position:fixed;inset:12px auto auto 50%;translate:-50%;box-sizing:border-box;width:max-content;max-width:min(60ch,calc(100vw - 16px));
display:flex;flex-wrap:wrap;align-items:center;justify-content:flex-end;gap:6px 8px;padding:8px 10px;border-radius:10px;background:#111;color:#fff;border:1px solid #fff;font:14px/1.35 system-ui}
p{flex:1 1 14em;margin:0}button{all:initial;box-sizing:border-box;min-height:40px;padding:4px 14px;border:1px solid #fff;border-radius:8px;font:600 14px/1.3 system-ui;color:#fff;cursor:pointer}
button:nth-of-type(1){background:#fff;color:#111}button:focus-visible{outline:2px solid #fff;outline-offset:2px}[hidden]{display:none}`;

/** Style of the sentence that is left in the page when the overlay is lost. */
export const FAREWELL = `p{all:initial;${SENTENCE}max-width:60ch}button{margin-left:1em}`;

/** The style of a host: nothing of the page's sheets, animations and transitions applies to it. */
export const HOST = 'all: initial !important;';

/** An element of the page, and its closed shadow root, which the page can neither style nor read. */
export interface Host {
  host: HTMLElement;
  shadow: ShadowRoot;
}

/** Appends an element that shows `content` to the document, or to an element of it. */
export function addHost(content: HTMLElement, css: string, parent: Element = root()): Host {
  const host = make('div');
  host.style.cssText = HOST;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  content.dir = 'auto';
  const shadow = host.attachShadow({ mode: 'closed' });
  shadow.adoptedStyleSheets = [sheet];
  shadow.append(content);
  call(parent, 'append', host);
  return { host, shadow };
}

/** Places an element over a rectangle of the viewport. */
export function place({ style }: HTMLElement, { x, y, width, height }: DOMRect): void {
  Object.assign(style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
}
