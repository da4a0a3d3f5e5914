import type { Shown } from './protocol';
import { alphaOf, uncovered } from './covers';
import { split } from './css';
import { isImg, rectOf, styleOf } from './dom';
import { measure } from './geometry';
import { call, get, root } from './native';
import { isStill, type Found } from './target';
import { flatParent, innerOf } from './tree';

/** The properties that hide a part of a picture or alter it, in a way that no rectangle describes, not even one with round corners. */
const ALTERING =
  'backgroundBlendMode backgroundClip clip clipPath content cornerShape filter maskImage mixBlendMode objectViewBox offsetPath opacity perspective rotate transform webkitMaskBoxImage';

/** What they are computed to where they do nothing or keep rectangles upright; some are lists. */
const HARMLESS = /^((none|auto|normal|round|superellipse\(1\)|1|border-box|matrix\(\S+ 0, 0, .+)(, )?)+$/;

/** What they are computed to where a picture stays recognisable: half opaque at least, or in other tones. */
const RECOGNISABLE = /^(0?\.[5-9]\d*|((brightness|contrast|drop-shadow|grayscale|saturate|sepia)\(([^()]|\([^()]*\))*\) ?)+)$/;

/**
 * What the document shows of a picture: where it stands, and all that cuts it off. Nothing where that cannot be said: the picture or something around
 * it is masked, hardly to be seen, blurred or turned; it still loads, or is another one by now; or it is in a frame, which may itself be cut off.
 *
 * Each ancestor that clips counts, also one that a positioned element escapes from. What lies over the picture counts as far as `uncovered` finds it.
 */
export function shownOf(found: Found): Shown | undefined {
  const { element, property, pseudo, layer } = found;
  const clips: Shown['clips'] = [];
  let altered = false;
  if (window !== top || !isStill(found) || (isImg(element) && !found.natural)) return;
  // Borders, marks of lists, masks and generated content show some of a picture, nobody knows where; so does a background under other layers.
  if (pseudo || (property && property !== 'backgroundImage')) return;
  if (property && split(styleOf(element)[property]).slice(0, layer).some((above) => above !== 'none')) return;
  // An inner shadow lies above a background.
  if (property && (styleOf(element).boxShadow.includes('inset') || styleOf(element).borderImageSource !== 'none')) return;
  // In lines or columns, it shows less than the rectangle around them.
  if (call(element, 'getClientRects').length !== 1) return;
  for (let at: Element | undefined = element; at; at = flatParent(at)) {
    const style = styleOf(at) as CSSStyleDeclaration & Record<string, string>;
    const changes = ALTERING.split(' ').map((name) => style[name]!).filter((value) => !HARMLESS.test(value));
    if (!changes.every((value) => RECOGNISABLE.test(value))) return;
    altered ||= !!changes.length;
    const isOuter = at !== element;
    // Content stands in slots that nobody sees.
    if (isOuter && at instanceof HTMLElement && !get(at, 'shadowRoot') && innerOf(at)) return;
    // The overflow of the root element is that of the viewport.
    const overflows = at === root() || style.overflow === 'visible';
    if (isOuter && overflows && style.contain + style.contentVisibility === 'nonevisible') continue;
    const box = at instanceof HTMLElement ? at : undefined;
    // What clips in SVG is no box.
    if (!box && (isOuter || style.borderRadius !== '0px')) return;
    const rect = rectOf(at);
    const scale = box ? [rect.width / get(box, 'offsetWidth') || 1, rect.height / get(box, 'offsetHeight') || 1] : [1, 1];
    // What is inside of an element reaches to its border's inner edge, a background to the outer one where nothing is drawn on it, and a picture of an element's own as far as its padding.
    const sides = (name: string) => ['Top', 'Right', 'Bottom', 'Left'].map((side) => style[name.replace('*', side)]!);
    const widths = (name: string) => sides(name).map((width) => parseFloat(width) || 0);
    const padding = isOuter || property ? [] : widths('padding*');
    const isDrawn = sides('border*Color').map((color) => isOuter || !property || alphaOf(color) > 0);
    const insets = box ? widths('border*Width').map((width, i) => (isDrawn[i] ? width : 0) + (padding[i] ?? 0)) : [0, 0, 0, 0];
    const { x, y, width, height } = rect;
    const radii = ['TopLeft', 'TopRight', 'BottomRight', 'BottomLeft'].map((corner) => style[`border${corner}Radius`]!);
    clips.push({ x, y, width, height, scale: scale as [number, number], insets: insets as Shown['clips'][0]['insets'], radii });
  }
  const geometry = measure(found);
  const seen = innerOfAll(clips);
  const left = uncovered(found, seen, /^(fill|cover|100%( 100%)?)$/.test(geometry.fit));
  if (!left) return;
  const { x, y, width, height } = left;
  if (width < seen.width || height < seen.height) clips.push({ x, y, width, height, scale: [1, 1], insets: [0, 0, 0, 0], radii: Array(4).fill('0px') });
  return { geometry, clips, altered };
}

/** What of the viewport is inside of all of these. */
function innerOfAll(clips: Shown['clips']): DOMRect {
  let [left, top, right, bottom] = [0, 0, innerWidth, innerHeight];
  for (const { x, y, width, height, scale, insets } of clips) {
    left = Math.max(left, x + insets[3] * scale[0]);
    top = Math.max(top, y + insets[0] * scale[1]);
    right = Math.min(right, x + width - insets[1] * scale[0]);
    bottom = Math.min(bottom, y + height - insets[2] * scale[1]);
  }
  return new DOMRect(left, top, right - left, bottom - top);
}
