/** Looks of what we put into a page. Everything else is drawn by the overlay itself. */

/** How dark the page gets while a picture is edited. */
const DIM = 'rgba(0,0,0,.55)';

/** Keeps the page's styles off our host element: what is inline and important loses to nothing. */
export function shield(host: HTMLElement): void {
  host.style.setProperty('all', 'initial', 'important');
}

/** The overlay's frame and what is seen until it has loaded. */
export const OVERLAY = `
dialog{all:initial;position:fixed;inset:0;width:100vw;height:100vh;max-width:none;max-height:none;
overflow:hidden;display:block;color-scheme:normal}
dialog::backdrop{background:transparent}
iframe{position:absolute;inset:0;width:100%;height:100%;border:0;background:transparent;color-scheme:normal}
div{position:absolute;box-shadow:0 0 0 100vmax ${DIM}}
@media (prefers-reduced-motion:no-preference){div{animation:dim .12s ease-out}
@keyframes dim{from{box-shadow:0 0 0 100vmax rgba(0,0,0,.2)}}}`;

/** The highlight while a picture is picked. A double outline is seen on every picture. */
export const PICK = `
[popover]{all:initial;position:fixed;inset:0;width:100vw;height:100vh;overflow:hidden;display:block;pointer-events:none}
div{position:absolute;box-sizing:border-box;outline:2px solid #fff;outline-offset:-2px;
box-shadow:0 0 0 2px AccentColor,inset 0 0 0 4px AccentColor}
[role]{position:absolute;padding:6px 10px;border-radius:6px;background:#111;color:#fff;border:1px solid #fff;
font:14px/1.3 system-ui,sans-serif;white-space:nowrap}
[hidden]{display:none}`;

/** An HTML element, also in a document of another kind. */
export function make<K extends keyof HTMLElementTagNameMap>(name: K): HTMLElementTagNameMap[K] {
  return document.createElementNS('http://www.w3.org/1999/xhtml', name) as HTMLElementTagNameMap[K];
}

/** A shadow root that the page cannot look into, with its style. */
export function closedRoot(host: HTMLElement, css: string): ShadowRoot {
  const root = host.attachShadow({ mode: 'closed' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  return root;
}
