import { pictureAt } from './clicked';
import { make, on, rectOf } from './dom';
import { call } from './native';
import { addHost, PICK, place } from './style';
import { isOffered, offered, type Found } from './target';

/** Events that are kept from the page while the user picks a picture. */
const POINTER = 'pointerdown pointerup mousedown mouseup click auxclick dblclick contextmenu touchstart touchend dragstart';

/** The keys that are handled, with the number of pictures that each goes forward. */
const KEY_STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Tab: 1, Enter: 0, Escape: 0 };

/**
 * Lets the user pick a picture of this document; each frame of a page does this separately. `taken` is called with the picture, or without one when
 * the user cancels. Returns a function that ends the picking without a call of `taken`.
 */
export function pick(taken: (found?: Found) => void): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const layer = make('section');
  const box = make('div');
  const hint = make('p');
  let current: Found | undefined;
  let pointer: PointerEvent | undefined;

  function show(found: Found | undefined): void {
    current = found && isOffered(found) ? found : undefined;
    box.hidden = !current;
    // Before a picture is pointed at, only the top document shows the hint, not every frame.
    hint.hidden = !current && window !== top;
    if (current) place(box, rectOf(current.element));
  }

  const look = () => show(pointer ? pictureAt(pointer.clientX, pointer.clientY) : current);

  function end(): void {
    stop.abort();
    host.remove();
  }

  function take(found?: Found): void {
    end();
    taken(found);
  }

  /** Whether there is nothing to pick, here or in a frame. */
  const isEmpty = () => window === top && !offered().length && !call(document, 'querySelector', 'iframe,frame');

  /** Goes `by` pictures forward among those on the screen, from top to bottom and from left to right. */
  function step(by: number): void {
    const all = offered()
      .map((found) => ({ found, rect: rectOf(found.element) }))
      .filter(({ rect }) => rect.bottom > 0 && rect.right > 0 && rect.y < innerHeight && rect.x < innerWidth)
      .sort((a, b) => a.rect.y - b.rect.y || a.rect.x - b.rect.x);
    const now = all.findIndex(({ found }) => found.element === current?.element);
    pointer = undefined;
    show(all.at(now < 0 ? Math.min(by, 0) : (now + by) % all.length)?.found);
  }

  on(window, POINTER, (event: MouseEvent) => {
    // The default of touches is not prevented, because then they would not become clicks.
    swallow(event, !event.type.startsWith('touch'));
    const found = event.type === 'click' && pictureAt(event.clientX, event.clientY);
    // The picture that was pointed at, even if the page shows another one since the press.
    if (found) take(current ?? found);
    else if (event.type === 'click' && isEmpty()) take();
  }, signal);
  on(window, 'pointermove', (event: PointerEvent) => {
    pointer = event;
    look();
  }, signal);
  on(window, 'pointerout', ({ relatedTarget }: PointerEvent) => {
    if (relatedTarget) return;
    pointer = undefined;
    show(undefined);
  }, signal);
  on(window, 'scroll resize', look, signal);
  on(window, 'keydown keyup', (event: KeyboardEvent) => {
    const { key, shiftKey, ctrlKey, altKey, metaKey, type } = event;
    const by = KEY_STEPS[key];
    if (by === undefined || ctrlKey || altKey || metaKey) return;
    swallow(event, true);
    if (type === 'keyup') return;
    if (by) step(shiftKey ? -by : by);
    else if (key === 'Escape') take();
    else if (current) take(current);
  }, signal);

  layer.popover = 'manual';
  hint.role = 'status';
  hint.textContent = chrome.i18n.getMessage(isEmpty() ? 'pickNone' : 'pickHint');
  layer.append(box, hint);
  const { host } = addHost(layer, PICK);
  layer.showPopover();
  show(undefined);
  return end;
}

/** Keeps an event from the page and, if `entirely`, prevents its default as well. */
function swallow(event: Event, entirely: boolean): void {
  if (entirely) event.preventDefault();
  event.stopImmediatePropagation();
}
