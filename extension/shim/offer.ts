/**
 * The script that the user has switched on for a site: whenever pictures are chosen there, it offers to edit them before the page hears of them. The
 * browser runs it in that site's pages as they begin, so that it listens before the page does.
 *
 * It never keeps a file back for good: whatever fails, the page gets what was chosen, as does whoever presses Escape.
 */

import { sealed } from './channel';
import { later, make, on } from './dom';
import { inputsIn, isFileInput } from './inputs';
import { call, get, root } from './native';
import { offered, seen, type Offered } from './offered';
import { addHost, OFFER, type Host } from './style';
import { flatParent, innerOf } from './tree';

/** The global by which a second injection finds the first; see `main.ts`. */
const KEY = Symbol.for('rubout-offer');
const world = globalThis as { [KEY]?: () => boolean };

/** Where the sites are kept on which the user wants this; see `extension/src/browser/offers.rs`. */
const SITES = 'offerSites';
/** Milliseconds between two looks at whether the offer still stands. */
const LOOK = 400;
/** Milliseconds in which a key does not press a button that has just appeared: it was meant for the browser's own chooser. */
const GUARD = 500;
/** A frame that is smaller, in CSS pixels, has no room for the question. */
const ROOM = [220, 70] as const;

/** The types of inputs that may open a chooser of files when they are pressed. */
const PRESSED = /^(button|file|image|reset|submit)$/;

/** The match pattern of this document's site. */
const SITE = `${URL.parse(origin)?.protocol}//${URL.parse(origin)?.hostname}/*`;

const { runtime, storage, i18n } = chrome;

/** Whether the user wants this here. */
let wanted = true;
/** The fields whose files wait; the question is about the first one. */
const waiting: Offered[] = [];
let bar: Bar | undefined;

/** Gives the page what was chosen: it gets the events that were held back. The browser's own cannot be sent again, so that these are not trusted. */
function passOn(input: HTMLInputElement): void {
  call(input, 'dispatchEvent', new window.Event('input', { bubbles: true, composed: true }));
  call(input, 'dispatchEvent', new window.Event('change', { bubbles: true }));
}

/** The question about one input. */
class Bar {
  #host: Host;
  #text = make('p');
  #edit = make('button');
  #original = make('button');
  #before = get(document, 'activeElement');
  #since = performance.now();
  #open = true;

  constructor(readonly field: Offered) {
    const box = make('section');
    box.popover = 'manual';
    box.role = 'dialog';
    box.ariaLabel = `${i18n.getMessage('appName')}: ${i18n.getMessage('offerText')}`;
    box.lang = i18n.getUILanguage();
    box.dir = i18n.getMessage('textDirection');
    this.#text.role = 'status';
    this.#edit.textContent = i18n.getMessage('offerEdit');
    this.#original.textContent = i18n.getMessage('offerOriginal');
    this.#original.setAttribute('aria-keyshortcuts', 'Escape');
    box.append(this.#text, this.#edit, this.#original);
    // A modal dialog of the page makes all that is outside of it inert.
    this.#host = addHost(box, OFFER, modalAround(field.input));
    on(this.#edit, 'click', (event) => this.#meant(event) && this.#begin());
    on(this.#original, 'click', (event) => this.#meant(event) && this.original());
    try {
      box.showPopover();
      this.show();
      later(LOOK, this.#look);
    } catch (error) {
      this.#host.host.remove();
      throw error;
    }
  }

  /** A key that is still down from the chooser presses nothing. */
  #meant = ({ detail }: MouseEvent): boolean => detail > 0 || performance.now() - this.#since > GUARD;

  /** Asks, or says that it is being edited. */
  show(): void {
    const isEdited = !!this.field.editor;
    this.#text.textContent = i18n.getMessage(isEdited ? 'offerEditing' : 'offerText');
    this.#edit.hidden = isEdited;
    (isEdited ? this.#original : this.#edit).focus({ preventScroll: true });
  }

  /** Opens the editor for what was chosen. The page waits for it, and the original stays one key away. */
  async #begin(): Promise<void> {
    this.field.begun(this.field);
    try {
      const { body } = await runtime.sendMessage({ ...sealed({ call: 'edit-offered' }), id: 1 });
      if (!('ok' in body)) throw body;
    } catch {
      if (this.#open) this.original();
    }
  }

  /** The page may take the question away, and an extension that is gone cannot edit anything. Then the original goes on. */
  #look = (): void => {
    if (!this.#open) return;
    if (!get(this.#host.host, 'isConnected') || (!runtime?.id && !this.field.editor)) this.original();
    else later(LOOK, this.#look);
  };

  /** Passes the original on. */
  original(): void {
    this.end();
    passOn(this.field.input);
  }

  /** Takes the question away, and asks the next one. */
  end(): void {
    if (!this.#open) return;
    this.#open = false;
    const focused = get(document, 'activeElement') === this.#host.host;
    this.#host.host.remove();
    if (focused && this.#before instanceof HTMLElement) this.#before.focus({ preventScroll: true });
    drop(this.field);
    bar = undefined;
    next();
  }
}

/** The modal dialog of the page that an element is in. */
function modalAround(element: Element): Element | undefined {
  for (let at: Element | undefined = element; at; at = flatParent(at)) if (at instanceof HTMLDialogElement && call(at, 'matches', ':modal')) return at;
  return undefined;
}

/** Lets an input wait. */
function wait(input: HTMLInputElement): void {
  const edit = (editor: object | undefined) => {
    field.editor = editor;
    // Without the extension, nobody can be asked.
    if (bar?.field === field && runtime?.id) bar.show();
  };
  const field: Offered = {
    input,
    begun: edit,
    handed: () => (bar?.field === field ? bar.end() : drop(field)),
    left: (editor) => field.editor === editor && edit(undefined),
  };
  for (const list of [waiting, offered]) list.push(field);
}

/** A field waits no longer. */
function drop(field: Offered): void {
  for (const list of [waiting, offered]) if (list.includes(field)) list.splice(list.indexOf(field), 1);
}

/** Asks about the next field that waits. What cannot be asked about goes on. */
function next(): void {
  const [field] = waiting;
  if (!field || bar) return;
  try {
    bar = new Bar(field);
  } catch {
    drop(field);
    passOn(field.input);
    next();
  }
}

/** The file input that an event is about. What is in a closed shadow tree is not named in it: there, the only input of that tree counts. */
function inputOf(event: Event): HTMLInputElement | undefined {
  const [target] = event.composedPath();
  if (isFileInput(target)) return target;
  // Nobody types files.
  if (event.type !== 'input' || event instanceof InputEvent || !(target instanceof HTMLElement)) return undefined;
  const tree = innerOf(target);
  if (!tree) return undefined;
  const [input, ...others] = inputsIn(target);
  // A box that was ticked or a list that was chosen from has the focus.
  const focused = get(tree, 'activeElement');
  if (focused !== input && (focused instanceof HTMLSelectElement || (focused instanceof HTMLInputElement && !PRESSED.test(get(focused, 'type'))))) return undefined;
  return input && !others.length && seen.get(input) !== get(input, 'files') ? input : undefined;
}

/** Whether the user may want to edit what an input got. */
function isOffered(input: HTMLInputElement): boolean {
  const files = [...(get(input, 'files') ?? [])];
  const fits = innerWidth >= ROOM[0] && innerHeight >= ROOM[1];
  return wanted && !!runtime?.id && fits && !get(input, 'webkitdirectory') && files.some(({ type }) => type.startsWith('image/'));
}

/** Pictures were chosen: the page does not hear of it before the user has answered. */
function hold(event: Event): void {
  const input = inputOf(event);
  if (!input) return;
  seen.set(input, get(input, 'files'));
  if (!isOffered(input)) return;
  event.stopImmediatePropagation();
  if (event.type === 'input') {
    // The event that follows does not leave a shadow tree.
    const tree = call(input, 'getRootNode');
    if (tree !== document) on(tree, 'change', hold, AbortSignal.timeout(0));
  }
  if (waiting.some((field) => field.input === input)) return;
  wait(input);
  // Whatever the browser still has to tell of this choice, it tells first.
  later(0, next);
}

/** Follows the user's switch, also in pages that are open already. */
function follow(sites: unknown): void {
  wanted = Array.isArray(sites) && sites.includes(SITE);
  if (!wanted) while (bar) bar.original();
}

/** Whether the page that the user sees is of this site: frames in pages of others are left alone. */
const isAtHome = (): boolean => [...location.ancestorOrigins].every((other) => URL.parse(other)?.hostname === URL.parse(origin)?.hostname);

if (!world[KEY]?.() && isAtHome()) {
  world[KEY] = () => !!runtime?.id;
  // What a page held before, nobody has chosen now.
  if (root()) for (const input of inputsIn(root())) seen.set(input, get(input, 'files'));
  on(window, 'input change', hold);
  on(window, 'keydown', (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !bar) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    bar.original();
  });
  storage.local.get(SITES).then((items) => follow(items[SITES]));
  storage.onChanged.addListener((changes) => SITES in changes && follow(changes[SITES]!.newValue));
}
