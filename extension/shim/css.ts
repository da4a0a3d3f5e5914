/** Parsing of computed CSS values, as far as pictures need it. */

/** The parts of a list, split at commas outside of parentheses and quotes. */
export function split(list: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const [token] of list.matchAll(/"(?:\\.|[^"\\])*"|./gs)) {
    if (token === '(') depth++;
    if (token === ')') depth--;
    if (token === ',' && !depth) parts.push('');
    else parts[parts.length - 1] += token;
  }
  return parts.map((part) => part.trim());
}

/** A CSS property that shows a picture, by its name in scripts. */
export type Property = 'content' | 'listStyleImage' | 'borderImageSource' | 'backgroundImage' | 'maskImage';

/** An image of a CSS value: its address, and the number of its pixels for each CSS pixel. */
export interface CssImage {
  url: string;
  density: number;
}

/** The image that a layer of a property shows; none for layers without an address, such as gradients, and none of formats that browsers skip. */
export function cssImage(layer: string): CssImage | undefined {
  if (!/^(url|(-webkit-)?image-set)\(/.test(layer)) return;
  const images = [...layer.matchAll(/url\("((?:\\.|[^"\\])*)"\)(?: ([\d.e+-]+)dppx)?(?: type\("image\/(\w+))?/gs)]
    .filter(([, , , type]) => !/^(jxl|hei.|tiff)$/.test(type!))
    .map(([, url, density = 1]) => ({ url: url!.replace(/\\(.)/gs, '$1'), density: +density }))
    .sort((a, b) => a.density - b.density);
  return images.find(({ density }) => density >= devicePixelRatio) ?? images.at(-1);
}
