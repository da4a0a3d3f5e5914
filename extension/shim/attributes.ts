import { split } from './css';
import { decoded, isImg, isSvgImage, make, styleOf, within } from './dom';
import type { Edit, Inherit } from './edits';
import { notReplaceable } from './refusal';
import { absolute, sourceOf, type Found } from './target';

/** How long the element may take to show what its attributes say. Milliseconds. */
const PATIENCE = 20_000;

const PROPERTY = 'background-image';

/** One attribute that decides what is displayed: the page's value of it, and ours. */
interface Slot {
  element: Element;
  name: string;
  original: string | null;
  ours?: string | null;
}

/** Replaces what attributes name: the source of an `<img>` or of an SVG `<image>`, or the style with a background. */
export function attributeEdit(found: Found, forget: () => void, inherit: Inherit): Edit {
  const { element, layer, kind } = found;
  const isBackground = kind === 'background';
  const slots = slotsOf(found);
  /** The page's picture, by every name under which the page may write it again: lazy loaders keep it in `data-`. */
  const source = sourceOf(found);
  const known = slots.flatMap((slot) => [...slot.element.attributes].flatMap(({ name, value }) => names(name, value)));
  known.push(source);
  const observer = new MutationObserver(pageWrote);
  let url = '';
  let density = 1;
  let layers = '';
  let last: Parameters<Edit['show']>;

  /** What an attribute has to say for ours to be displayed, in the page's own size. */
  function valueFor({ name, element, original }: Slot): string {
    if (name === 'style') return withBackground(original, layers, 'important');
    if (name !== 'srcset') return url;
    // A source that names nothing is passed over, and keeps its place.
    return isImg(element) ? `${url} ${density}x` : '';
  }

  function write(): void {
    for (const slot of slots) {
      put(slot, (slot.ours = valueFor(slot)));
      observer.observe(slot.element, { attributeFilter: ['src', 'srcset', 'href', 'style', 'class'] });
    }
    // Asking for the style here makes the browser load a background on our behalf, past the page's policy.
    void styleOf(element).backgroundImage;
    observer.observe(element.getRootNode(), { childList: true, subtree: true });
    observer.takeRecords();
  }

  function restore(): void {
    observer.disconnect();
    for (const slot of slots) put(slot, slot.original);
  }

  function revert(): void {
    restore();
    URL.revokeObjectURL(url);
    forget();
  }

  function pageWrote(records: MutationRecord[]): void {
    if (!element.isConnected) pageRemoved(records);
    else if (records.some(({ type }) => type === 'attributes')) pageSet();
  }

  /** The page rendered itself anew: an element that shows the same picture takes over. */
  function pageRemoved(records: MutationRecord[]): void {
    const tag = element.localName;
    const heir = records
      .flatMap(({ addedNodes }) => [...addedNodes])
      .flatMap((node) => (node instanceof Element ? [node, ...node.querySelectorAll(tag)] : []))
      .find((node) => node.localName === tag && known.includes(sourceOf({ ...found, element: node })));
    if (!heir) return;
    revert();
    inherit(heir, ...last);
  }

  /** The page wrote an attribute: as long as it means the same picture, ours stays. */
  function pageSet(): void {
    let same = true;
    for (const slot of slots) {
      const { name, original, ours } = slot;
      const value = slot.element.getAttribute(name);
      if (value === ours) continue;
      slot.original = value;
      if (value && isBackground && value.includes(url)) {
        const { style } = make('i');
        style.cssText = original ?? '';
        const was = style.getPropertyValue(PROPERTY);
        slot.original = withBackground(value, was, style.getPropertyPriority(PROPERTY)) || null;
      } else if (value) same &&= names(name, value).some((one) => known.includes(one));
    }
    if (isBackground) {
      restore();
      same = sourceOf(found) === source;
    }
    if (same) write();
    else revert();
  }

  return {
    async show(...shown) {
      const [blob, , width] = shown;
      const previous = url;
      const next = URL.createObjectURL(blob);
      try {
        // No swap is ever seen half done.
        await decoded(next);
        url = next;
        density = width / (found.natural?.width ?? width);
        const all = split(styleOf(element).backgroundImage);
        all[layer] = `image-set(url("${url}") ${density}x)`;
        layers = all.join();
        write();
        // Here the page's policy has its say.
        await within(PATIENCE, (element as Partial<HTMLImageElement>).decode?.());
      } catch {
        URL.revokeObjectURL(next);
        url = previous;
        if (url) write();
        else restore();
        notReplaceable();
      }
      last = shown;
      URL.revokeObjectURL(previous);
    },
    revert,
  };
}

/** The attributes that decide what an element displays. */
function slotsOf({ element, kind }: Found): Slot[] {
  const slot = (element: Element, name: string) => ({ element, name, original: element.getAttribute(name) });
  if (kind === 'background') return [slot(element, 'style')];
  // It wins over `xlink:href`, which can stay.
  if (isSvgImage(element)) return [slot(element, 'href')];
  if (!isImg(element)) return [slot(element, 'src')];
  const sources = element.parentElement?.matches('picture') ? element.parentElement.querySelectorAll('source') : [];
  return [...[...sources, element].map((one) => slot(one, 'srcset')), slot(element, 'src')];
}

/** The addresses that an attribute may name. */
const names = (name: string, value: string): string[] =>
  (/srcset$/.test(name) ? value.split(/,?\s+/).filter((word) => !/^[\d.]+[wx],?$/.test(word)) : [value]).map(absolute);

function put({ element, name }: Slot, value: string | null): void {
  if (element.getAttribute(name) === value) return;
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}

/** A `style` attribute with another background. */
function withBackground(css: string | null, value: string, priority: string): string {
  const { style } = make('i');
  style.cssText = css ?? '';
  style.setProperty(PROPERTY, value, priority);
  return style.cssText;
}
