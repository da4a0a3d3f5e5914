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
      before.push([copy, rect]);
      put(context, bitmap, rect.x, rect.y, rect);
    },
    revert() {
      for (const [copy, rect] of before.reverse()) put(canvas.getContext('2d')!, copy, 0, 0, rect);
      forget();
    },
  };
}

/** Whether a canvas holds pixels of another origin, so that the page cannot read it. */
export function isTainted(canvas: HTMLCanvasElement): boolean {
  // Through a copy, because asking for a context would give one to a canvas without.
  const copy = new OffscreenCanvas(1, 1).getContext('2d')!;
  try {
    copy.drawImage(canvas, 0, 0);
    copy.getImageData(0, 0, 1, 1);
    return false;
  } catch (error) {
    // Another error: it has no pixels at all.
    return (error as Error).name === 'SecurityError';
  }
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
