/** Every element of the document in order, those in open shadow trees included. */
export const everything = (root: ParentNode = document): Element[] =>
  [...root.querySelectorAll('*')].flatMap((element) =>
    element.shadowRoot ? [element, ...everything(element.shadowRoot)] : element,
  );

/** The parent that layout sees: a slotted element hangs in its slot, the top of a shadow tree in its host. */
export const flatParent = (element: Element): Element | undefined =>
  element.assignedSlot ?? element.parentElement ?? (element.getRootNode() as Partial<ShadowRoot>).host;

/** What lies at a point of the viewport, topmost first, through shields and into open shadow roots. */
export const stackAt = (x: number, y: number, root: Document | ShadowRoot = document): Element[] =>
  root.elementsFromPoint(x, y).flatMap((element) => {
    // A shadow root also names what is around it.
    if (element.getRootNode() !== root) return [];
    return element.shadowRoot ? [...stackAt(x, y, element.shadowRoot), element] : element;
  });

/** The innermost element under the pointer. It still names what was right-clicked after the menu has closed. */
export function hovered(root: ParentNode = document): Element | undefined {
  const last = [...root.querySelectorAll(':hover:not(html,body)')].at(-1);
  return (last?.shadowRoot && hovered(last.shadowRoot)) ?? last;
}
