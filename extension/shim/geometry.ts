import type { Geometry, Point, Size } from './protocol';
import { layerValue, px } from './css';
import { backgroundImage, showsPoster, sourceOf, type Found } from './target';
import { flatAncestors } from './tree';

type Linear = Geometry['linear'];

/** How long the natural size of a picture is waited for, when the element itself does not know it. Milliseconds. */
const PATIENCE = 3000;

/** Measures where a picture stands; see the protocol for what each number means. */
export function measure(found: Found): Geometry {
  const { element } = found;
  const rect = boxOf(found).getBoundingClientRect();
  const shape = element instanceof SVGImageElement ? svgShape(element) : boxShape(found);
  return {
    viewport: { width: innerWidth, height: innerHeight },
    dpr: devicePixelRatio,
    center: { x: rect.left + rect.width / 2, y: rect.top + rect.height / 2 },
    natural: naturalSize(found) ?? shape.contentBox,
    ...shape,
  };
}

/** Learns the natural size of a picture whose element does not know it. */
export async function learnNaturalSize(found: Found): Promise<void> {
  const url = sourceOf(found);
  if (found.natural || !url || naturalSize(found)) return;
  const image = new Image();
  image.src = url;
  await Promise.race([image.decode().catch(() => undefined), new Promise((done) => setTimeout(done, PATIENCE))]);
  const density = backgroundDensity(found);
  if (image.naturalWidth) {
    found.natural = { width: image.naturalWidth / density, height: image.naturalHeight / density };
  }
}

function backgroundDensity(found: Found): number {
  return found.kind === 'background' ? (backgroundImage(found)?.density ?? 1) : 1;
}

/** Natural size in CSS pixels, as far as it is known. */
function naturalSize(found: Found): Size | undefined {
  const { element } = found;
  let size: Size | undefined;
  if (element instanceof HTMLImageElement) size = { width: element.naturalWidth, height: element.naturalHeight };
  else if (element instanceof HTMLCanvasElement) size = { width: element.width, height: element.height };
  else if (element instanceof HTMLVideoElement && !showsPoster(element)) {
    size = { width: element.videoWidth, height: element.videoHeight };
  }
  return size?.width ? size : found.natural;
}

/** The element whose box the picture is laid out in: the background of `<body>` is painted with that of `<html>`. */
function boxOf({ element, kind }: Found): Element {
  const root = document.documentElement;
  const spreads = kind === 'background' && element === document.body && getComputedStyle(root).backgroundImage === 'none';
  return spreads ? root : element;
}

type Shape = Pick<Geometry, 'linear' | 'borderBox' | 'contentOrigin' | 'contentBox' | 'fit' | 'position'>;

/** An element with a CSS box. */
function boxShape(found: Found): Shape {
  const box = boxOf(found) as HTMLElement;
  const style = getComputedStyle(box);
  const edge = (property: 'padding' | 'border', side: 'Left' | 'Top' | 'Right' | 'Bottom') =>
    px(property === 'padding' ? style[`padding${side}`] : style[`border${side}Width`]);
  const both = (side: 'Left' | 'Top' | 'Right' | 'Bottom') => edge('padding', side) + edge('border', side);
  const borderBox = {
    width: exact(style.width, both('Left') + both('Right'), style.boxSizing, box.offsetWidth),
    height: exact(style.height, both('Top') + both('Bottom'), style.boxSizing, box.offsetHeight),
  };
  const inset = (from: 'border-box' | 'padding-box' | 'content-box') => {
    const of = (side: 'Left' | 'Top' | 'Right' | 'Bottom') =>
      from === 'border-box' ? 0 : from === 'padding-box' ? edge('border', side) : both(side);
    return {
      contentOrigin: { x: of('Left'), y: of('Top') },
      contentBox: {
        width: borderBox.width - of('Left') - of('Right'),
        height: borderBox.height - of('Top') - of('Bottom'),
      },
    };
  };
  const linear = linearOf(box);
  if (found.kind !== 'background') {
    return { linear, borderBox, ...inset('content-box'), fit: style.objectFit, position: style.objectPosition };
  }
  const own = getComputedStyle(found.element);
  const layer = (list: string) => layerValue(list, found.layer);
  const fixed = layer(own.backgroundAttachment) === 'fixed';
  const { left, top } = box.getBoundingClientRect();
  return {
    linear,
    borderBox,
    ...(fixed
      ? { contentOrigin: { x: -left, y: -top }, contentBox: { width: innerWidth, height: innerHeight } }
      : inset(layer(own.backgroundOrigin) as 'padding-box')),
    fit: layer(own.backgroundSize),
    position: layer(own.backgroundPosition),
  };
}

/** `offsetWidth` is rounded; the computed size is exact, but of an inline box there is none. */
function exact(computed: string, edges: number, sizing: string, rounded: number): number {
  const size = parseFloat(computed) + (sizing === 'border-box' ? 0 : edges);
  return Math.abs(size - rounded) <= 1 ? size : rounded;
}

/** An `<image>` in inline SVG, whose place is told by SVG's own means. */
function svgShape(element: SVGImageElement): Shape {
  const { width, height } = element.getBBox();
  const { a, b, c, d } = element.getScreenCTM() ?? new DOMMatrix();
  const { align, meetOrSlice } = element.preserveAspectRatio.baseVal;
  // Alignments are numbered from "none" (1) by rows of three from xMinYMin (2) to xMaxYMax (10).
  const third = (n: number) => `${50 * n}%`;
  const stretched = align === 1;
  return {
    linear: [a, b, c, d],
    borderBox: { width, height },
    contentOrigin: { x: 0, y: 0 } satisfies Point,
    contentBox: { width, height },
    fit: stretched ? 'fill' : meetOrSlice === 2 ? 'cover' : 'contain',
    position: stretched ? '50% 50%' : `${third((align - 2) % 3)} ${third(Math.floor((align - 2) / 3))}`,
  };
}

/** What transforms and zoom around an element do to directions and lengths. */
function linearOf(element: Element): Linear {
  let total: Linear = [1, 0, 0, 1];
  for (const at of flatAncestors(element)) {
    const { transform, rotate, scale, display } = getComputedStyle(at);
    // Neither kind of box is transformed, although the values compute.
    if (display === 'contents' || (display === 'inline' && at !== element)) continue;
    for (const step of [transform, functionOf('scale', scale), functionOf('rotate', rotate)]) {
      if (step === 'none') continue;
      const { a, b, c, d } = new DOMMatrix(step);
      total = times([a, b, c, d], total);
    }
  }
  const zoom = element.currentCSSZoom;
  return total.map((part) => part * zoom) as Linear;
}

/** The transform function that a `scale` or `rotate` property stands for. */
function functionOf(name: 'scale' | 'rotate', value: string): string {
  if (value === 'none') return value;
  const words = value.split(' ');
  if (name === 'scale') return words.length === 3 ? `scale3d(${words})` : `scale(${words})`;
  if (words.length === 1) return `rotate(${value})`;
  const axes: Record<string, string> = { x: '1,0,0', y: '0,1,0', z: '0,0,1' };
  return `rotate3d(${axes[words[0]!] ?? words.slice(0, 3)},${words.at(-1)})`;
}

/** The map that does `second` first and then `first`. */
function times([a, b, c, d]: Linear, [e, f, g, h]: Linear): Linear {
  return [a * e + c * f, b * e + d * f, a * g + c * h, b * g + d * h];
}
