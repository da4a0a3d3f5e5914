import { isBlank } from './canvas';
import { split } from './css';
import { isCanvas, isImg, isVideo, rectOf, styleOf } from './dom';
import { call } from './native';
import type { Place } from './target';
import { everything, flatParent, stackAt } from './tree';

/** From which opacity on something hides what lies under it. */
const OPAQUE = 0.8;

/** The share of a picture that may lie under opaque things which cut no straight piece off it: buttons, badges, marks. */
const SMALL = 1 / 16;

/** Widths of borders, in CSS pixels, up to which they are lines. */
const LINE = 8;

/** What hides all that lies under it, whatever its style: it shows something of its own. */
const FULL = /^(iframe|object|embed|frame)$/;

/** The shapes of SVG, which are no boxes. */
const SHAPES = /^(rect|circle|ellipse|path|polygon|image|use|foreignObject)$/;

/** Computed colours are `rgb()`, `rgba()` or `color(… / alpha)`. */
export const alphaOf = (color: string): number => +(/^(?:rgba\(.*,|.*\/) *([\d.e-]+)\)$/.exec(color)?.[1] ?? (/transparent|none/.test(color) ? 0 : 1));

/** Whether a layer of a background may hide what lies under it. A gradient that fades out evenly does not; whatever is not known does. */
function isOpaqueLayer(layer: string, size: string): boolean {
  if (layer === 'none') return false;
  const parts = split(/^linear-gradient\((.*)\)$/s.exec(layer)?.[1] ?? '');
  const isStop = (part: string) => /^(rgb|color|ok|la|lch)/.test(part);
  // Hints between stops, behind the direction, make any curve of a gradient.
  const stops = parts.slice(1).every(isStop) ? parts.filter(isStop) : [];
  const isSolid = (stop?: string) => !!stop && alphaOf(stop.replace(/\) .*/s, ')')) >= OPAQUE;
  if (!layer.includes('gradient(')) return true;
  if (!stops.length) return [...layer.matchAll(/(rgba?|color|oklab|oklch|lab|lch)\([^()]*\)/g)].some(([color]) => isSolid(color));
  // A solid part lies between two solid stops, or outside of a solid one at the end, unless that stands at the very edge.
  const isAtEdge = (stop: string, edge: RegExp) => /\)$/.test(stop) || edge.test(stop);
  return (
    stops.some((stop, i) => isSolid(stop) && (/\) .* /.test(stop) || isSolid(stops[i + 1]))) ||
    (isSolid(stops[0]) && !isAtEdge(stops[0]!, / 0(px|%)$/)) ||
    (isSolid(stops.at(-1)) && !isAtEdge(stops.at(-1)!, / 100%$/)) ||
    (stops.some(isSolid) && !/^(auto|100%( 100%)?|cover|contain)$/.test(size))
  );
}

/** Whether a style paints a box so that what lies under it is hidden. */
function isOpaqueBox(style: CSSStyleDeclaration): boolean {
  if (+style.opacity < OPAQUE) return false;
  const sizes = split(style.backgroundSize);
  const sides = ['Top', 'Right', 'Bottom', 'Left'] as const;
  return (
    alphaOf(style.backgroundColor) >= OPAQUE ||
    style.backdropFilter.replace('none', '') !== '' ||
    style.borderImageSource !== 'none' ||
    split(style.backgroundImage).some((layer, i) => isOpaqueLayer(layer, sizes[i % sizes.length]!)) ||
    sides.some((side) => parseFloat(style[`border${side}Width`]) > LINE && alphaOf(style[`border${side}Color`]) >= OPAQUE)
  );
}

/** Whether an element hides what lies under it. Letters are not looked at, and neither is what is painted outside of its box. */
function isOpaque(element: Element): boolean {
  const style = styleOf(element);
  if (SHAPES.test(element.localName) && element instanceof SVGElement) return alphaOf(style.fill) * +style.fillOpacity * +style.opacity >= OPAQUE;
  if (isOpaqueBox(style)) return true;
  if (+style.opacity < OPAQUE) return false;
  if (isImg(element) || isCanvas(element) || isVideo(element)) {
    try {
      // Shields are transparent.
      return !isBlank(element);
    } catch {
      return true;
    }
  }
  return FULL.test(element.localName);
}

/** Points of a rectangle that are looked at, across and down: what lies there may have holes. */
const POINTS = [1 / 8, 1 / 2, 7 / 8];

/** Whether hit testing skips an element. */
const isSkipped = (element: Element) => styleOf(element).pointerEvents === 'none' || !!call(element, 'closest', '[inert]');

/** Whether something lies above a picture anywhere in a rectangle. Where hit testing skips one of them, the order of the document counts. */
function isAbove(element: Element, picture: Element, { x, y, width, height }: DOMRect): boolean {
  if (!isSkipped(element) && !isSkipped(picture)) {
    return POINTS.some((across) => POINTS.some((down) => {
      const stack = stackAt(x + across * width, y + down * height);
      const [over, under] = [stack.indexOf(element), stack.indexOf(picture)];
      return over >= 0 && under > over;
    }));
  }
  const { zIndex } = styleOf(element);
  return !(+zIndex < 0) && (+zIndex > 0 || !!(call(picture, 'compareDocumentPosition', element) & Node.DOCUMENT_POSITION_FOLLOWING));
}

/**
 * The area that generated content of an element covers, in square pixels: where it stands is not known. What comes before a positioned picture in its
 * frame (`isBehind`) lies under it.
 */
function generatedArea(element: Element, isBehind?: boolean): number {
  const areas = ['::before', '::after'].map((pseudo) => {
    const style = styleOf(element, pseudo);
    const { content, display, position, margin, width, height, visibility } = style;
    const isPlaced = position !== 'static' || margin.includes('-');
    const isThere = content !== 'none' && content !== 'normal' && display !== 'none' && visibility !== 'hidden' && !(+style.zIndex < 0) && !(isBehind && pseudo === '::before' && !+style.zIndex);
    return isThere && isPlaced && isOpaqueBox(style) ? parseFloat(width) * parseFloat(height) || Infinity : 0;
  });
  return areas[0]! + areas[1]!;
}

/**
 * What of `seen`, a rectangle of the viewport in which a picture stands, opaque things of the page leave to be seen: a bar at its edge cuts it off.
 * Nothing where they hide it in any other way, unless the picture `fills` the rectangle and they hide a small part of it.
 */
export function uncovered({ element: picture }: Place, seen: DOMRect, fills: boolean): DOMRect | undefined {
  /** The picture and what is around it: whether something in between is positioned. */
  const around = new Map<Element, boolean>();
  let isBehind = false;
  for (let at: Element | undefined = picture; at; at = flatParent(at)) {
    around.set(at, isBehind);
    isBehind ||= styleOf(at).position !== 'static';
  }
  let { left, top, right, bottom } = seen;
  let hidden = 0;
  for (const element of everything()) {
    const isAround = around.has(element);
    const rect = rectOf(element);
    const [x0, y0] = [Math.max(rect.left, left), Math.max(rect.top, top)];
    const [x1, y1] = [Math.min(rect.right, right), Math.min(rect.bottom, bottom)];
    if (x0 >= x1 || y0 >= y1 || !call(element, 'checkVisibility', { visibilityProperty: true, opacityProperty: true })) continue;
    const area = (x1 - x0) * (y1 - y0);
    const isOver = () => isAround || isAbove(element, picture, new DOMRect(x0, y0, x1 - x0, y1 - y0));
    const generated = Math.min(generatedArea(element, around.get(element)), area);
    if (generated && isOver()) hidden += generated;
    if (isAround || !isOpaque(element) || !isOver()) continue;
    const { borderRadius, transform, rotate, clipPath } = styleOf(element);
    const isStraight = element instanceof HTMLElement && borderRadius + transform + rotate + clipPath === '0pxnonenonenone';
    const [isWide, isHigh] = [isStraight && x0 <= left && x1 >= right, isStraight && y0 <= top && y1 >= bottom];
    if (isWide && y0 <= top) top = y1;
    else if (isWide && y1 >= bottom) bottom = y0;
    else if (isHigh && x0 <= left) left = x1;
    else if (isHigh && x1 >= right) right = x0;
    else hidden += area;
  }
  const isSeen = left < right && top < bottom && hidden <= (fills ? SMALL : 0) * (right - left) * (bottom - top);
  return isSeen ? new DOMRect(left, top, right - left, bottom - top) : undefined;
}
