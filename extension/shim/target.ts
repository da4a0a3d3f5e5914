import type { PictureKind, Size } from './protocol';
import { cssImage, split, type CssImage } from './css';
import { isCanvas, isImg, isSvgImage, isVideo, rectOf, styleOf } from './dom';
import { call, get } from './native';
import { everything } from './tree';

/** A picture in the page. */
export interface Found {
  readonly kind: PictureKind;
  /** The element that shows it; changes when a page renders anew and puts another element in its place. */
  element: Element;
  /** Position among the layers of `background-image`; 0 for other kinds. */
  readonly layer: number;
  /** True for a canvas that held pixels of another origin when it was chosen. The page can empty it and read it again, but must not get them then. */
  tainted?: boolean;
  /** Natural size in CSS pixels, once it is known. */
  natural?: Size;
}

/** Minimum side in CSS pixels of a picture that is offered; smaller ones have no room to paint. */
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
  const kind = kindOf(element);
  if (kind) return [{ kind, element, layer: 0 }];
  if (!(element instanceof HTMLElement)) return [];
  const layer = split(styleOf(element).backgroundImage).findIndex(cssImage);
  return layer < 0 ? [] : [{ kind: 'background', element, layer }];
}

/** The image of a background picture. */
export const backgroundImage = ({ element, layer }: Found): CssImage | undefined =>
  cssImage(split(styleOf(element).backgroundImage)[layer] ?? '');

/** Absolute address of the displayed picture; empty if it has none. */
export function sourceOf(found: Found): string {
  const { currentSrc, src, href } = found.element as Partial<HTMLImageElement & SVGImageElement>;
  const url = found.kind === 'background' ? backgroundImage(found)?.url : currentSrc || src || href?.baseVal;
  return url ? absolute(url) : '';
}

/** The absolute form of an address, resolved against the document's; unchanged if it is invalid. */
export const absolute = (url: string): string => URL.parse(url, get(document, 'baseURI'))?.href ?? url;

/** Whether an address is of the document's own origin, or part of the document (`data:`, `blob:`). */
export const isOwn = (url: string): boolean => /^(data|blob):/.test(url) || URL.parse(url)?.origin === origin;

/** Whether a picture is visible and large enough to be edited. */
export function isOffered({ element }: Found): boolean {
  const { width, height } = rectOf(element);
  const natural = (isImg(element) && Math.max(element.naturalWidth, element.naturalHeight)) || MIN_SIDE;
  return (
    Math.min(width, height) >= MIN_SIDE &&
    natural > SPACER &&
    call(element, 'checkVisibility', { visibilityProperty: true, opacityProperty: true })
  );
}

/** All pictures of the document that can be edited, in document order. */
export const offered = (): Found[] => everything().flatMap(pictureOf).filter(isOffered);
