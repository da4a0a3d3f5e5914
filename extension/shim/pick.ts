import { pictureAt } from './clicked';
import { make, on, rectOf } from './dom';
import { addHost, PICK, place } from './style';
import { isOffered, offered, type Found } from './target';

/** What the page would hear while the user only points at a picture. */
const POINTER = 'pointerdown pointerup mousedown mouseup click auxclick dblclick contextmenu touchstart touchend dragstart';

/** Which way a key goes through the pictures. */
const STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Tab: 1, Enter: 0, Escape: 0 };

/**
 * Lets the user pick a picture of this document; every frame of a page does this for itself. `taken` gets the
 * picture, or none when the user leaves. Returns what ends it from outside, of which `taken` is not told.
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
    // Before anything is pointed at, the hint stands in the middle of the page, and not in every frame of it.
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

  /** Goes to the next picture on the screen, in the order in which one reads. */
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
    // A touch that is prevented never becomes a click.
    swallow(event, !event.type.startsWith('touch'));
    const found = event.type === 'click' && pictureAt(event.clientX, event.clientY);
    if (found) take(found);
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
    const by = STEPS[key];
    if (by === undefined || ctrlKey || altKey || metaKey) return;
    swallow(event, true);
    if (type === 'keyup') return;
    if (by) step(shiftKey ? -by : by);
    else if (key === 'Escape') take();
    else if (current) take(current);
  }, signal);

  layer.popover = 'manual';
  hint.role = 'status';
  hint.textContent = chrome.i18n.getMessage('pickHint');
  layer.append(box, hint);
  const host = addHost(layer, PICK);
  layer.showPopover();
  show(undefined);
  return end;
}

/** Keeps an event from the page, and from doing what it does by itself. */
function swallow(event: Event, entirely: boolean): void {
  if (entirely) event.preventDefault();
  event.stopImmediatePropagation();
}
