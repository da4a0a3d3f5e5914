import { pictureAt } from './clicked';
import { later, make, on, rectOf } from './dom';
import { farewell, farewellWords } from './farewell';
import { call, get, unlockPointer } from './native';
import { addHost, PICK, place } from './style';
import { isOffered, offered, type Found, type Subject } from './target';
import { everything } from './tree';
import { ANY_FRAME } from './protocol';

/** Events that are kept from the page while the user picks a picture. */
const POINTER = 'pointerdown pointerup mousedown mouseup click auxclick dblclick contextmenu touchstart touchend dragstart';

/** The keys that are handled, with the number of pictures that each goes forward. */
const KEY_STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Tab: 1, Enter: 0, Escape: 0 };

/** Milliseconds between two looks at whether the extension is still there and the page has the mouse to itself. */
const LOOK = 400;

/** A frame of another origin, which this script is not in. Its pictures are picked there, after the user agreed. */
interface Foreign {
  readonly element: HTMLIFrameElement;
  readonly origin: string;
  /** Covers the frame, so that it can be pointed at from here. */
  readonly shield: HTMLElement;
}

type Choice = Found | Foreign;

/** The frames of other origins. Those without an address of their own belong to this document. */
function foreignFrames(): Foreign[] {
  const foreign = ({ src }: HTMLIFrameElement) => /^https?:/.test(src) && new URL(src).origin !== origin;
  return everything()
    .filter((element) => element instanceof HTMLIFrameElement)
    .filter((element) => !get(element, 'contentDocument') && foreign(element))
    .map((element) => ({ element, origin: new URL(element.src).origin, shield: make('i') }));
}

/** What a session is begun with for a choice. */
const subjectOf = (choice: Choice): Subject =>
  'kind' in choice ? choice : { target: 'frame', origin: choice.origin, frameId: ANY_FRAME, srcUrl: null };

/**
 * Lets the user pick a picture of this document; each frame of a page does this separately. `taken` is called with the picture, or without one when
 * the user cancels. Returns a function that ends the picking without a call of `taken`.
 *
 * Once the extension is gone (reloaded, updated, switched off), nothing can be picked any more: then the picking ends, and the page has its events back.
 */
export function pick(taken: (subject?: Subject) => void): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const layer = make('section');
  const box = make('div');
  const hint = make('p');
  const frames = foreignFrames();
  const words = farewellWords();
  let current: Choice | undefined;
  let pointer: PointerEvent | undefined;

  /** What is to be had at a point of the viewport. */
  function choiceAt({ clientX, clientY }: MouseEvent): Choice | undefined {
    const top = call(document, 'elementsFromPoint', clientX, clientY).find((element) => element !== host);
    return frames.find(({ element }) => element === top) ?? pictureAt(clientX, clientY);
  }

  function show(found: Choice | undefined): void {
    for (const { shield, element } of frames) place(shield, rectOf(element));
    current = found && (!('kind' in found) || isOffered(found)) ? found : undefined;
    box.hidden = !current;
    // Before a picture is pointed at, only the top document shows the hint, not every frame.
    hint.hidden = !current && window !== top;
    if (current) place(box, rectOf(current.element));
  }

  const look = () => show(pointer ? choiceAt(pointer) : current);

  function end(): void {
    stop.abort();
    host.remove();
  }

  function take(found?: Choice): void {
    end();
    taken(found && subjectOf(found));
  }

  /** Whether there is nothing to pick, here or in a frame. */
  const isEmpty = () => window === top && !offered().length && !call(document, 'querySelector', 'iframe,frame');

  /** Goes `by` pictures forward among those on the screen, from top to bottom and from left to right. */
  function step(by: number): void {
    const all = [...frames, ...offered()]
      .map((found: Choice) => ({ found, rect: rectOf(found.element) }))
      .filter(({ rect }) => rect.bottom > 0 && rect.right > 0 && rect.y < innerHeight && rect.x < innerWidth)
      .sort((a, b) => a.rect.y - b.rect.y || a.rect.x - b.rect.x);
    const now = all.findIndex(({ found }) => found.element === current?.element);
    pointer = undefined;
    show(all.at(now < 0 ? Math.min(by, 0) : (now + by) % all.length)?.found);
  }

  /** Whether the extension is there. Where it is not any more, the picking ends, and the page of the tab says why. */
  function isAlive(): boolean {
    if (chrome.runtime?.id) return true;
    end();
    if (window === top) farewell(words);
    return false;
  }

  /** Listens for as long as the extension is there: what it does not hear belongs to the page. */
  const hear = (types: string, heard: (event: any) => void) => on(window, types, (event) => isAlive() && heard(event), signal);

  function watch(): void {
    if (signal.aborted || !isAlive()) return;
    unlockPointer();
    later(LOOK, watch);
  }

  hear(POINTER, (event: MouseEvent) => {
    // The default of touches is not prevented, because then they would not become clicks.
    swallow(event, !event.type.startsWith('touch'));
    const found = event.type === 'click' && choiceAt(event);
    // The picture that was pointed at, even if the page shows another one since the press.
    if (found) take(current ?? found);
    else if (event.type === 'click' && isEmpty()) take();
  });
  hear('pointermove', (event: PointerEvent) => {
    pointer = event;
    look();
  });
  hear('pointerout', ({ relatedTarget }: PointerEvent) => {
    if (relatedTarget) return;
    pointer = undefined;
    show(undefined);
  });
  hear('scroll resize', look);
  hear('pointerlockchange', unlockPointer);
  hear('keydown keyup', (event: KeyboardEvent) => {
    const { key, shiftKey, ctrlKey, altKey, metaKey, type } = event;
    const by = KEY_STEPS[key];
    if (by === undefined || ctrlKey || altKey || metaKey) return;
    swallow(event, true);
    if (type === 'keyup') return;
    if (by) step(shiftKey ? -by : by);
    else if (key === 'Escape') take();
    else if (current) take(current);
  });

  layer.popover = 'manual';
  hint.role = 'status';
  const say = (key: string) => chrome.i18n.getMessage(key);
  hint.textContent = say(!isEmpty() ? 'pickHint' : get(document, 'contentType') === 'application/pdf' ? 'pickPdf' : 'pickNone');
  if (isEmpty()) {
    // What a plug-in of the browser fills hears of no click: the button always does.
    const button = make('button');
    button.textContent = say('close');
    hint.append(button);
  }
  layer.append(...frames.map(({ shield }) => shield), box, hint);
  const { host } = addHost(layer, PICK);
  layer.showPopover();
  show(undefined);
  watch();
  return end;
}

/** Keeps an event from the page and, if `entirely`, prevents its default as well. */
function swallow(event: Event, entirely: boolean): void {
  if (entirely) event.preventDefault();
  event.stopImmediatePropagation();
}
