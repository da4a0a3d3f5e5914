import { isImg, on, rectOf, styleOf } from './dom';
import { call } from './native';
import { isOffered, isOwn, isSpacer, kindOf, pictureOf, type Found } from './target';
import { everything, hovered, stackAt } from './tree';

/** Where the last right-click was, as a rectangle of one pixel. */
let clicked: DOMRect | undefined;

/** Starts to record right-clicks, because the browser tells the background what was clicked, but not where. */
export function watchClicks(): void {
  on(window, 'contextmenu', ({ clientX, clientY }: MouseEvent) => (clicked = new DOMRect(clientX, clientY, 1, 1)));
}

/** Distance in CSS pixels from which a picture is hit that is thinner than that: nobody can point at a line of one pixel. */
const NEAR = 4;

/** The topmost picture at a point of the viewport. */
export function pictureAt(x: number, y: number): Found | undefined {
  const hit = stackAt(x, y).flatMap(pictureOf).find(isOffered);
  if (hit && hit.kind !== 'background') return hit;
  // Nothing or only a background was hit. Backgrounds often lie behind other pictures, and hit testing skips elements without pointer events.
  const near = new DOMRect(x - NEAR, y - NEAR, 2 * NEAR + 1, 2 * NEAR + 1);
  const point = new DOMRect(x, y, 1, 1);
  const isHit = (at: Element, rect = rectOf(at)) =>
    Math.min(rect.width, rect.height) < NEAR ? overlap(rect, near) : overlap(rect, point) && styleOf(at).pointerEvents === 'none';
  const free = everything()
    .filter((at) => kindOf(at) && isHit(at))
    .flatMap(pictureOf)
    .findLast(isOffered);
  return free && (!hit || call(hit.element, 'contains', free.element)) ? free : hit;
}

/**
 * The picture that was right-clicked; none where that is uncertain, so that the user has to pick one.
 *
 * Where the browser names its address, no other address is ever read: the page hears of a right-click before anything of ours is in it, and may show
 * something else since.
 *
 * The first right-click in a document happens before this script is there. The element under the pointer then tells where it was.
 */
export function clickedPicture(srcUrl: string | null): Found | undefined {
  const under = hovered();
  const spot = clicked ?? (under ? rectOf(under) : new DOMRect(0, 0, innerWidth, innerHeight));
  const share = (found: Found) => overlap(rectOf(found.element), spot);
  const isThere = (found: Found) => share(found) * 2 > spot.width * spot.height;
  // The browser names what elements show that are pictures, and hardly ever a picture of a style.
  const all = everything();
  const named = (elements: Element[]) => (srcUrl ? elements.flatMap(pictureOf).filter(({ source }) => source === srcUrl) : []);
  const shown = named(all.filter(kindOf));
  const known = shown.length ? shown : named(all);
  const [nearest] = known
    .filter(isOffered)
    .sort((a, b) => share(b) - share(a));
  if (nearest) return nearest;
  // The clicked element may be the frame of the picture.
  const hit = pictureAt(spot.x + spot.width / 2, spot.y + spot.height / 2);
  const there = hit && isThere(hit) ? hit : undefined;
  if (!srcUrl || there?.source === srcUrl) return there;
  // An img may show a picture of a style. The page can read its own pictures anyway.
  if (there?.property === 'content' && isImg(there.element) && isOwn(there.source)) return there;
  // Or it is a transparent shield that still lies over the picture.
  const clickedOne = known.find(isThere);
  if (clickedOne && isSpacer(clickedOne) && call(clickedOne.element, 'checkVisibility', { visibilityProperty: true })) return there;
  // It may have faded since the pointer left it; or another picture is in its place, and still that one was clicked.
  return clickedOne ?? (there && /image/.test(there.kind) && !there.property ? { ...there, source: srcUrl } : undefined);
}

/** The area of the intersection of two rectangles, in square pixels. */
function overlap(a: DOMRect, b: DOMRect): number {
  const width = Math.min(a.right, b.right) - Math.max(a.x, b.x);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.y, b.y);
  return Math.max(0, width) * Math.max(0, height);
}
