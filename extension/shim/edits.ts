import { attributeEdit } from './attributes';
import { canvasEdit } from './canvas';
import { isCanvas, isVideo } from './dom';
import type { Edit, Inherit } from './edit';
import { notReplaceable } from './refusal';
import type { Found } from './target';

/**
 * The edits of this document, by element. They outlive a session, so that a later session on the same element restores the page's own picture and not
 * an earlier result.
 */
const edits = new WeakMap<Element, Edit>();

/** The edit of a picture, if it has one. */
export const editOf = ({ element }: Found): Edit | undefined => edits.get(element);

/** Shows a result in the place of a picture. */
export async function apply(found: Found, ...shown: Parameters<Edit['show']>): Promise<void> {
  const { element } = found;
  if (isVideo(element) || found.tainted) notReplaceable();
  const was = editOf(found)?.source ?? found.source;
  const forget = () => edits.delete(element);
  const inherit: Inherit = (heir, ...last) => {
    found.element = heir;
    apply(found, ...last).catch(() => 0);
  };
  const edit = editOf(found) ?? (isCanvas(element) ? canvasEdit(element, forget) : attributeEdit(found, forget, inherit));
  edit.source ??= was;
  await edit.show(...shown);
  edits.set(element, edit);
}
