import { later, on, rectOf, soon } from './dom';
import { call, get, root, unlockPointer } from './native';
import { HOST, type Host } from './style';

/** The overlay's dialog with its frame. */
export interface Layers extends Host {
  dialog: HTMLDialogElement;
  iframe: HTMLIFrameElement;
  /** Whether the frame gets the keyboard; otherwise the dialog does. */
  hears(): boolean;
}

/** Keeps the overlay's dialog above everything else. */
export interface Topmost {
  /** Makes the dialog invisible, or visible again, and keeps its focus, which `visibility` would take away. */
  hide(hidden: boolean): void;
  /** Whether it was on top when last looked at. */
  isOnTop(): boolean;
  /** Looks at this moment: whether it is on top, and has been for as long as the user has to see it. */
  hasStayed(): boolean;
  /** Gives the keyboard to the frame, or to the dialog. */
  focus(): void;
  /** The page has taken the keyboard from the frame, or the user has left the page. */
  lostFocus(): void;
}

/** How many times the page may take the place or the keyboard of the overlay, of which one is forgotten every `FORGOTTEN` milliseconds. */
const PATIENCE = 10;
const FORGOTTEN = 2000;

/** How long the user has to see the overlay before a button with consequences acts, milliseconds. */
const SEEN = 500;

/** The same for a frame that says it has lost the keyboard: the browser's own bubbles and other tabs take it too, though not so often. */
const FOCUS_FORGOTTEN = 100;

/** The same for looks that find the mouse locked: it takes a few of them until the browser has ended that, and the page may lock it anew in between. */
const LOCK_FORGOTTEN = 30;

/** Maximum time in milliseconds between two looks, where there are no animation frames. */
const PAUSE = 100;

/** Maximum width in CSS pixels of a scroll bar of the page. */
const BAR = 40;

/** Distance in CSS pixels of the points that are looked at one row after another, where the browser does not tell what covers the frame: no button is smaller. */
const STEP = 30;

/**
 * Watches the dialog and puts it back on top as soon as it is not: a page can move or change the host, open dialogs and popovers later (in closed shadow
 * roots of its own, so that no event tells of it), cover the dialog with what lets clicks through, and take the focus or the mouse. Calls `beaten` when it
 * does so again and again, or when the frame cannot be shown at all.
 */
export function keepOnTop({ host, shadow, dialog, iframe, hears }: Layers, beaten: () => void, signal: AbortSignal): Topmost {
  let hidden = false;
  let onTop = false;
  /** When it was last not on top. */
  let covered = 0;
  /** The row of points that was looked at last. */
  let row = 0;
  /** Whether nothing covers the frame, also where clicks pass; none where the browser does not tell, or has not told since the last change. */
  let uncovered: boolean | undefined;
  const observer = new IntersectionObserver(
    (entries) => {
      uncovered = (entries.at(-1) as { isVisible?: boolean }).isVisible;
      look();
    },
    { trackVisibility: true, delay: 100 } as IntersectionObserverInit,
  );

  const keyboard = () => (hears() ? iframe : dialog);

  function focus(): void {
    // The document may not know that the frame has lost the focus, and then would not set it again.
    iframe.blur();
    keyboard().focus();
  }

  /** True for what pointer, keyboard and eye find in the frame's place. */
  function isOnTop(): boolean {
    const { x, y, right, bottom, width, height } = rectOf(iframe);
    const points = [x + 1, (x + right) / 2, right - 1].flatMap((at) => [y + 1, (y + bottom) / 2, bottom - 1].map((top): [number, number] => [at, top]));
    if (uncovered === undefined) {
      row = (row + STEP) % height;
      for (let at = STEP / 2; at < width; at += STEP) points.push([x + at, y + row]);
    }
    return (
      get(host, 'parentNode') === root() &&
      host.getAttributeNames().join() === 'style' &&
      host.style.cssText === HOST &&
      dialog.matches(':modal') &&
      width > innerWidth - BAR &&
      height > innerHeight - BAR &&
      points.every((point) => shadow.elementFromPoint(...point) === iframe) &&
      (hidden || uncovered !== false)
    );
  }

  function mend(): void {
    covered = performance.now();
    try {
      // The frame keeps its state, unless the page has moved the host in another way; then the frame begins anew, and its port is closed.
      if (get(host, 'parentNode') !== root()) call(root(), 'moveBefore', host, null);
      for (const name of host.getAttributeNames()) host.removeAttribute(name);
      host.style.cssText = HOST;
      // A view transition shows pictures of the page above everything.
      get(document, 'activeViewTransition')?.skipTransition();
      dialog.close();
      dialog.showModal();
      focus();
      watch();
    } catch {
      beaten();
    }
  }

  /** Observes anew: an observer tells of changes only. */
  function watch(): void {
    uncovered = undefined;
    observer.disconnect();
    observer.observe(iframe);
  }

  /** Makes what undoes something that the page has done, until it has done it too often. */
  function patient(forgotten: number): (undo: () => void) => void {
    let taken = 0;
    let last = 0;
    return (undo) => {
      const now = performance.now();
      taken = Math.max(0, taken - (now - last) / forgotten) + 1;
      last = now;
      if (taken > PATIENCE) beaten();
      else undo();
    };
  }

  const parry = patient(FORGOTTEN);
  const parryLoss = patient(FOCUS_FORGOTTEN);
  const parryLock = patient(LOCK_FORGOTTEN);

  function look(): void {
    if (signal.aborted || get(document, 'hidden')) return;
    const { zoom } = dialog.style;
    // The page may be zoomed by a style of its root, and the overlay is not.
    const unzoomed = String(1 / get(host, 'currentCSSZoom'));
    if (zoom !== unzoomed) dialog.style.zoom = unzoomed;
    onTop = isOnTop();
    if (unlockPointer()) parryLock(() => 0);
    if (!onTop) parry(mend);
    else if (call(document, 'hasFocus') && shadow.activeElement !== keyboard()) parry(focus);
  }

  /** Looks for as long as the overlay is there. */
  function go(): void {
    look();
    if (!signal.aborted) soon(PAUSE, go);
  }

  // The quickest way to learn of most of it; a page can keep these events from us.
  on(window, 'toggle', ({ target, newState }: ToggleEvent) => {
    if (newState === 'open' && call(target as Element, 'matches', 'dialog,:popover-open')) parry(mend);
  }, signal);
  on(window, 'fullscreenchange', look, signal);
  on(window, 'pointerlockchange', () => unlockPointer() && parry(() => 0), signal);
  signal.addEventListener('abort', () => observer.disconnect());
  watch();
  later(0, go);

  return {
    hide(now) {
      hidden = now;
      dialog.style.opacity = now ? '0' : '';
      watch();
    },
    isOnTop: () => onTop,
    hasStayed() {
      look();
      return performance.now() - covered > SEEN;
    },
    focus,
    lostFocus: () => call(document, 'hasFocus') && parryLoss(focus),
  };
}
