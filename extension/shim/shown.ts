import type { Shown } from './protocol';
import { isImg, rectOf, styleOf } from './dom';
import { measure } from './geometry';
import { call, get, root } from './native';
import { isStill, type Found } from './target';
import { flatParent } from './tree';

/** The properties that hide a part of a picture or alter it, in a way that no rectangle describes. */
const ALTERING =
  'backgroundBlendMode backgroundClip clip clipPath content filter maskImage mixBlendMode objectViewBox offsetPath opacity perspective rotate transform webkitMaskBoxImage';

/** What they are computed to where they do nothing or keep rectangles upright; some are lists. */
const HARMLESS = /^((none|auto|normal|1|border-box|matrix\(\S+ 0, 0, .+)(, )?)+$/;

/**
 * What the document shows of a picture: where it stands, and all that cuts it off. Nothing where rectangles do not say it: the picture or something around
 * it is masked, faded, filtered, turned or cut off round; it still loads, or is another one by now; or it is in a frame, which may itself be cut off.
 *
 * Each ancestor that clips counts, also one that a positioned element escapes from. What lies over the picture does not count.
 */
export function shownOf(found: Found): Shown | undefined {
  const { element } = found;
  const clips: Shown['clips'] = [];
  if (window !== top || !isStill(found) || (isImg(element) && !found.natural)) return;
  // In lines or columns, it shows less than the rectangle around them.
  if (call(element, 'getClientRects').length !== 1) return;
  for (let at: Element | undefined = element; at; at = flatParent(at)) {
    const style = styleOf(at) as CSSStyleDeclaration & Record<string, string>;
    if (ALTERING.split(' ').some((name) => !HARMLESS.test(style[name]!))) return;
    const isOuter = at !== element;
    // Content stands in slots that nobody sees.
    if (isOuter && at instanceof HTMLElement && !get(at, 'shadowRoot') && chrome.dom?.openOrClosedShadowRoot(at)) return;
    // The overflow of the root element is that of the viewport.
    const overflows = at === root() || style.overflow === 'visible';
    if (isOuter && overflows && style.contain + style.contentVisibility === 'nonevisible') continue;
    // The edge is that of the border, unless there is something inside of it. What clips in SVG is no box.
    if (style.borderRadius !== '0px' || (isOuter && (style.borderWidth !== '0px' || at instanceof SVGElement))) return;
    clips.push(rectOf(at).toJSON());
  }
  return { geometry: measure(found), clips };
}
