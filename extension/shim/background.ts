import type { Rect } from './protocol';
import type { Replacement } from './apply';
import { split } from './css';
import { ObjectUrl } from './objecturl';
import { backgroundImage, type Found } from './target';

const PROPERTY = 'background-image';

/** Replaces one layer of an element's background by an inline style that beats every sheet. */
export class BackgroundReplacement implements Replacement {
  readonly #shown = new ObjectUrl();
  readonly #element: HTMLElement;
  readonly #layer: number;
  /** The page's picture. As long as its styles name this one, ours is laid over it. */
  readonly #source: string | undefined;
  /** Width of the page's picture in CSS pixels: ours has the same, so that the layout stays. */
  readonly #width: number;
  readonly #observer = new MutationObserver(() => this.#pageWrote());
  /** The page's own `style` attribute. */
  #original: string | null;
  /** The `style` attribute as we left it. */
  #written: string | null = null;
  #value = '';

  readonly #forget: () => void;

  constructor(
    found: Found,
    forget: () => void,
  ) {
    this.#forget = forget;
    this.#element = found.element as HTMLElement;
    this.#layer = found.layer;
    this.#source = backgroundImage(found)?.url;
    this.#width = found.natural?.width ?? 0;
    this.#original = this.#element.getAttribute('style');
  }

  async apply(blob: Blob, _changed: Rect, width: number): Promise<void> {
    await this.#shown.show(blob, (url) => {
      const density = this.#width ? width / this.#width : 1;
      const layers = split(getComputedStyle(this.#element).backgroundImage, ',');
      layers[this.#layer] = density === 1 ? `url("${url}")` : `image-set(url("${url}") ${density}x)`;
      this.#value = layers.join(', ');
      this.#write();
    });
  }

  revert(): void {
    this.#observer.disconnect();
    if (this.#written !== null && this.#element.getAttribute('style') === this.#written) this.#restore();
    else this.#takeOut();
    this.#shown.drop();
    this.#forget();
  }

  #write(): void {
    this.#element.style.setProperty(PROPERTY, this.#value, 'important');
    this.#written = this.#element.getAttribute('style');
    this.#observer.observe(this.#element, { attributeFilter: ['style', 'class'] });
    this.#observer.takeRecords();
  }

  #restore(): void {
    if (this.#original === null) this.#element.removeAttribute('style');
    else this.#element.setAttribute('style', this.#original);
  }

  /** Takes only our property out of a style that the page has changed since, and puts the page's own back. */
  #takeOut(): void {
    const { style } = this.#element;
    if (style.getPropertyPriority(PROPERTY) !== 'important' || !this.#isOurs(style.getPropertyValue(PROPERTY))) return;
    const before = document.createElement('i').style;
    before.cssText = this.#original ?? '';
    style.setProperty(PROPERTY, before.getPropertyValue(PROPERTY), before.getPropertyPriority(PROPERTY));
    if (!style.length && this.#original === null) this.#element.removeAttribute('style');
  }

  #isOurs(value: string): boolean {
    return !!this.#shown.current && value.includes(this.#shown.current);
  }

  /** The page wrote a style or a class: does it still mean the same picture? */
  #pageWrote(): void {
    this.#takeOut();
    const now = backgroundImage({ kind: 'background', element: this.#element, layer: this.#layer })?.url;
    if (now === this.#source) {
      this.#original = this.#element.getAttribute('style');
      this.#write();
    } else {
      this.#observer.disconnect();
      this.#shown.drop();
      this.#forget();
    }
  }
}
