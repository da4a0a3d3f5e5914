/** Reading of computed CSS values, as far as pictures need it. */

/** Parts of a list, cut at `separator` outside of parentheses and quotes. */
export function split(list: string, separator: ',' | ' '): string[] {
  const parts: string[] = [];
  let part = '';
  let depth = 0;
  let quote = '';
  for (let i = 0; i < list.length; i++) {
    const c = list[i]!;
    if (c === '\\') {
      part += c + (list[++i] ?? '');
      continue;
    }
    if (quote) {
      if (c === quote) quote = '';
    } else if (c === '"' || c === "'") quote = c;
    else if (c === '(') depth++;
    else if (c === ')') depth--;
    else if (c === separator && !depth) {
      parts.push(part.trim());
      part = '';
      continue;
    }
    part += c;
  }
  parts.push(part.trim());
  return parts.filter(Boolean);
}

/** The value that layer number `index` gets from a list that may be shorter than the list of images. */
export function layerValue(list: string, index: number): string {
  const values = split(list, ',');
  return values[index % values.length] ?? '';
}

/** An image of a CSS value: where it is, and how many of its pixels make a CSS pixel. */
export interface CssImage {
  url: string;
  density: number;
}

/** The image that a layer of `background-image` shows; none for gradients and the like. */
export function cssImage(layer: string): CssImage | null {
  const set = /^(?:-webkit-)?image-set\((.*)\)$/s.exec(layer);
  if (!set) {
    const url = urlValue(layer);
    return url === null ? null : { url, density: 1 };
  }
  const options = split(set[1]!, ',').flatMap((option) => {
    const [source = '', ...rest] = split(option, ' ');
    const url = urlValue(source);
    const resolution = rest.map((word) => /^([\d.e+-]+)(x|dppx|dpi|dpcm)$/.exec(word)).find(Boolean);
    const per = { x: 1, dppx: 1, dpi: 1 / 96, dpcm: 2.54 / 96 }[resolution?.[2] ?? 'x']!;
    return url === null ? [] : [{ url, density: Number(resolution?.[1] ?? 1) * per }];
  });
  options.sort((a, b) => a.density - b.density);
  return options.find((option) => option.density >= devicePixelRatio - 1e-3) ?? options.at(-1) ?? null;
}

/** The address in a computed `url("...")`, unescaped. */
function urlValue(value: string): string | null {
  const match = /^url\((["']?)(.*)\1\)$/s.exec(value);
  return (
    match &&
    match[2]!.replace(/\\(?:([\da-f]{1,6})\s?|(.))/gis, (_, hex: string | undefined, character: string) =>
      hex ? String.fromCodePoint(parseInt(hex, 16)) : character,
    )
  );
}

/** A length in pixels; 0 for what is none. */
export function px(value: string): number {
  return parseFloat(value) || 0;
}

/** The addresses in a `srcset`. */
export function srcsetUrls(srcset: string): string[] {
  return [...srcset.matchAll(/[\s,]*([^\s,]\S*[^\s,]|[^\s,])(?:\s[^,(]*(?:\([^)]*\)[^,(]*)*)?(?:,|$)/g)].map((m) => m[1]!);
}
