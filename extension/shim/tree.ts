import { call, get } from './native';

const { dom } = chrome;

/** The shadow tree of an element, also a closed one: Chromium has a function for that, Firefox a property. */
export const innerOf = (element: Element): ShadowRoot | null => {
  if (!(element instanceof HTMLElement)) return get(element, 'shadowRoot');
  return dom?.openOrClosedShadowRoot(element) ?? get(element as Partial<Opened>, 'openOrClosedShadowRoot') ?? get(element, 'shadowRoot');
};

interface Opened {
  openOrClosedShadowRoot: ShadowRoot | null;
}

/** All elements of the document in order, including those in shadow trees. */
export const everything = (root: ParentNode = document): Element[] =>
  [...call(root, 'querySelectorAll', '*')].flatMap((element) => {
    const inner = innerOf(element);
    return inner ? [element, ...everything(inner)] : element;
  });

/** The parent in the flat tree: the slot of a slotted element, the host of a shadow tree's top element. */
export const flatParent = (element: Element): Element | undefined =>
  get(element, 'assignedSlot') ?? get(element, 'parentElement') ?? get(call(element, 'getRootNode') as Partial<ShadowRoot>, 'host');

/** All elements at a point of the viewport, topmost first, including those in shadow trees. */
export const stackAt = (x: number, y: number, root: Document | ShadowRoot = document): Element[] =>
  call(root, 'elementsFromPoint', x, y).flatMap((element) => {
    // A shadow root also lists elements outside of it.
    if (call(element, 'getRootNode') !== root) return [];
    const inner = innerOf(element);
    return inner ? [...stackAt(x, y, inner), element] : element;
  });

/** The innermost element under the pointer. After a context menu has closed, it is still the one that was right-clicked. */
export function hovered(root: ParentNode = document): Element | undefined {
  const last = [...call(root, 'querySelectorAll', ':hover:not(html,body)')].at(-1);
  const inner = last && innerOf(last);
  return (inner && hovered(inner)) ?? last;
}
