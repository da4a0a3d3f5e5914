import type { Rect } from './protocol';
import { later, make } from './dom';
import { readDirect } from './pixels';
import type { Found } from './target';

/** The results of an edit, for the case that the overlay is lost: the browser has their bytes, also when the process that made them has ended. */
export interface Results {
  /** Size of the picture in its own pixels. */
  size: readonly [width: number, height: number];
  /** Where each of the patches lies, the oldest first. */
  rects: readonly Rect[];
  patches: readonly Blob[];
}

/** The name of a saved file after the address of its picture. */
function nameOf(source: string): string {
  const { protocol = '', pathname = '' } = URL.parse(source) ?? {};
  const last = /^(https?|file):/.test(protocol) ? pathname.split('/').at(-1)! : '';
  return `${last.replace(/\.\w+$/, '') || 'picture'}-edited.png`;
}

/** Saves the picture with these results on it, as a PNG. Rejects where its own pixels are not to be had any more. */
export async function rescue(found: Found, { size: [width, height], rects, patches }: Results): Promise<void> {
  const [, file] = await readDirect(found);
  const [picture, ...results] = await Promise.all([file!, ...patches].map((blob) => createImageBitmap(blob)));
  if (picture!.width !== width || picture!.height !== height) throw 'another picture';
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d')!;
  context.drawImage(picture!, 0, 0);
  for (const [i, { x, y, width, height }] of rects.entries()) {
    context.clearRect(x, y, width, height);
    context.drawImage(results[i]!, x, y);
  }
  const link = make('a');
  link.href = URL.createObjectURL(await canvas.convertToBlob());
  link.download = nameOf(found.source);
  link.click();
  later(60_000, () => URL.revokeObjectURL(link.href));
}
