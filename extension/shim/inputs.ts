import { call, get } from './native';
import { everything, innerOf } from './tree';

/** Length to which a name is cut: a page may give its fields any. */
const NAME = 80;

export const isFileInput = (element: unknown): element is HTMLInputElement =>
  element instanceof HTMLInputElement && get(element, 'type') === 'file' && !get(element, 'disabled');

/** The file inputs inside an element, in shadow trees as well. */
export const inputsIn = (element: Element): HTMLInputElement[] =>
  [element, ...everything(element), ...everything(innerOf(element) ?? call(document, 'createDocumentFragment'))].filter(isFileInput);

/** What people know an input by: its label, or else what the page calls it. Empty where it is not called anything. */
export function nameOf(input: HTMLInputElement): string {
  const text = (elements: Iterable<Element> | null): string => [...(elements ?? [])].map((element) => get(element, 'textContent')).join(' ');
  const attribute = (name: string) => call(input, 'getAttribute', name);
  const names = [text(get(input, 'ariaLabelledByElements')), attribute('aria-label'), text(get(input, 'labels')), attribute('title'), attribute('name')];
  const name = names.map((name) => name?.replace(/\s+/g, ' ').trim()).find(Boolean) ?? '';
  return [...name].slice(0, NAME).join('');
}
