import type { Rect } from './protocol';
import { attributeEdit } from './attributes';
import { canvasEdit } from './canvas';
import { isCanvas, isVideo } from './dom';
import { notReplaceable } from './refusal';
import type { Found } from './target';

/** What is shown in place of a picture, and how it was before. */
export interface Edit {
  /** Shows `blob`, which is `width` x `height` pixels, or throws and leaves everything as it was. */
  show(blob: Blob, changed: Rect, width: number, height: number): Promise<void>;
  /** Makes everything as it was before the first `show`. */
  revert(): void;
}

/** Shows the same result in an element that the page put in the place of the edited one. */
export type Inherit = (heir: Element, ...last: Parameters<Edit['show']>) => void;

/**
 * What was edited in this document. It outlives the session, so that a later one on the same element goes
 * back to the page's own picture and not to our earlier result.
 */
const edits = new WeakMap<Element, Edit>();

/** The edit that stands in a picture's place. */
export const editOf = ({ element }: Found): Edit | undefined => edits.get(element);

/** Shows a result in place of a picture. */
export async function apply(found: Found, ...shown: Parameters<Edit['show']>): Promise<void> {
  const { element } = found;
  if (isVideo(element)) notReplaceable();
  const forget = () => edits.delete(element);
  const inherit: Inherit = (heir, ...last) => {
    found.element = heir;
    apply(found, ...last).catch(() => 0);
  };
  const edit = editOf(found) ?? (isCanvas(element) ? canvasEdit(element, forget) : attributeEdit(found, forget, inherit));
  await edit.show(...shown);
  edits.set(element, edit);
}
