import { flatAncestors } from './tree';

/** Remembers where the user was in the page, and returns what brings them back. */
export function rememberPlace(element: Element | null): () => void {
  const focused = deepFocus();
  const selection = getSelection();
  const { anchorNode, anchorOffset = 0, focusNode, focusOffset = 0 } = selection ?? {};
  const scrolled = [...(element ? flatAncestors(element) : []), document.scrollingElement]
    .filter((at) => at !== null)
    .map((at) => ({ at, left: at.scrollLeft, top: at.scrollTop }));
  return () => {
    if (focused?.isConnected && focused !== deepFocus()) focused.focus({ preventScroll: true });
    if (anchorNode?.isConnected && focusNode?.isConnected) {
      const same = selection!.anchorNode === anchorNode && selection!.focusNode === focusNode;
      if (!same || selection!.anchorOffset !== anchorOffset || selection!.focusOffset !== focusOffset) {
        selection!.setBaseAndExtent(anchorNode, anchorOffset, focusNode, focusOffset);
      }
    }
    for (const { at, left, top } of scrolled) {
      if (at.scrollLeft !== left || at.scrollTop !== top) at.scrollTo({ left, top, behavior: 'instant' });
    }
  };
}

/** The element that has the focus, also inside of open shadow roots; none where nothing but the page has it. */
function deepFocus(): HTMLElement | null {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at instanceof HTMLElement && at !== document.body ? at : null;
}
