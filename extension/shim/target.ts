import type { PictureKind, Size } from './protocol';
import { cssImage, split, type CssImage } from './css';
import { everything, flatAncestors, hovered, stackAt } from './tree';

/** A picture in the page. */
export interface Found {
  readonly kind: PictureKind;
  /** What shows it. A page that renders itself anew may put another element in its place. */
  element: Element;
  /** Which layer of `background-image` it is; 0 for everything else. */
  readonly layer: number;
  /** Natural size in CSS pixels, where the element itself does not know it. */
  natural?: Size;
}

/** A smaller picture is not offered: there is nothing in it to paint on. CSS pixels. */
const SMALLEST = 16;

/** A source up to this size is a spacer that is laid over pictures, or a tracking pixel. Pixels. */
const SPACER = 4;

/** How long a right-click names the thing that is meant. Milliseconds. */
const FRESH = 30_000;

/** How much of a shield a picture must lie under to be what it shields. */
const COVERS = 0.6;

/** The pictures that an element itself shows, topmost first. */
export function picturesOf(element: Element): Found[] {
  const own = (kind: PictureKind): Found[] => [{ kind, element, layer: 0 }];
  if (element instanceof HTMLImageElement) return own('image');
  if (element instanceof HTMLInputElement && element.type === 'image') return own('image');
  if (element instanceof HTMLCanvasElement) return own('canvas');
  if (element instanceof HTMLVideoElement) return own('video');
  if (element instanceof SVGImageElement) return own('svg-image');
  if (!(element instanceof HTMLElement)) return [];
  const value = getComputedStyle(element).backgroundImage;
  if (value === 'none') return [];
  return split(value, ',').flatMap((part, layer) =>
    cssImage(part) ? [{ kind: 'background' as const, element, layer }] : [],
  );
}

/** The image in the layer of a background. */
export function backgroundImage({ element, layer }: Found): CssImage | null {
  return cssImage(split(getComputedStyle(element).backgroundImage, ',')[layer] ?? '');
}

/** True while a video shows its poster and none of its frames. */
export function showsPoster(video: HTMLVideoElement): boolean {
  return !!video.poster && (video.readyState < 2 || (!video.currentTime && !video.played.length && video.paused));
}

/** Absolute URL of what is displayed. Of a video it is what the browser's menu would call its source. */
export function sourceOf(found: Found): string | null {
  const { element } = found;
  let url: string | undefined;
  if (element instanceof HTMLImageElement) url = element.currentSrc || element.src;
  else if (element instanceof HTMLInputElement) url = element.src;
  else if (element instanceof HTMLVideoElement) url = showsPoster(element) ? element.poster : element.currentSrc;
  else if (element instanceof SVGImageElement) url = element.href.baseVal && absolute(element.href.baseVal);
  else if (found.kind === 'background') url = backgroundImage(found)?.url;
  return url || null;
}

/** An address as seen from the document; unchanged where it is none. */
export function absolute(url: string): string {
  return URL.parse(url, document.baseURI)?.href ?? url;
}

/** True where the document may read the URL without asking another origin. */
export function isOwn(url: string): boolean {
  const { protocol, origin } = new URL(url, document.baseURI);
  return protocol === 'data:' || protocol === 'blob:' || (origin === self.origin && origin !== 'null');
}

/** True where a user can see the picture and there is something in it to erase. */
export function isOffered(found: Found): boolean {
  const { width, height } = found.element.getBoundingClientRect();
  return (
    width >= SMALLEST &&
    height >= SMALLEST &&
    !isSpacer(found) &&
    found.element.checkVisibility({ visibilityProperty: true, opacityProperty: true, contentVisibilityAuto: true })
  );
}

function isSpacer({ element }: Found): boolean {
  if (!(element instanceof HTMLImageElement) || !element.naturalWidth) return false;
  return element.naturalWidth <= SPACER && element.naturalHeight <= SPACER;
}

/** Every picture that the user could mean, in document order. */
export function offered(): Found[] {
  return [...everything()].flatMap(picturesOf).filter(isOffered);
}

/** The topmost picture at a point of the viewport. */
export function pictureAt(x: number, y: number): Found | undefined {
  const hit = stackAt(x, y).flatMap(picturesOf).find(isOffered);
  // A background is often there only to hold what lies on it, and hit testing leaves out what takes no pointer.
  if (hit && hit.kind !== 'background') return hit;
  const untouchable = [...everything()]
    .filter((element) => /^(img|canvas|video|image|input)$/.test(element.localName) && contains(element, x, y))
    .filter((element) => getComputedStyle(element).pointerEvents === 'none')
    .flatMap(picturesOf)
    .filter(isOffered)
    .at(-1);
  if (!hit) return untouchable;
  return untouchable && hit.element.contains(untouchable.element) ? untouchable : hit;
}

/** The last place that was right-clicked. */
let clicked: { x: number; y: number; time: number; target: WeakRef<Element> | null } | null = null;

/** Remembers right-clicks from now on: the browser tells the background what was clicked, but not where. */
export function watchClicks(): void {
  addEventListener(
    'contextmenu',
    (event) => {
      if (!event.isTrusted) return;
      const target = event.composedPath()[0];
      clicked = {
        x: event.clientX,
        y: event.clientY,
        time: performance.now(),
        target: target instanceof Element ? new WeakRef(target) : null,
      };
    },
    true,
  );
}

/** The right-click that the menu came from, if it was seen. */
function recentClick(): typeof clicked {
  return clicked && performance.now() - clicked.time < FRESH ? clicked : null;
}

/** The picture that was right-clicked; none where that cannot be told, so that the user has to pick. */
export function clickedPicture(srcUrl: string | null): Found | undefined {
  const click = recentClick();
  if (srcUrl) {
    const named = bySource(srcUrl);
    const best = named.length > 1 ? (named.find((found) => isMeant(found, click)) ?? largest(named)) : named[0];
    if (best && !isSpacer(best)) return best;
  }
  if (click) {
    const hit = pictureAt(click.x, click.y);
    if (hit) return hit;
  }
  const target = click?.target?.deref();
  const element = target?.isConnected ? target : hovered();
  return element ? related(element) : undefined;
}

/** The pictures that display a URL, hidden ones only when there is no other. */
function bySource(srcUrl: string): Found[] {
  const wanted = withoutFragment(absolute(srcUrl));
  const shows = (found: Found) => {
    const { element } = found;
    const poster = element instanceof HTMLVideoElement ? [element.poster, element.currentSrc] : [];
    return [sourceOf(found), ...poster].some((url) => !!url && withoutFragment(url) === wanted);
  };
  const all = [...everything()].flatMap(picturesOf).filter(shows);
  const visible = all.filter(({ element }) => element.checkVisibility({ visibilityProperty: true }));
  const candidates = visible.length ? visible : all;
  // An element is named before a background: the browser reports only elements.
  const elements = candidates.filter(({ kind }) => kind !== 'background');
  return elements.length ? elements : candidates;
}

/** A `data:` URL may hold a `#` only by mistake, and cutting it would make different pictures alike. */
function withoutFragment(url: string): string {
  return url.startsWith('data:') ? url : url.replace(/#.*$/, '');
}

/** True where the picture lies under the right-click, or under the pointer where no right-click was seen. */
function isMeant({ element }: Found, click: typeof clicked): boolean {
  if (click) return contains(element, click.x, click.y);
  const under = hovered();
  if (!under || under === document.body || under === document.documentElement) return false;
  return (
    [...flatAncestors(under)].includes(element) ||
    [...flatAncestors(element)].includes(under) ||
    overlap(element.getBoundingClientRect(), under.getBoundingClientRect()) > 0
  );
}

/** The picture that belongs to an element which was clicked: itself, what it shields, or the only one in it. */
function related(element: Element): Found | undefined {
  const [self] = picturesOf(element).filter(isOffered);
  if (self) return self;
  const frame = element.getBoundingClientRect();
  const near = offered().map((found) => {
    const rect = found.element.getBoundingClientRect();
    return { found, area: area(rect), overlap: overlap(rect, frame) };
  });
  const under = near.filter((one) => one.overlap >= COVERS * area(frame) && one.overlap > 0);
  // Of two of the same size the later one is painted on top.
  if (under.length) return under.reduce((best, one) => (one.area <= best.area ? one : best)).found;
  const inside = near.filter((one) => one.overlap >= COVERS * one.area && one.overlap > 0);
  return inside.length === 1 ? inside[0]!.found : undefined;
}

function largest(all: Found[]): Found {
  const screen = new DOMRect(0, 0, innerWidth, innerHeight);
  const seen = (found: Found) => overlap(found.element.getBoundingClientRect(), screen);
  return all.reduce((best, one) => (seen(one) > seen(best) ? one : best));
}

function contains(element: Element, x: number, y: number): boolean {
  const { left, top, right, bottom } = element.getBoundingClientRect();
  return x >= left && x < right && y >= top && y < bottom;
}

function area({ width, height }: DOMRect): number {
  return width * height;
}

function overlap(a: DOMRect, b: DOMRect): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return Math.max(0, width) * Math.max(0, height);
}
