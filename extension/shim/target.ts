import type { PictureKind, Size } from './protocol';
import { cssImage, split, type CssImage } from './css';
import { isCanvas, isImg, isSvgImage, isVideo, rectOf, styleOf } from './dom';
import { everything } from './tree';

/** A picture in the page. */
export interface Found {
  readonly kind: PictureKind;
  /** What shows it. A page that renders itself anew may put another element in its place. */
  element: Element;
  /** Which layer of `background-image` it is; 0 for everything else. */
  readonly layer: number;
  /** Natural size in CSS pixels, once it is known. */
  natural?: Size;
}

/** A smaller picture is not offered: there is nothing in it to paint on. CSS pixels. */
const SMALLEST = 16;

/** A source up to this size is a spacer that is laid over pictures, or a tracking pixel. Pixels. */
const SPACER = 4;

/** What an element is that shows nothing but a picture. */
export function kindOf(element: Element): PictureKind | undefined {
  if (isImg(element) || (element instanceof HTMLInputElement && element.type === 'image')) return 'image';
  if (isCanvas(element)) return 'canvas';
  if (isVideo(element)) return 'video';
  if (isSvgImage(element)) return 'svg-image';
  return;
}

/** The picture that an element itself shows, if any: of several backgrounds it is the topmost. */
export function pictureOf(element: Element): Found[] {
  const kind = kindOf(element);
  if (kind) return [{ kind, element, layer: 0 }];
  if (!(element instanceof HTMLElement)) return [];
  const layer = split(styleOf(element).backgroundImage).findIndex(cssImage);
  return layer < 0 ? [] : [{ kind: 'background', element, layer }];
}

/** The image in the layer of a background. */
export const backgroundImage = ({ element, layer }: Found): CssImage | undefined =>
  cssImage(split(styleOf(element).backgroundImage)[layer] ?? '');

/** Absolute address of what is displayed, empty where there is none. */
export function sourceOf(found: Found): string {
  const { currentSrc, src, href } = found.element as Partial<HTMLImageElement & SVGImageElement>;
  const url = found.kind === 'background' ? backgroundImage(found)?.url : currentSrc || src || href?.baseVal;
  return url ? absolute(url) : '';
}

/** An address as seen from the document; unchanged where it is none. */
export const absolute = (url: string): string => URL.parse(url, document.baseURI)?.href ?? url;

/** True where the document may read the address without asking another origin. */
export const isOwn = (url: string): boolean => /^(data|blob):/.test(url) || URL.parse(url)?.origin === origin;

/** True where a user can see the picture and there is something in it to erase. */
export function isOffered({ element }: Found): boolean {
  const { width, height } = rectOf(element);
  const natural = (isImg(element) && Math.max(element.naturalWidth, element.naturalHeight)) || SMALLEST;
  return (
    Math.min(width, height) >= SMALLEST &&
    natural > SPACER &&
    element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
  );
}

/** Every picture that the user could mean, in document order. */
export const offered = (): Found[] => everything().flatMap(pictureOf).filter(isOffered);
