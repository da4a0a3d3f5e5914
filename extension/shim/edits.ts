import { addressesOf, attributeEdit } from './attributes';
import { canvasEdit } from './canvas';
import { isCanvas, isVideo } from './dom';
import type { Edit, Inherit } from './edit';
import { notReplaceable, refuse } from './refusal';
import { get } from './native';
import { isStill, pictures, sourceOf, type Found } from './target';

/**
 * The edits of this document, by element. They outlive a session, so that a later session on the same element restores the page's own picture and not
 * an earlier result.
 */
const edits = new WeakMap<Element, Edit>();

/** The edit of a picture, if it has one. */
export const editOf = ({ element }: Found): Edit | undefined => edits.get(element);

/** Learns by which addresses the picture may be known later. */
export const learnAddresses = (found: Found): void => void (found.known = isCanvas(found.element) ? [] : addressesOf(found));

/**
 * Whether the picture is in the page: in its element, or in another one by now, because the page moved it or rendered anew. What else the element shows by
 * now, the next slide or the next view of a camera, is another picture.
 */
export function isInPage(found: Found): boolean {
  const { element, known = [] } = found;
  // As long as a result stands in the page, the picture does.
  if (get(element, 'isConnected') && (edits.has(element) || isStill(found) || known.includes(sourceOf(found)))) return true;
  const isSame = ({ kind, property, pseudo, source }: Found) =>
    kind === found.kind && property === found.property && pseudo === found.pseudo && source === found.source;
  const heir = found.source && pictures().find(isSame);
  if (heir) found.element = heir.element;
  return !!heir;
}

/** Shows a result in the place of a picture. */
export async function apply(found: Found, ...shown: Parameters<Edit['show']>): Promise<void> {
  if (!isInPage(found)) refuse({ failure: 'gone' });
  const { element } = found;
  if (isVideo(element) || found.pseudo || found.tainted) notReplaceable();
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
