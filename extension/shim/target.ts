import type { PictureKind, Size } from './protocol';
import { cssImage, split, type CssImage } from './css';
import { isCanvas, isImg, isSvgImage, isVideo, rectOf, styleOf } from './dom';
import { call, get } from './native';
import { everything } from './tree';

/** Where in the page a picture is. */
export interface Place {
  readonly kind: PictureKind;
  /** The element that shows it; changes when a page renders anew and puts another element in its place. */
  element: Element;
  /** Position among the layers of `background-image`; 0 for other kinds. */
  readonly layer: number;
}

/** A picture in the page. */
export interface Found extends Place {
  /** Absolute address of the picture when it was found; empty if it has none. What the page displays later in its place is another picture. */
  readonly source: string;
  /** True for a canvas that held pixels of another origin when it was chosen. The page can empty it and read it again, but must not get them then. */
  tainted?: boolean;
  /** Natural size in CSS pixels, once it is known. */
  natural?: Size;
}

/** Minimum longer side in CSS pixels of a picture that is offered. The shorter one may be a single pixel: of a rule, say. */
const MIN_SIDE = 16;

/** Sources up to this many pixels a side are spacers or tracking pixels, and are not offered. */
const SPACER = 4;

/** The kind of an element that shows nothing but a picture; none for other elements. */
export function kindOf(element: Element): PictureKind | undefined {
  if (isImg(element) || (element instanceof HTMLInputElement && element.type === 'image')) return 'image';
  if (isCanvas(element)) return 'canvas';
  if (isVideo(element)) return 'video';
  if (isSvgImage(element)) return 'svg-image';
  return;
}

/** The picture that an element itself shows, if any. Of several backgrounds, the topmost counts. */
export function pictureOf(element: Element): Found[] {
  let kind = kindOf(element);
  let layer = 0;
  if (!kind && element instanceof HTMLElement) {
    kind = 'background';
    layer = split(styleOf(element).backgroundImage).findIndex(cssImage);
  }
  if (!kind || layer < 0) return [];
  const place = { kind, element, layer };
  return [{ ...place, source: sourceOf(place) }];
}

/** The image of a background picture. */
export const backgroundImage = ({ kind, element, layer }: Place): CssImage | undefined =>
  kind === 'background' ? cssImage(split(styleOf(element).backgroundImage)[layer] ?? '') : undefined;

/** Absolute address of the displayed picture; empty if it has none. */
export function sourceOf(place: Place): string {
  const { currentSrc, src, href } = place.element as Partial<HTMLImageElement & SVGImageElement>;
  const url = place.kind === 'background' ? backgroundImage(place)?.url : currentSrc || src || href?.baseVal;
  return url ? absolute(url) : '';
}

/** Whether a picture still is the one that was found. */
export const isStill = (found: Found): boolean => sourceOf(found) === found.source;

/** The absolute form of an address, resolved against the document's; unchanged if it is invalid. */
export const absolute = (url: string): string => URL.parse(url, get(document, 'baseURI'))?.href ?? url;

/** Whether an address is of the document's own origin, `blob:` included, or part of the document (`data:`). */
export const isOwn = (url: string): boolean => /^data:/.test(url) || URL.parse(url)?.origin === origin;

/** Whether a picture is visible and large enough to be edited. */
export function isOffered({ element }: Found): boolean {
  const { width, height } = rectOf(element);
  const natural = (isImg(element) && Math.max(element.naturalWidth, element.naturalHeight)) || MIN_SIDE;
  return (
    Math.min(width, height) > 0 &&
    Math.max(width, height) >= MIN_SIDE &&
    natural > SPACER &&
    call(element, 'checkVisibility', { visibilityProperty: true, opacityProperty: true })
  );
}

/** All pictures of the document, in document order. */
export const pictures = (): Found[] => everything().flatMap(pictureOf);

/** Those that can be edited. */
export const offered = (): Found[] => pictures().filter(isOffered);
