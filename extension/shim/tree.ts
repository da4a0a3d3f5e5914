/** Elements of ours in the page. They are never a picture, and nothing is looked for inside them. */
export const ours = new WeakSet<Element>();

/** The elements that the standard lets carry a shadow root; asking about every other one only costs time. */
const HOSTS = /-|^(article|aside|blockquote|body|div|footer|h[1-6]|header|main|nav|p|section|span)$/;

/** The shadow root of an element, also a closed one where the browser lets us see it. */
export function shadowOf(element: Element): ShadowRoot | null {
  if (ours.has(element)) return null;
  if (element.shadowRoot) return element.shadowRoot;
  if (!(element instanceof HTMLElement) || !HOSTS.test(element.localName)) return null;
  return (chrome.dom?.openOrClosedShadowRoot(element) as ShadowRoot | null | undefined) ?? null;
}

/** Every element of the document in order, shadow trees included. */
export function* everything(root: ParentNode = document): Generator<Element> {
  for (const element of root.querySelectorAll('*')) {
    if (ours.has(element)) continue;
    yield element;
    const shadow = shadowOf(element);
    if (shadow) yield* everything(shadow);
  }
}

/** The parent that layout sees: a slotted element hangs in its slot, the top of a shadow tree in its host. */
export function flatParent(element: Element): Element | null {
  const parent = element.assignedSlot ?? element.parentNode;
  if (parent instanceof ShadowRoot) return parent.host;
  return parent instanceof Element ? parent : null;
}

/** The element and all that layout puts around it, from the inside out. */
export function* flatAncestors(element: Element): Generator<Element> {
  for (let at: Element | null = element; at; at = flatParent(at)) yield at;
}

/** What lies at a point of the viewport, topmost first, through shields and shadow roots. */
export function stackAt(x: number, y: number, root: Document | ShadowRoot = document): Element[] {
  return root.elementsFromPoint(x, y).flatMap((element) => {
    if (ours.has(element) || element.getRootNode() !== root) return [];
    const shadow = shadowOf(element);
    return shadow ? [...stackAt(x, y, shadow), element] : [element];
  });
}

/** The innermost element under the pointer. It still names what was right-clicked after the menu has closed. */
export function hovered(): Element | null {
  let found: Element | null = null;
  for (let root: Document | ShadowRoot | null = document; root; ) {
    const last: Element | undefined = [...root.querySelectorAll(':hover')].at(-1);
    if (!last || ours.has(last)) break;
    found = last;
    root = shadowOf(last);
  }
  return found;
}
