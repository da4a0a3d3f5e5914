import type { Rect } from './protocol';
import type { Replacement } from './apply';
import { notReplaceable } from './refusal';

/** Writes into the page's own canvas, and only where something changed: the rest may be drawn anew meanwhile. */
export class CanvasReplacement implements Replacement {
  /** What was under each change, in the order of the changes. */
  readonly #before: { rect: Rect; copy: OffscreenCanvas }[] = [];

  readonly #canvas: HTMLCanvasElement;
  readonly #forget: () => void;

  constructor(
    canvas: HTMLCanvasElement,
    forget: () => void,
  ) {
    this.#canvas = canvas;
    this.#forget = forget;
  }

  async apply(blob: Blob, rect: Rect, width: number, height: number): Promise<void> {
    const context = this.#context(width, height);
    const bitmap = await createImageBitmap(blob, { premultiplyAlpha: 'premultiply', colorSpaceConversion: 'default' });
    const copy = new OffscreenCanvas(Math.max(1, rect.width), Math.max(1, rect.height));
    const { colorSpace } = context.getContextAttributes();
    copy.getContext('2d', { colorSpace })!.drawImage(this.#canvas, -rect.x, -rect.y);
    this.#before.push({ rect, copy });
    put(context, bitmap, rect, rect);
    bitmap.close();
  }

  revert(): void {
    const context = this.#context(this.#canvas.width, this.#canvas.height);
    for (const { rect, copy } of this.#before.reverse()) put(context, copy, { ...rect, x: 0, y: 0 }, rect);
    this.#forget();
  }

  #context(width: number, height: number): CanvasRenderingContext2D {
    const context = this.#canvas.getContext('2d');
    if (!context || this.#canvas.width !== width || this.#canvas.height !== height) throw notReplaceable();
    return context;
  }
}

/** Replaces the pixels of a rectangle, whatever the page has set on its context; its path is left alone. */
function put(context: CanvasRenderingContext2D, source: CanvasImageSource, from: Rect, to: Rect): void {
  if (!to.width || !to.height) return;
  context.save();
  context.resetTransform();
  context.globalAlpha = 1;
  context.globalCompositeOperation = 'source-over';
  context.filter = 'none';
  context.shadowColor = 'transparent';
  context.imageSmoothingEnabled = false;
  context.clearRect(to.x, to.y, to.width, to.height);
  context.drawImage(source, from.x, from.y, to.width, to.height, to.x, to.y, to.width, to.height);
  context.restore();
}
