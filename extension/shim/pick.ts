import { isOffered, offered, pictureAt, type Found } from './target';
import { closedRoot, make, PICK, shield } from './style';
import { ours } from './tree';

/** Events that would reach the page while the user only points at a picture. */
const POINTER = [
  'pointerdown', 'pointerup', 'mousedown', 'mouseup', 'click', 'auxclick', 'dblclick', 'contextmenu',
  'touchstart', 'touchend', 'dragstart',
];

/** Which way a key goes through the pictures. */
const STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** Without any input for so long, another frame has surely got the pick. Milliseconds. */
const IDLE = 60_000;

/** Lets the user pick a picture of this document. Every frame of a page does this for itself. */
export class Pick {
  readonly #stop = new AbortController();
  readonly #host = make('div');
  readonly #layer = make('section');
  readonly #box = make('div');
  readonly #label = make('p');
  #current: Found | undefined;
  #at: { x: number; y: number } | null = null;
  #frame = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;

  /** `taken` gets the picture; none when the user left. */
  readonly #taken: (found: Found | undefined) => void;

  constructor(taken: (found: Found | undefined) => void) {
    this.#taken = taken;
    ours.add(this.#host);
    shield(this.#host);
    const root = closedRoot(this.#host, PICK);
    this.#layer.popover = 'manual';
    this.#label.role = 'status';
    this.#label.textContent = chrome.i18n.getMessage('pickHint');
    this.#layer.append(this.#box, this.#label);
    root.append(this.#layer);
    document.documentElement.append(this.#host);
    this.#layer.showPopover();
    this.#show(undefined);

    const { signal } = this.#stop;
    const capture = { capture: true, signal, passive: false };
    for (const type of POINTER) addEventListener(type, (event) => this.#pointer(event as MouseEvent), capture);
    addEventListener('pointermove', (event) => event.isTrusted && this.#look(event.clientX, event.clientY), capture);
    addEventListener('keydown', (event) => this.#key(event), capture);
    addEventListener('keyup', (event) => this.#isOurKey(event) && swallow(event), capture);
    addEventListener('scroll', () => this.#refresh(), capture);
    addEventListener('resize', () => this.#refresh(), { signal });
    document.documentElement.addEventListener('mouseleave', () => this.#leave(), { signal });
    document.addEventListener('visibilitychange', () => this.end(), { signal });
    addEventListener('blur', (event) => event.target === window && this.end(), { signal });
    this.#stayAwake();
  }

  /** Leaves without a picture, or with one. */
  end(found?: Found): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    clearTimeout(this.#idle);
    cancelAnimationFrame(this.#frame);
    this.#host.remove();
    this.#taken(found);
  }

  #stayAwake(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.end(), IDLE);
  }

  #pointer(event: MouseEvent): void {
    if (!event.isTrusted) return;
    // A touch that is prevented never becomes a click.
    if (event.type.startsWith('touch')) event.stopImmediatePropagation();
    else swallow(event);
    if (event.type !== 'click') return;
    const found = pictureAt(event.clientX, event.clientY);
    if (found) this.end(found);
  }

  #look(x: number, y: number): void {
    this.#stayAwake();
    this.#at = { x, y };
    this.#refresh();
  }

  #leave(): void {
    this.#at = null;
    this.#show(undefined);
  }

  /** Looks again at what is under the pointer, once a frame. */
  #refresh(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#show(this.#at ? pictureAt(this.#at.x, this.#at.y) : this.#current);
    });
  }

  #isOurKey({ key, isTrusted, ctrlKey, altKey, metaKey }: KeyboardEvent): boolean {
    if (!isTrusted || ctrlKey || altKey || metaKey) return false;
    return key in STEPS || key === 'Tab' || key === 'Enter' || key === 'Escape';
  }

  #key(event: KeyboardEvent): void {
    if (!this.#isOurKey(event)) return;
    swallow(event);
    this.#stayAwake();
    if (event.key === 'Escape') this.end();
    else if (event.key === 'Enter') {
      if (this.#current) this.end(this.#current);
    } else this.#step(STEPS[event.key] ?? (event.shiftKey ? -1 : 1));
  }

  /** Goes to the next picture on the screen, in the order in which one reads. */
  #step(by: number): void {
    const all = offered()
      .map((found) => ({ found, rect: found.element.getBoundingClientRect() }))
      .filter(({ rect }) => rect.bottom > 0 && rect.right > 0 && rect.top < innerHeight && rect.left < innerWidth)
      .sort((a, b) => a.rect.top - b.rect.top || a.rect.left - b.rect.left)
      .map(({ found }) => found);
    if (!all.length) return;
    const now = all.findIndex(({ element, layer }) => element === this.#current?.element && layer === this.#current.layer);
    const next = now < 0 ? (by > 0 ? 0 : -1) : (now + by) % all.length;
    this.#at = null;
    this.#show(all.at(next));
  }

  #show(found: Found | undefined): void {
    this.#current = found && found.element.isConnected && isOffered(found) ? found : undefined;
    this.#box.hidden = !this.#current;
    // Before anything is pointed at, the hint stands in the middle of the page, and not in every frame of it.
    this.#label.hidden = !this.#current && window !== top;
    const { style } = this.#label;
    if (!this.#current) {
      Object.assign(style, { left: '50%', top: '12px', transform: 'translateX(-50%)' });
      return;
    }
    const { left, top: y, width, height } = this.#current.element.getBoundingClientRect();
    Object.assign(this.#box.style, { left: `${left}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
    Object.assign(style, { left: `${Math.max(8, left + 8)}px`, top: `${Math.max(8, y + 8)}px`, transform: 'none' });
  }
}

function swallow(event: Event): void {
  event.preventDefault();
  event.stopImmediatePropagation();
}
