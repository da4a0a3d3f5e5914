import type { Geometry } from './protocol';
import { split } from './css';
import { isCanvas, isImg, isSvgImage, isVideo, loaded, rectOf, styleOf, within } from './dom';
import { get, root } from './native';
import { isStill, styledImage, type Found } from './target';
import { flatParent } from './tree';

type Shape = Pick<Geometry, 'linear' | 'borderBox' | 'contentOrigin' | 'contentBox' | 'fit' | 'position'>;

/** Maximum time in milliseconds to wait for the natural size of a picture. */
const PATIENCE = 3000;

/** Measures where a picture is; the protocol describes each number. */
export function measure(found: Found): Geometry {
  const { element } = found;
  // The background of `<body>` is painted over the box of `<html>`, unless `<html>` has its own.
  const spreads = isBackground(found) && element === get(document, 'body') && styleOf(root()).backgroundImage === 'none';
  const box = spreads ? root() : element;
  const rect = rectOf(box);
  const shape = isSvgImage(element) ? svgShape(element) : boxShape(found, box as HTMLElement, rect);
  return {
    viewport: { width: innerWidth, height: innerHeight },
    dpr: devicePixelRatio,
    center: { x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 },
    natural: found.natural?.width ? found.natural : shape.contentBox,
    ...shape,
  };
}

/** Whether a picture is a background of an element's own box. */
const isBackground = ({ property, pseudo }: Found): boolean => property === 'backgroundImage' && !pseudo;

/** Finds the natural size of a picture. It is kept when our result is shown in the picture's place. */
export async function learnNaturalSize(found: Found): Promise<void> {
  const { element } = found;
  if (isCanvas(element)) found.natural = { width: element.width, height: element.height };
  else if (isVideo(element)) found.natural = { width: element.videoWidth, height: element.videoHeight };
  else await within(PATIENCE, learnFromImage(found)).catch(() => 0);
}

async function learnFromImage(found: Found): Promise<void> {
  const { element, source } = found;
  const density = styledImage(found)?.density ?? 1;
  const isOwn = isImg(element) && !found.property;
  if (isOwn && !element.complete) await element.decode();
  // An element that displays another picture by now does not tell.
  const image = isOwn && isStill(found) ? element : await loaded(source);
  found.natural ??= { width: image.naturalWidth / density, height: image.naturalHeight / density };
}

/** The shape of an element's content box, or of the box that its background fills. */
function boxShape(found: Found, box: HTMLElement, rect: DOMRect): Shape {
  const style = styleOf(box);
  const linear = linearOf(box);
  // The size of the box is computed from its bounding rectangle, because `offsetWidth` is rounded. Near 45 degrees the equations are singular.
  const [a, b, c, d] = linear.map(Math.abs) as Geometry['linear'];
  const det = a * d - b * c;
  const [width, height] =
    Math.abs(det) > 0.1
      ? [(rect.width * d - rect.height * c) / det, (rect.height * a - rect.width * b) / det]
      : [get(box, 'offsetWidth'), get(box, 'offsetHeight')];

  const own = styleOf(found.element);
  const layer = (list: string) => {
    const values = split(list);
    return values[found.layer % values.length]!;
  };
  const tiles = isBackground(found);
  const from = tiles ? layer(own.backgroundOrigin) : 'content-box';
  const inset = (side: 'Left' | 'Top' | 'Right' | 'Bottom') =>
    (from === 'border-box' ? 0 : parseFloat(style[`border${side}Width`])) +
    (from === 'content-box' ? parseFloat(style[`padding${side}`]) : 0);
  const [x, y] = [inset('Left'), inset('Top')];
  const isFixed = tiles && layer(own.backgroundAttachment) === 'fixed';
  return {
    linear,
    borderBox: { width, height },
    contentOrigin: isFixed ? { x: -rect.x, y: -rect.y } : { x, y },
    contentBox: isFixed
      ? { width: innerWidth, height: innerHeight }
      : { width: width - x - inset('Right'), height: height - y - inset('Bottom') },
    // Where borders, marks of lists and generated content stand is not known: they are shown as large as the element allows.
    fit: tiles ? layer(own.backgroundSize) : found.pseudo || (found.property && found.property !== 'content') ? 'contain' : own.objectFit,
    position: tiles ? layer(own.backgroundPosition) : own.objectPosition,
  };
}

/** The shape of an `<image>` in inline SVG, which has no CSS box. */
function svgShape(element: SVGImageElement): Shape {
  const { width, height } = element.getBBox();
  const { a, b, c, d } = element.getScreenCTM() ?? new DOMMatrix();
  const { align, meetOrSlice } = element.preserveAspectRatio.baseVal;
  // Alignments are numbered: 1 is "none", then row by row from xMinYMin (2) to xMaxYMax (10).
  const at = align - 2;
  return {
    linear: [a, b, c, d],
    borderBox: { width, height },
    contentOrigin: { x: 0, y: 0 },
    contentBox: { width, height },
    fit: at < 0 ? 'fill' : meetOrSlice === 2 ? 'cover' : 'contain',
    position: `${(at % 3) * 50}% ${Math.floor(at / 3) * 50}%`,
  };
}

/** The linear part of all transforms and zooms of an element and its ancestors. */
function linearOf(element: Element): Geometry['linear'] {
  let total = new DOMMatrix().scale(get(element, 'currentCSSZoom'));
  for (let at: Element | undefined = element; at; at = flatParent(at)) {
    const { transform, rotate, scale, display } = styleOf(at);
    // Neither kind of box is transformed, although its computed style has the values.
    if (display === 'contents' || (display === 'inline' && at !== element)) continue;
    const [x, y = x] = scale.split(' ') as [string, string?];
    total = new DOMMatrix()
      .rotate(parseFloat(rotate) || 0)
      .scale(+x || 1, +y! || 1)
      .multiply(new DOMMatrix(transform))
      .multiply(total);
  }
  const { a, b, c, d } = total;
  return [a, b, c, d];
}
