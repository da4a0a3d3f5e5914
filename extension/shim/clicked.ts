import { on, rectOf, styleOf } from './dom';
import { isOffered, kindOf, offered, pictureOf, sourceOf, type Found } from './target';
import { everything, hovered, stackAt } from './tree';

/** The last place that was right-clicked. */
let clicked: DOMRect | undefined;

/** Remembers right-clicks from now on: the browser tells the background what was clicked, but not where. */
export function watchClicks(): void {
  on(window, 'contextmenu', ({ clientX, clientY }: MouseEvent) => (clicked = new DOMRect(clientX, clientY, 1, 1)));
}

/** The topmost picture at a point of the viewport. */
export function pictureAt(x: number, y: number): Found | undefined {
  const hit = stackAt(x, y).flatMap(pictureOf).find(isOffered);
  if (hit && hit.kind !== 'background') return hit;
  // A background is often there only to hold what lies on it, and hit testing leaves out what takes no pointer.
  const point = new DOMRect(x, y, 1, 1);
  const free = everything()
    .filter((at) => kindOf(at) && overlap(rectOf(at), point) && styleOf(at).pointerEvents === 'none')
    .flatMap(pictureOf)
    .findLast(isOffered);
  return free && (!hit || hit.element.contains(free.element)) ? free : hit;
}

/**
 * The picture that was right-clicked; none where that cannot be told, so that the user has to pick.
 *
 * The first click in a document was before we came. It is then where the pointer still is.
 */
export function clickedPicture(srcUrl: string | null): Found | undefined {
  const under = hovered();
  const spot = clicked ?? (under ? rectOf(under) : new DOMRect(0, 0, innerWidth, innerHeight));
  const share = (found: Found) => overlap(rectOf(found.element), spot);
  const [named] = offered()
    .filter((found) => srcUrl && sourceOf(found) === srcUrl)
    .sort((a, b) => share(b) - share(a));
  if (named) return named;
  // What was clicked may be a shield over the picture, or its frame.
  const hit = pictureAt(spot.x + spot.width / 2, spot.y + spot.height / 2);
  return hit && share(hit) * 2 > spot.width * spot.height ? hit : undefined;
}

/** The area that two rectangles share. */
function overlap(a: DOMRect, b: DOMRect): number {
  const width = Math.min(a.right, b.right) - Math.max(a.x, b.x);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.y, b.y);
  return Math.max(0, width) * Math.max(0, height);
}
