import type { Rect } from './protocol';
import type { Replacement } from './apply';
import { srcsetUrls } from './css';
import { ObjectUrl } from './objecturl';
import { notReplaceable } from './refusal';
import { absolute, picturesOf, sourceOf, type Found } from './target';

const XLINK = 'http://www.w3.org/1999/xlink';

/** How long the page may take to put another element in the place of one that it removed. Milliseconds. */
const REBIRTH = 1000;

/** How long the swap may take. Milliseconds. */
const PATIENCE = 20_000;

/** Data attributes in which lazy loaders keep the address of the picture that is to come. */
const LAZY = /src|lazy|origin|url|image|img|full|large|hi-?res/;

/** One attribute that decides what is displayed: the page's value of it, and ours. */
interface Slot {
  element: Element;
  name: string;
  namespace: string | null;
  original: string | null;
  ours: string | null;
}

/** Replaces what an `<img>`, an `<input type=image>` or an SVG `<image>` names as its source. */
export class AttributeReplacement implements Replacement {
  readonly #shown = new ObjectUrl();
  readonly #observer = new MutationObserver((records) => this.#pageWrote(records));
  #slots: Slot[];
  /** Addresses under which the page knows this picture. */
  readonly #known: Set<string>;
  /** Width of the page's picture in CSS pixels: ours has the same, so that the layout stays. */
  readonly #width: number;
  #density = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #element: Element;

  readonly #forget: () => void;
  readonly #moveTo: (successor: Element, replacement: Replacement) => void;

  constructor(
    found: Found,
    forget: () => void,
    moveTo: (successor: Element, replacement: Replacement) => void,
  ) {
    this.#forget = forget;
    this.#moveTo = moveTo;
    this.#element = found.element;
    this.#slots = slotsOf(found.element);
    this.#known = new Set(namesOf(found, this.#slots));
    this.#width = found.element instanceof HTMLImageElement ? found.element.naturalWidth : 0;
  }

  get waiting(): boolean {
    return this.#timer !== undefined;
  }

  async apply(blob: Blob, _changed: Rect, width: number): Promise<void> {
    const undo = this.#slots.map((slot) => slot.ours);
    const first = !this.#shown.current;
    this.#density = this.#width ? width / this.#width : 1;
    await this.#shown.show(blob, async (url) => {
      const loaded = arrival(this.#element, url);
      this.#aim(url);
      this.#write();
      try {
        await loaded;
      } catch (error) {
        this.#observer.disconnect();
        this.#slots.forEach((slot, i) => (slot.ours = undo[i]!));
        if (first) this.#restore();
        else this.#write();
        throw error;
      }
    });
    if (first && !this.#element.isConnected) this.#removed();
  }

  revert(): void {
    this.#stop();
    this.#restore();
    this.#shown.drop();
    this.#forget();
  }

  /** Decides what each attribute has to say for `url` to be displayed. */
  #aim(url: string): void {
    for (const slot of this.#slots) slot.ours = valueFor(slot, url, this.#density);
  }

  /** Makes the attributes ours. */
  #write(): void {
    for (const slot of this.#slots) set(slot, slot.ours);
    this.#watch();
  }

  #restore(): void {
    for (const slot of this.#slots) set(slot, slot.original);
  }

  #watch(): void {
    this.#observer.disconnect();
    for (const { element, name } of this.#slots) {
      // A filter names local names, whatever the namespace.
      const filter = this.#slots.filter((slot) => slot.element === element).map((slot) => slot.name.replace(/^.*:/, ''));
      if (name) this.#observer.observe(element, { attributeFilter: filter });
    }
    for (const place of this.#places()) this.#observer.observe(place, { childList: true });
  }

  /** Where the element hangs, and where a `<picture>` around it hangs. */
  #places(): Node[] {
    const parent = this.#element.parentNode;
    const outer = parent instanceof HTMLPictureElement ? parent.parentNode : null;
    return [parent, outer].filter((node) => node !== null);
  }

  #stop(): void {
    this.#observer.disconnect();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #pageWrote(records: MutationRecord[]): void {
    if (!this.#element.isConnected) {
      this.#removed();
      for (const { addedNodes } of records) for (const node of addedNodes) this.#consider(node);
      return;
    }
    const written = this.#slots.filter((slot) => get(slot) !== slot.ours);
    if (!written.length) return;
    const values = written.map((slot) => ({ slot, value: get(slot) }));
    const addresses = values.flatMap(({ slot, value }) => addressesIn(slot.name, value));
    if (addresses.every((address) => this.#known.has(address))) {
      // A lazy loader, or a render that repeats itself: still the same picture.
      for (const { slot, value } of values) slot.original = value;
      this.#write();
    } else this.#letGo(written);
  }

  /** The page shows another picture: everything of ours goes, and what it wrote itself stays. */
  #letGo(written: Slot[]): void {
    this.#stop();
    for (const slot of this.#slots) if (!written.includes(slot)) set(slot, slot.original);
    this.#shown.drop();
    this.#forget();
  }

  /** Waits for a successor; the observer still watches the place. */
  #removed(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#element.isConnected) this.#watch();
      else this.#stop();
    }, REBIRTH);
  }

  /** Takes over a new element that shows the same picture in the same place. */
  #consider(node: Node): void {
    if (!this.waiting || !(node instanceof Element) || !this.#shown.current) return;
    const within = [node, ...node.querySelectorAll(this.#element.localName)];
    const successor = within.find((element) => {
      const [found] = element.localName === this.#element.localName ? picturesOf(element) : [];
      const url = found && sourceOf(found);
      return !!url && this.#known.has(url);
    });
    if (!successor) return;
    this.#stop();
    this.#element = successor;
    this.#slots = slotsOf(successor);
    this.#moveTo(successor, this);
    this.#aim(this.#shown.current);
    this.#write();
  }
}

/** The attributes that decide what an element displays. */
function slotsOf(element: Element): Slot[] {
  const slot = (of: Element, name: string, namespace: string | null = null): Slot => {
    const original = of.getAttributeNS(namespace, name.replace(/^.*:/, ''));
    return { element: of, name, namespace, original, ours: original };
  };
  if (element instanceof SVGImageElement) {
    // `href` wins where both are there.
    return [element.hasAttribute('href') ? slot(element, 'href') : slot(element, 'xlink:href', XLINK)];
  }
  if (!(element instanceof HTMLImageElement)) return [slot(element, 'src')];
  const parent = element.parentNode;
  const sources = parent instanceof HTMLPictureElement ? [...parent.querySelectorAll(':scope > source')] : [];
  return [
    ...sources.map((source) => slot(source, 'srcset')),
    slot(element, 'loading'),
    slot(element, 'srcset'),
    slot(element, 'src'),
  ];
}

/** What an attribute has to say while `url` is displayed. An empty `srcset` passes without losing its place. */
function valueFor(slot: Slot, url: string, density: number): string | null {
  if (slot.name === 'loading') return slot.original === 'lazy' ? 'eager' : slot.original;
  if (slot.name !== 'srcset') return url;
  if (slot.element instanceof HTMLSourceElement) return slot.original === null ? null : '';
  return slot.original === null && density === 1 ? null : `${url} ${density}x`;
}

/** Every address under which the page may write the same picture again. */
function namesOf(found: Found, slots: Slot[]): string[] {
  const elements = new Set(slots.map((slot) => slot.element));
  const kept = [...elements].flatMap((element) =>
    [...element.attributes].filter(({ name }) => name.startsWith('data-') && LAZY.test(name)),
  );
  return [
    ...slots.flatMap((slot) => addressesIn(slot.name, slot.original)),
    ...kept.flatMap(({ name, value }) => addressesIn(/srcset$/.test(name) ? 'srcset' : 'src', value)),
    sourceOf(found) ?? '',
  ].filter(Boolean);
}

/** The addresses that an attribute names. */
function addressesIn(name: string, value: string | null): string[] {
  if (!value || name === 'loading') return [];
  return (name === 'srcset' ? srcsetUrls(value) : [value]).map((url) => absolute(url.trim()));
}

function get({ element, name, namespace }: Slot): string | null {
  return element.getAttributeNS(namespace, name.replace(/^.*:/, ''));
}

function set(slot: Slot, value: string | null): void {
  if (get(slot) === value) return;
  if (value === null) slot.element.removeAttributeNS(slot.namespace, slot.name.replace(/^.*:/, ''));
  else slot.element.setAttributeNS(slot.namespace, slot.name, value);
}

/** Resolves when the element displays `url`, and rejects when it cannot. */
function arrival(element: Element, url: string): Promise<void> {
  return new Promise((done, fail) => {
    const stop = new AbortController();
    const settle = (good: boolean) => {
      stop.abort();
      clearTimeout(timer);
      if (good) done();
      else fail(notReplaceable());
    };
    const timer = setTimeout(settle, PATIENCE, false);
    const { signal } = stop;
    element.addEventListener(
      'load',
      // An earlier load of the page's own may still come in; it is not what is waited for.
      () => (!(element instanceof HTMLImageElement) || element.currentSrc === url) && settle(true),
      { signal },
    );
    element.addEventListener('error', () => settle(false), { signal });
  });
}
