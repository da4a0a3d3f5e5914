import type { Rect } from './protocol';
import { AttributeReplacement } from './attributes';
import { BackgroundReplacement } from './background';
import { CanvasReplacement } from './canvas';
import { notReplaceable } from './refusal';
import type { Found } from './target';

/** What is shown in place of a picture, and how it was before. */
export interface Replacement {
  /** Shows `blob`, which is `width` x `height` pixels, or throws and leaves everything as it was. */
  apply(blob: Blob, changed: Rect, width: number, height: number): Promise<void>;
  /** Makes everything as it was before the first `apply`. */
  revert(): void;
  /** True while a successor of an element that was removed may still turn up. */
  readonly waiting?: boolean;
}

/**
 * What was replaced in this document. It outlives the session, so that a later one on the same element goes
 * back to the page's own picture and not to our earlier result.
 */
const replacements = new WeakMap<Element, Map<number, Replacement>>();

/** The replacement of a picture, made at the first call. */
export function replacementOf(found: Found): Replacement {
  const known = replacementFor(found);
  if (known) return known;
  const { element, layer } = found;
  // The element may be another one by then.
  const forget = () => replacements.get(found.element)?.delete(layer);
  const made = make(found, forget);
  if (!replacements.has(element)) replacements.set(element, new Map());
  replacements.get(element)!.set(layer, made);
  return made;
}

/** The replacement of a picture, if it was ever replaced. */
export function replacementFor({ element, layer }: Found): Replacement | undefined {
  return replacements.get(element)?.get(layer);
}

function make(found: Found, forget: () => void): Replacement {
  const { element } = found;
  if (element instanceof HTMLCanvasElement) return new CanvasReplacement(element, forget);
  if (found.kind === 'background') return new BackgroundReplacement(found, forget);
  if (element instanceof HTMLVideoElement) throw notReplaceable();
  return new AttributeReplacement(found, forget, (successor, replacement) => {
    forget();
    found.element = successor;
    replacements.set(successor, new Map([[0, replacement]]));
  });
}
