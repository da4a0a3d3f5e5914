/** All elements of the document in order, including those in open shadow trees. */
export const everything = (root: ParentNode = document): Element[] =>
  [...root.querySelectorAll('*')].flatMap((element) =>
    element.shadowRoot ? [element, ...everything(element.shadowRoot)] : element,
  );

/** The parent in the flat tree: the slot of a slotted element, the host of a shadow tree's top element. */
export const flatParent = (element: Element): Element | undefined =>
  element.assignedSlot ?? element.parentElement ?? (element.getRootNode() as Partial<ShadowRoot>).host;

/** All elements at a point of the viewport, topmost first, including those in open shadow trees. */
export const stackAt = (x: number, y: number, root: Document | ShadowRoot = document): Element[] =>
  root.elementsFromPoint(x, y).flatMap((element) => {
    // A shadow root also lists elements outside of it.
    if (element.getRootNode() !== root) return [];
    return element.shadowRoot ? [...stackAt(x, y, element.shadowRoot), element] : element;
  });

/** The innermost element under the pointer. After a context menu has closed, it is still the one that was right-clicked. */
export function hovered(root: ParentNode = document): Element | undefined {
  const last = [...root.querySelectorAll(':hover:not(html,body)')].at(-1);
  return (last?.shadowRoot && hovered(last.shadowRoot)) ?? last;
}
