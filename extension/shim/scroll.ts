/**
 * The script that enters a page when the user wants to capture all of it: it scrolls, and makes sure that what stays in the window while the page moves is
 * in one capture only. When the editor's port ends, the page is as it was.
 */

import { SCROLL_PORT, type ScrollReply, type ToScroller } from './protocol';
import { answer, type Post } from './channel';
import { later, make, on, rectOf, soon, styleOf, within } from './dom';
import { call, get, root } from './native';
import { refuse } from './refusal';
import { addHost, FAREWELL } from './style';
import { everything } from './tree';

/** The global by which a second injection finds the first; see `main.ts`. */
const KEY = Symbol.for('rubout-scroll');
const world = globalThis as { [KEY]?: () => boolean };

/** Maximum time in milliseconds until the next animation frame, and for what a window shows to load. */
const FRAME = 250;
const LOAD = 3000;
/** Maximum time in milliseconds of the first way through the page. A page that grows without end is not followed for longer. */
const SURVEY = 12_000;
/** Milliseconds for which it is said how to stop. */
const SAID = 1500;

/** Nothing moves while the page is captured. */
const STILL = '*,::before,::after{transition:none!important;scroll-behavior:auto!important;scroll-snap-type:none!important;caret-color:transparent!important}';

/** An element with a style of its own. */
type Styled = HTMLElement | SVGElement;

const frame = (): Promise<void> => new Promise((done) => soon(FRAME, done));

const pause = (ms: number): Promise<void> => new Promise((done) => later(ms, done));

const isStyled = (element: Element): element is Styled => element instanceof HTMLElement || element instanceof SVGElement;

/** Whether an element scrolls by itself, downwards. */
const scrolls = (element: Element): boolean =>
  element.scrollHeight >= element.clientHeight + 50 && /auto|scroll/.test(styleOf(element).overflowY);

/** The body, where it fills the window and scrolls in its place: the root has an overflow of its own, and does not take over that of the body. */
function scroller(): HTMLElement | undefined {
  const body = get(document, 'body');
  if (!body || styleOf(root()).overflowY === 'visible' || !scrolls(body)) return undefined;
  const { top, bottom } = rectOf(body);
  return Math.abs(top) < 1 && Math.abs(bottom - innerHeight) < 1 ? body : undefined;
}

const height = (): number => scroller()?.scrollHeight ?? Math.max(root().scrollHeight, get(document, 'body')?.scrollHeight ?? 0);

const view = (): number => Math.min(innerHeight, (scroller() ?? root()).clientHeight || innerHeight);

const place = (): number => scroller()?.scrollTop ?? scrollY;

/** Scrolls to a place of the page, at once. */
function scroll(top: number): void {
  const body = scroller();
  if (body) body.scrollTop = top;
  else scrollTo(0, top);
}

/** Whether more of the page can be scrolled to at its side. */
const isWide = (): boolean => {
  const { scrollWidth, clientWidth } = scroller() ?? root();
  return scrollWidth > clientWidth + 1 && ![root(), get(document, 'body')].some((element) => element && /hidden|clip/.test(styleOf(element).overflowX));
};

/** Waits until the images that show are loaded, and what is new is drawn. */
async function settled(): Promise<void> {
  await frame();
  const shows = (image: HTMLImageElement) => {
    const { top, bottom } = rectOf(image);
    return bottom > 0 && top < innerHeight;
  };
  const waiting = [...everything(root())].filter((one): one is HTMLImageElement => one instanceof HTMLImageElement && !one.complete && shows(one));
  await within(LOAD, Promise.allSettled(waiting.map((image) => image.decode())));
  await frame();
  await frame();
}

/** Ends what moves by itself, so that each capture shows the same: what ends is at its end, what goes on for ever stands still. Notes the latter. */
function still(paused: Set<Animation>): void {
  for (const animation of call(document, 'getAnimations')) {
    try {
      if (animation.effect?.getComputedTiming().endTime !== Infinity) {
        animation.finish();
      } else if (animation.playState === 'running') {
        animation.pause();
        paused.add(animation);
      }
    } catch {
      // One that cannot be ended goes on.
    }
  }
}

/** The page may have an element of this name, which would take the place of the property. */
const sheets = (list: CSSStyleSheet[]): unknown => Reflect.set(Document.prototype, 'adoptedStyleSheets', list, document);

/** What is changed in the page while it is captured. */
class Changes {
  /** The style of an element before we changed it. */
  #before = new Map<Styled, string | null>();
  /** What is fixed, and whether that is at the lower edge of the window. */
  #pinned = new Map<Styled, boolean>();
  #sheet = new CSSStyleSheet();
  /** What went on for ever before it was paused. */
  #paused = new Set<Animation>();
  /** The opacity that an element has of its own, with its priority, while we hide it. */
  #hidden = new Map<Styled, [string, string]>();
  #over = false;
  #place = [scrollX, scrollY] as const;
  #inside = place();
  /** A frame that has the keyboard would keep the key that stops from us. */
  #focus = get(document, 'activeElement');

  constructor() {
    this.#sheet.replaceSync(STILL);
    sheets([...get(document, 'adoptedStyleSheets'), this.#sheet]);
    if (this.#focus instanceof HTMLIFrameElement) focus();
  }

  #set(element: Styled, property: string, value: string): void {
    if (!this.#before.has(element)) this.#before.set(element, call(element, 'getAttribute', 'style'));
    get(element, 'style').setProperty(property, value, 'important');
  }

  #hide(element: Styled): void {
    if (this.#hidden.has(element)) return;
    const style = get(element, 'style');
    this.#hidden.set(element, [style.getPropertyValue('opacity'), style.getPropertyPriority('opacity')]);
    this.#set(element, 'opacity', '0');
  }

  #show(element: Styled): void {
    const own = this.#hidden.get(element);
    if (!own) return;
    this.#hidden.delete(element);
    get(element, 'style').setProperty('opacity', ...own);
  }

  /** See {@link still}. */
  still(): void {
    if (!this.#over) still(this.#paused);
  }

  /**
   * What sticks stands where it belongs in the page. What is fixed shows in the first window, or in the last one if it is at the lower edge; what covers
   * the whole window is a ground, which stays.
   */
  pin(first: boolean, last: boolean): void {
    if (this.#over) return;
    for (const element of everything(root())) {
      if (!isStyled(element)) continue;
      const { position } = styleOf(element);
      if (position === 'sticky') {
        this.#set(element, 'position', 'relative');
        this.#set(element, 'inset', 'auto');
      } else if (position === 'fixed' && !this.#pinned.has(element)) {
        const { width, height, top, bottom } = rectOf(element);
        if (width < innerWidth * 0.9 || height < innerHeight * 0.9) this.#pinned.set(element, top + bottom > innerHeight);
      }
    }
    for (const [element, below] of this.#pinned) {
      if (below ? last : first) this.#show(element);
      else this.#hide(element);
    }
  }

  /** Everything as it was. */
  restore(): void {
    this.#over = true;
    for (const [element, style] of this.#before) {
      // An attribute that is not written yet would be left empty: reading it has it written.
      call(element, 'getAttribute', 'style');
      if (style === null) call(element, 'removeAttribute', 'style');
      else call(element, 'setAttribute', 'style', style);
    }
    const body = scroller();
    if (body) body.scrollTop = this.#inside;
    scrollTo(...this.#place);
    if (this.#focus instanceof HTMLIFrameElement) this.#focus.focus({ preventScroll: true });
    sheets(get(document, 'adoptedStyleSheets').filter((other) => other !== this.#sheet));
    for (const animation of this.#paused) animation.play();
  }
}

/** Whether a large part of the page scrolls by itself. */
const scrollsInside = (): boolean =>
  [...everything(root())].some((element) => {
    // The root scrolls with the window, and so does the body, unless the root keeps an overflow of its own.
    const isWindow = element === root() || element === scroller() || (element === get(document, 'body') && styleOf(root()).overflowY === 'visible');
    return !isWindow && element.clientHeight * element.clientWidth > (innerWidth * innerHeight) / 3 && scrolls(element);
  });

/** Scrolls through the page once, for what it loads on the way, and says meanwhile how to stop that. */
async function walk(stopped: () => boolean): Promise<void> {
  const words = make('p');
  words.textContent = chrome.i18n.getMessage('captureStop');
  words.popover = 'manual';
  const { host } = addHost(words, FAREWELL);
  words.showPopover();
  const end = performance.now() + SURVEY;
  const said = pause(SAID);
  for (let top = 0; top < height() && performance.now() < end && !stopped(); top += view()) {
    scroll(top);
    await frame();
    await frame();
  }
  await said;
  host.remove();
}

/** Ends the capture that runs. */
let end: (() => void) | undefined;

function start(port: chrome.runtime.Port): void {
  // Two at once would scroll against each other, and each would take the other's changes for the page's own.
  end?.();
  const stop = new AbortController();
  const changes = new Changes();
  let cancelled = false;

  /** Goes to a place of the page, and waits until all that shows there is there. */
  async function go(top: number, last: boolean): Promise<void> {
    if (cancelled) refuse({ failure: 'cancelled' });
    scroll(top);
    changes.pin(top === 0, last);
    await settled();
    if (cancelled) refuse({ failure: 'cancelled' });
    // What is fixed only once the page has been scrolled, and what began to move.
    changes.pin(top === 0, last);
    changes.still();
    await frame();
    await frame();
    if (cancelled) refuse({ failure: 'cancelled' });
  }

  const handle = async (asked: ToScroller): Promise<readonly [ScrollReply]> => {
    if (asked.call === 'scroll-to') {
      await go(asked.top, asked.last);
      return [{ reply: 'scrolled', top: place(), height: height() }];
    }
    await walk(() => cancelled);
    await go(0, false);
    const { clientWidth: width } = scroller() ?? root();
    return [{ reply: 'surveyed', width, height: height(), view: view(), dpr: devicePixelRatio, inner: scrollsInside(), wide: isWide() }];
  };

  on(window, 'keydown', (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    cancelled = true;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, stop.signal);
  const post: Post<ScrollReply> = (message) => port.postMessage(message);
  port.onMessage.addListener((data) => answer<ToScroller, ScrollReply>(data, handle, post));
  const over = (): void => {
    cancelled = true;
    stop.abort();
    changes.restore();
    if (end === given) end = undefined;
  };
  const given = (): void => {
    over();
    port.disconnect();
  };
  end = given;
  port.onDisconnect.addListener(over);
}

if (!world[KEY]?.()) {
  const { runtime } = chrome;
  world[KEY] = () => !!runtime.id;
  runtime.onConnect.addListener((port) => {
    if (port.sender?.id === runtime.id && port.name === SCROLL_PORT) start(port);
  });
}
