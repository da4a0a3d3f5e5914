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
p{${SENTENCE}white-space:nowrap}[hidden]{display:none}`;

/** Style of the sentence that is left in the page when the overlay is lost. */
export const FAREWELL = `p{all:initial;${SENTENCE}max-width:60ch}button{margin-left:1em}`;

/** The style of a host: nothing of the page's sheets, animations and transitions applies to it. */
export const HOST = 'all: initial !important;';

/** An element of the page, and its closed shadow root, which the page can neither style nor read. */
export interface Host {
  host: HTMLElement;
  shadow: ShadowRoot;
}

/** Appends an element to the document that shows `content`. */
export function addHost(content: Element, css: string): Host {
  const host = make('div');
  host.style.cssText = HOST;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  const shadow = host.attachShadow({ mode: 'closed' });
  shadow.adoptedStyleSheets = [sheet];
  shadow.append(content);
  call(root(), 'append', host);
  return { host, shadow };
}

/** Places an element over a rectangle of the viewport. */
export function place({ style }: HTMLElement, { x, y, width, height }: DOMRect): void {
  Object.assign(style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
}
