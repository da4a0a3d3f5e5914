import { split } from './css';
import { decoded, isImg, isSvgImage, later, make, styleOf, within } from './dom';
import type { Edit, Inherit } from './edit';
import { call, get } from './native';
import { notReplaceable } from './refusal';
import { absolute, sourceOf, type Found } from './target';

/** Maximum time in milliseconds that the element may take to load our picture. */
const PATIENCE = 20_000;
/** Milliseconds until a browser has taken notice of a change. */
const NOTICE = 50;

/** An attribute that decides what an element displays: the page's value and ours. */
interface Slot {
  element: Element;
  name: string;
  original: string | null;
  ours?: string | null;
}

/** Edits a picture that an attribute names: the source of an `<img>` or of an SVG `<image>`, or a background in the style. */
export function attributeEdit(found: Found, forget: () => void, inherit: Inherit): Edit {
  const { element, layer, property } = found;
  /** The name of the property in style sheets. */
  const styled = property?.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const slots = slotsOf(found);
  /** Every address under which the page may set its own picture again: lazy loaders keep it in `data-` attributes. */
  const source = sourceOf(found);
  const known = [...addressesOf(found), source];
  const observer = new MutationObserver(pageWrote);
  let url = '';
  let density = 1;
  let layers = '';
  let last: Parameters<Edit['show']>;

  /** The value of an attribute that displays our picture in the size of the page's own. */
  function valueFor({ name, element }: Slot): string {
    if (name !== 'srcset') return url;
    // An empty `srcset` makes the browser skip a `<source>`, which stays where it is.
    return isImg(element) ? `${url} ${density}x` : '';
  }

  function write(): void {
    for (const slot of slots) {
      if (styled) {
        // Set alone: an attribute cannot say what shorthands with variables in them leave to the other properties.
        get(element as HTMLElement, 'style').setProperty(styled, layers, 'important');
        slot.ours = call(element, 'getAttribute', 'style');
      } else put(slot, (slot.ours = valueFor(slot)));
      observer.observe(slot.element, { attributeFilter: ['src', 'srcset', 'href', 'data', 'style', 'class'] });
    }
    // Reading the style in this script makes the browser load a background on behalf of the extension, to which the page's policy does not apply.
    void (property && styleOf(element)[property]);
    observer.observe(call(element, 'getRootNode'), { childList: true, subtree: true });
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
    if (!get(element, 'isConnected')) pageRemoved(records);
    else if (records.some(({ type }) => type === 'attributes')) pageSet();
  }

  /** After the page removed the element, for example in a new rendering: the edit moves to an added element that shows the same picture. */
  function pageRemoved(records: MutationRecord[]): void {
    const tag = get(element, 'localName');
    const heir = records
      .flatMap(({ addedNodes }) => [...addedNodes])
      .flatMap((node) => (node instanceof Element ? [node, ...call(node, 'querySelectorAll', tag)] : []))
      .find((node) => get(node, 'localName') === tag && known.includes(sourceOf({ ...found, element: node })));
    if (!heir) return;
    revert();
    inherit(heir, ...last);
  }

  /** After the page set an attribute: the edit stays as long as the attribute still means the same picture. */
  function pageSet(): void {
    let same = true;
    for (const slot of slots) {
      const { name, original, ours } = slot;
      const value = call(slot.element, 'getAttribute', name);
      if (value === ours) continue;
      slot.original = value;
      if (value && styled && value.includes(url)) slot.original = withOriginal(value, original, styled) || null;
      else if (value) same &&= names(name, value).some((one) => known.includes(one));
    }
    if (styled) {
      restore();
      same = sourceOf(found) === source;
    }
    if (same) write();
    else revert();
  }

  return {
    async show(...shown) {
      const [blob, , width, height] = shown;
      const natural = found.natural ?? { width, height };
      const previous = url;
      const next = URL.createObjectURL(blob);
      try {
        // Decoded before it is displayed, so that the element never shows half of it.
        await decoded(next);
        url = next;
        // Natural sizes are of the turn that the file asks for, also where the page does not make it.
        density = width / (width > height === natural.width > natural.height ? natural.width : natural.height);
        const all = property ? split(styleOf(element)[property]) : [];
        all[layer] = `image-set(url("${url}") ${density}x)`;
        layers = all.join();
        write();
        // Fails if the page's content security policy forbids the picture. Firefox also refuses while it takes notice of the change.
        const shows = () => within(PATIENCE, get(element as Partial<HTMLImageElement>, 'decode')?.call(element as HTMLImageElement));
        await shows().catch(() => new Promise<void>((done) => later(NOTICE, done)).then(shows));
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
function slotsOf({ element, property }: Found): Slot[] {
  const slot = (element: Element, name: string) => ({ element, name, original: call(element, 'getAttribute', name) });
  if (property) return [slot(element, 'style')];
  if (element instanceof HTMLObjectElement) return [slot(element, 'data')];
  // `href` takes precedence over `xlink:href`, which can stay.
  if (isSvgImage(element)) return [slot(element, 'href')];
  if (!isImg(element)) return [slot(element, 'src')];
  const parent = get(element, 'parentElement');
  const sources = parent && get(parent, 'localName') === 'picture' ? parent.querySelectorAll('source') : [];
  return [...[...sources, element].map((one) => slot(one, 'srcset')), slot(element, 'src')];
}

/** Every address that the attributes of a picture name: those under which a page may show it later. */
export const addressesOf = (found: Found): string[] =>
  slotsOf(found).flatMap(({ element }) => [...get(element, 'attributes')].flatMap(({ name, value }) => names(name, value)));

/** The absolute addresses that the value of an attribute names. */
const names = (name: string, value: string): string[] =>
  (/srcset$/.test(name) ? value.split(/,?\s+/).filter((word) => !/^[\d.]+[wx],?$/.test(word)) : [value]).map(absolute);

/** Sets an attribute, or removes it, unless it has that value already. */
function put({ element, name }: Slot, value: string | null): void {
  if (call(element, 'getAttribute', name) === value) return;
  if (value === null) call(element, 'removeAttribute', name);
  else call(element, 'setAttribute', name, value);
}

/** The value of a `style` attribute in which a property is again what it was in the original. */
function withOriginal(css: string, original: string | null, property: string): string {
  const [{ style }, { style: was }] = [make('i'), make('i')];
  style.cssText = css;
  was.cssText = original ?? '';
  // A shorthand with variables in it says nothing of a single property.
  const shorthand = property.split('-')[0]!;
  const name = !was.getPropertyValue(property) && was.getPropertyValue(shorthand) ? shorthand : property;
  style.setProperty(property, '');
  style.setProperty(name, was.getPropertyValue(name), was.getPropertyPriority(name));
  return style.cssText;
}
