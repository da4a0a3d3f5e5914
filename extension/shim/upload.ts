/**
 * The script that enters a page when the user wants to edit a picture before it is uploaded there: it finds the upload field that was clicked, or lists
 * those that there are, says which files they hold, and hands files over as the browser would. It watches nothing: a field is looked at when the user asks, and written to
 * when the user says so.
 */

import { UPLOAD_PORT, type Answer, type FieldList, type FieldReply, type HandedFile, type ListedField, type ToField } from './protocol';
import { answer, sealed, type Message } from './channel';
import { rectOf } from './dom';
import { inputsIn, isFileInput, nameOf } from './inputs';
import { call, get, root } from './native';
import { offered, offerOf, seen } from './offered';
import { failureOf } from './refusal';
import { flatParent, hovered } from './tree';

/** The global by which a second injection finds the first; see `main.ts`. */
const KEY = Symbol.for('rubout-upload');
const world = globalThis as { [KEY]?: () => boolean };

/** How many fields of a document are listed at most. */
const MOST = 20;

/** Where files go: into an input, or onto an element that takes what is dropped or pasted. */
interface Field {
  element: Element;
  input?: HTMLInputElement;
}

/** The fields of this document by token. */
const fields = new Map<string, Field>();

/** The element and everything around it, outwards. */
function* outwards(from: Element): Generator<Element> {
  for (let at: Element | undefined = from; at; at = flatParent(at)) yield at;
}

/**
 * The upload field at an element that was clicked. The input itself may be hidden, and the element that looks like it may be its label, a wrapper around
 * it, or a zone that has its input somewhere else in the document.
 */
function fieldAt(clicked: Element): Field | undefined {
  for (const element of outwards(clicked)) {
    if (isFileInput(element)) return { element, input: element };
    const control = element instanceof HTMLLabelElement && get(element, 'control');
    if (isFileInput(control)) return { element, input: control };
    const last = element === get(document, 'body') || element === get(document, 'documentElement');
    const inside = last ? [] : inputsIn(element);
    if (inside.length) return { element: clicked, input: nearest(inside, clicked) };
    if (last) break;
  }
  if (probe(clicked)) return { element: clicked };
  // A zone without an input inside may have the only one of the document.
  const all = inputsIn(root());
  if (all.length === 1) return { element: clicked, input: all[0] };
  const writable = [...outwards(clicked)].find((element) => element instanceof HTMLElement && (get(element, 'isContentEditable') || call(element, 'matches', '[tabindex], textarea, input')));
  return writable && { element: writable };
}

/** The input whose box is nearest to that of an element; the first one where they have none. */
function nearest(inputs: HTMLInputElement[], to: Element): HTMLInputElement {
  const middle = ({ x, y, width, height }: DOMRect) => ({ x: x + width / 2, y: y + height / 2 });
  const at = middle(rectOf(to));
  const distance = (input: HTMLInputElement) => {
    const it = middle(rectOf(input));
    return Math.hypot(it.x - at.x, it.y - at.y);
  };
  return inputs.reduce((best, input) => (distance(input) < distance(best) ? input : best));
}

/** An event of a drag over an element, with what is dragged. */
const drag = (at: Element, type: string, dataTransfer: DataTransfer): DragEvent => {
  const { x, y, width, height } = rectOf(at);
  return new window.DragEvent(type, { bubbles: true, cancelable: true, composed: true, dataTransfer, clientX: x + width / 2, clientY: y + height / 2 });
};

/** Dispatches an event; true if the page took it as its own. */
const takes = (at: Element, event: Event): boolean => {
  call(at, 'dispatchEvent', event);
  return event.defaultPrevented;
};

/** Whether something may be dropped on an element: that is asked as a drag over it does, which leaves again. */
function probe(at: Element): boolean {
  const data = carrying([new window.File([''], 'picture.png', { type: 'image/png' })]);
  takes(at, drag(at, 'dragenter', data));
  const taken = takes(at, drag(at, 'dragover', data));
  takes(at, drag(at, 'dragleave', data));
  return taken;
}

/** Files as they are dragged, pasted, or chosen. */
function carrying(files: File[]): DataTransfer {
  // The window's own classes: Firefox lets a page touch no object of this script's.
  const data = new window.DataTransfer();
  for (const file of files) data.items.add(file);
  return data;
}

/**
 * Where the page has put another input in the place of a field, as some do after each choice, that one is the field: the one with the same id or name, or
 * the only one that there is.
 */
function current(field: Field): Field {
  const { input } = field;
  if (!input || get(input, 'isConnected')) return field;
  const heirs = inputsIn(root());
  const alike = (attribute: string) => {
    const value = call(input, 'getAttribute', attribute);
    return value ? heirs.find((heir) => call(heir, 'getAttribute', attribute) === value) : undefined;
  };
  const heir = alike('id') ?? alike('name') ?? (heirs.length === 1 ? heirs[0] : undefined);
  return heir ? { element: heir, input: heir } : field;
}

/** Hands files over. False where the page shows no sign of taking them. */
function handOver({ element, input }: Field, files: File[]): boolean {
  const data = carrying(files);
  if (input) {
    if (!get(input, 'isConnected') && !get(input, 'form')) return false;
    Reflect.set(HTMLInputElement.prototype, 'files', data.files, input);
    seen.set(input, get(input, 'files'));
    // As browsers do: the one leaves shadow trees, the other does not.
    call(input, 'dispatchEvent', new window.Event('input', { bubbles: true, composed: true }));
    call(input, 'dispatchEvent', new window.Event('change', { bubbles: true }));
    return true;
  }
  takes(element, drag(element, 'dragenter', data));
  if (takes(element, drag(element, 'dragover', data))) {
    takes(element, drag(element, 'drop', data));
    return true;
  }
  takes(element, drag(element, 'dragleave', data));
  return takes(element, new window.ClipboardEvent('paste', { bubbles: true, cancelable: true, composed: true, clipboardData: data }));
}

/** Puts a file together from what the editor sends: one that the field holds, untouched, or a new one. */
const made = (held: File[], { kept, name, lastModified }: HandedFile, blob: Blob | undefined): File | undefined =>
  kept === null ? blob && new window.File([blob], name, { type: blob.type, lastModified: lastModified ?? Date.now() }) : held[kept];

function serve(field: Field, port: chrome.runtime.Port): void {
  /** What the field held when the editor asked. */
  let held: File[] = [];
  const handle = async (asked: ToField, blobs: Blob[]): Promise<readonly [FieldReply, ...Blob[]]> => {
    if (asked.call === 'held') {
      offerOf(field.input)?.begun(port);
      held = [...((field.input && get(field.input, 'files')) ?? [])];
      const [multiple, accept] = field.input ? [get(field.input, 'multiple'), get(field.input, 'accept')] : [true, ''];
      return [{ reply: 'field', multiple, accept, files: held.map(({ name, lastModified }) => ({ kept: null, name, lastModified })) }, ...held];
    }
    const fresh = [...blobs];
    const files = asked.files.flatMap((file) => made(held, file, file.kept === null ? fresh.shift() : undefined) ?? []);
    const taken = handOver(current(field), files);
    if (taken) offerOf(field.input)?.handed();
    return [{ reply: 'handed', taken }];
  };
  // Where the page waits for this field, its question ends with the hand-over, and is there again when the editor goes away without one.
  port.onDisconnect.addListener(() => offerOf(field.input)?.left(port));
  port.onMessage.addListener((data) => answer(data, handle, (message) => port.postMessage(message)));
}

/** What the user means: a field that the menu was opened on, or the one whose page waits for it. */
function fieldMeant(isOffered: boolean): Field | undefined {
  const input = isOffered && offered.find(({ editor }) => editor)?.input;
  if (input) return { element: input, input };
  // The element under the pointer is still the one that was right-clicked, and the focus is where the keyboard opened the menu.
  const clicked = hovered() ?? get(document, 'activeElement');
  return isOffered || !clicked ? undefined : fieldAt(clicked);
}

/** The document's file inputs, with the first picture in each. */
function listed(list: string): readonly [FieldList, Blob[]] {
  const pictures: Blob[] = [];
  const found = inputsIn(root()).slice(0, MOST).map((input, number): ListedField => {
    const files = [...(get(input, 'files') ?? [])];
    const picture = files.find(({ type }) => type.startsWith('image/'));
    if (picture) pictures.push(picture);
    fields.set(`${list}-${number}`, { element: input, input });
    return { name: nameOf(input), files: files.length, picture: !!picture };
  });
  return [{ origin, fields: found }, pictures];
}

if (!world[KEY]?.()) {
  const { runtime } = chrome;
  world[KEY] = () => !!runtime.id;
  runtime.onMessage.addListener(({ id, body }: Message<{ upload?: string; offered?: boolean; list?: string }>, sender, respond) => {
    const { upload, list } = body;
    if (sender.id !== runtime.id || !(upload || list)) return;
    let ok: Answer<boolean | FieldList> = { ok: false };
    let blobs: Blob[] = [];
    try {
      if (list) {
        const [found, pictures] = listed(list);
        [ok, blobs] = [{ ok: found }, pictures];
      } else {
        const field = fieldMeant(!!body.offered);
        if (field) fields.set(upload!, field);
        ok = { ok: !!field };
      }
    } catch (error) {
      ok = { err: failureOf(error) };
    }
    respond({ ...sealed(ok, blobs), re: id });
  });
  runtime.onConnect.addListener((port) => {
    const [name, token] = port.name.split(':');
    const field = fields.get(token!);
    if (port.sender?.id !== runtime.id || name !== UPLOAD_PORT) return;
    if (field) serve(field, port);
    else port.disconnect();
  });
}
