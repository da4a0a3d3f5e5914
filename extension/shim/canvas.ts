import type { Rect } from './protocol';
import type { Edit } from './edit';
import { notReplaceable } from './refusal';

/** Edits a canvas by drawing into it, only where something changed, because the page may go on drawing elsewhere. */
export function canvasEdit(canvas: HTMLCanvasElement, forget: () => void): Edit {
  /** The pixels that each change replaced, in the order of the changes. */
  const before: [OffscreenCanvas, Rect][] = [];
  return {
    async show(blob, rect, width, height) {
      const context = canvas.getContext('2d');
      if (!context || canvas.width !== width || canvas.height !== height) return notReplaceable();
      const bitmap = await createImageBitmap(blob);
      const copy = new OffscreenCanvas(rect.width || 1, rect.height || 1);
      copy.getContext('2d', context.getContextAttributes())!.drawImage(canvas, -rect.x, -rect.y);
      put(context, bitmap, rect.x, rect.y, rect);
      before.push([copy, rect]);
      bitmap.close();
    },
    revert() {
      for (const [copy, rect] of before.reverse()) put(canvas.getContext('2d')!, copy, 0, 0, rect);
      forget();
    },
  };
}

/** Whether all pixels of a canvas or picture are transparent, judged on a reduced copy. Throws where the page cannot read it, or where it has none. */
export function isBlank(canvas: HTMLCanvasElement | HTMLImageElement | HTMLVideoElement): boolean {
  const side = 64;
  const context = new OffscreenCanvas(side, side).getContext('2d')!;
  context.drawImage(canvas, 0, 0, side, side);
  return context.getImageData(0, 0, side, side).data.every((byte) => !byte);
}

/** Replaces the pixels of a rectangle, independently of the state that the page has set on its context. The current path is kept. */
function put(
  context: CanvasRenderingContext2D,
  source: CanvasImageSource,
  left: number,
  top: number,
  { x, y, width, height }: Rect,
): void {
  context.save();
  context.resetTransform();
  Object.assign(context, {
    globalAlpha: 1,
    globalCompositeOperation: 'source-over',
    filter: 'none',
    shadowColor: 'transparent',
  });
  context.clearRect(x, y, width, height);
  context.drawImage(source, left, top, width, height, x, y, width, height);
  context.restore();
}
