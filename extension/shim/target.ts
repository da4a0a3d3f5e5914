import type { PictureKind, Size, Target } from './protocol';
import { cssImage, split, type CssImage, type Property } from './css';
import { isCanvas, isImg, isSvgImage, isVideo, rectOf, styleOf } from './dom';
import { call, get } from './native';
import { everything } from './tree';

/** Where in the page a picture is. */
export interface Place {
  readonly kind: PictureKind;
  /** The element that shows it; changes when a page renders anew and puts another element in its place. */
  element: Element;
  /** The CSS property that shows it; none for elements that are pictures themselves. */
  readonly property?: Property;
  /** `::before` or `::after`, if it is a picture of generated content. */
  readonly pseudo?: string;
  /** Position among the layers of the property; 0 for other kinds. */
  readonly layer: number;
}

/** A picture in the page. */
export interface Found extends Place {
  /** Absolute address of the picture when it was found; empty if it has none. What the page displays later in its place is another picture. */
  readonly source: string;
  /** True for a canvas that held pixels of another origin when it was chosen. The page can empty it and read it again, but must not get them then. */
  tainted?: boolean;
  /** Other addresses of the same picture: of its larger version that a lazy loader shows later, say. */
  known?: readonly string[];
  /** Natural size in CSS pixels, once it is known. */
  natural?: Size;
}

/** A frame of another origin. */
export type Frame = Extract<Target, { target: 'frame' }>;

/** The subject of a session: a picture, or a frame whose access the user has to grant first. */
export type Subject = Found | Frame;

/** Minimum longer side in CSS pixels of a picture that is offered. The shorter one may be a single pixel: of a rule, say. */
const MIN_SIDE = 16;

/** Sources up to this many pixels a side are spacers or tracking pixels, and are not offered. */
const SPACER = 4;

/** What an `<object>` or `<embed>` names, by type or address, to be shown as an image. Other types are documents in frames, drawings too. */
const SHOWN_AS_IMAGE = /^(image\/(?!svg)|data:image\/(?!svg))|\.(png|jpe?g|gif|webp|avif|bmp|ico)([?#]|$)/i;

/** The properties that show pictures, those on top first; `content` apart, which shows nothing else. */
const PROPERTIES: Property[] = ['listStyleImage', 'borderImageSource', 'backgroundImage', 'maskImage'];

/** The kind of an element that shows nothing but a picture; none for other elements. */
export function kindOf(element: Element): PictureKind | undefined {
  if (isImg(element) || (element instanceof HTMLInputElement && element.type === 'image')) return 'image';
  if (isCanvas(element)) return 'canvas';
  if (isVideo(element)) return 'video';
  if (isSvgImage(element)) return 'svg-image';
  const { type, data, src } = element as Partial<HTMLObjectElement & HTMLEmbedElement>;
  const isPlugIn = element instanceof HTMLObjectElement || element instanceof HTMLEmbedElement;
  return isPlugIn && SHOWN_AS_IMAGE.test(type || data || src || '') ? 'image' : undefined;
}

/** The pictures that an element itself shows, the topmost first: mostly none or one. Of several layers of a property, the topmost counts. */
export function pictureOf(element: Element): Found[] {
  const own = kindOf(element);
  const isHtml = element instanceof HTMLElement;
  const places = isHtml && !isCanvas(element) && !isVideo(element) ? styledPictures(element, !own) : [];
  if (own && !places.length) places.push({ kind: own, element, layer: 0 });
  return places.map((place) => ({ ...place, source: sourceOf(place) }));
}

/** The pictures that the style of an element shows. What is shown instead of all else is looked for in pictures as well. */
function styledPictures(element: HTMLElement, isBox: boolean): Place[] {
  const found: Place[] = [];
  const look = (property: Property, pseudo?: string) => {
    const layer = split(styleOf(element, pseudo)[property]).findIndex(cssImage);
    if (layer >= 0) found.push({ kind: pseudo ? 'generated' : 'background', element, property, pseudo, layer });
    return layer >= 0;
  };
  if (look('content') || !isBox) return found;
  for (const pseudo of ['::after', '::before', undefined]) {
    const { content, display } = styleOf(element, pseudo);
    if (pseudo && (content === 'none' || display === 'none')) continue;
    if (pseudo) look('content', pseudo);
    for (const property of PROPERTIES) if (property !== 'listStyleImage' || display === 'list-item') look(property, pseudo);
  }
  return found;
}

/** The image of a picture that a style shows. */
export const styledImage = ({ element, property, pseudo, layer }: Place): CssImage | undefined =>
  property && cssImage(split(styleOf(element, pseudo)[property])[layer] ?? '');

/** Absolute address of the displayed picture; empty if it has none. */
export function sourceOf(place: Place): string {
  const { currentSrc, src, data, href } = place.element as Partial<HTMLImageElement & HTMLObjectElement & SVGImageElement>;
  const url = place.property ? styledImage(place)?.url : currentSrc || src || data || href?.baseVal;
  return url ? absolute(url) : '';
}

/** Whether a picture still is the one that was found. */
export const isStill = (found: Found): boolean => sourceOf(found) === found.source;

/** The absolute form of an address, resolved against the document's; unchanged if it is invalid. */
export const absolute = (url: string): string => URL.parse(url, get(document, 'baseURI'))?.href ?? url;

/** Whether an address is of the document's own origin, `blob:` included, or part of the document (`data:`). */
export const isOwn = (url: string): boolean => /^data:/.test(url) || URL.parse(url)?.origin === origin;

/** Whether a picture is a spacer or a tracking pixel; one that has not loaded is none. */
export function isSpacer({ element, property }: Found): boolean {
  const natural = isImg(element) && !property ? Math.max(element.naturalWidth, element.naturalHeight) : 0;
  return natural > 0 && natural <= SPACER;
}

/** Whether a picture is visible and large enough to be edited. */
export function isOffered(found: Found): boolean {
  const { element } = found;
  const { width, height } = rectOf(element);
  return (
    Math.min(width, height) > 0 &&
    Math.max(width, height) >= MIN_SIDE &&
    !isSpacer(found) &&
    call(element, 'checkVisibility', { visibilityProperty: true, opacityProperty: true })
  );
}

/** All pictures of the document, in document order. */
export const pictures = (): Found[] => everything().flatMap(pictureOf);

/** Those that can be edited. */
export const offered = (): Found[] => pictures().filter(isOffered);
