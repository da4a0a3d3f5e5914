/** A field whose files wait for an answer of the user, as the script that offers to edit them tells the one that hands edited ones over. */
export interface Offered {
  input: HTMLInputElement;
  /** What edits it, if anything does: the port of its editor, or the field itself until there is one. */
  editor?: object;
  /** An editor took what it holds. */
  begun(editor: object): void;
  /** The field got its files, and its page was told. */
  handed(): void;
  /** This editor is gone. */
  left(editor: object): void;
}

/** Both scripts find these under their names in their world, which the page does not share. */
const WAITING = Symbol.for('rubout-waiting');
const SEEN = Symbol.for('rubout-seen');
const world = globalThis as { [WAITING]?: Offered[]; [SEEN]?: WeakMap<HTMLInputElement, FileList | null> };

/** The fields that wait, in the order in which the user is asked. */
export const offered = (world[WAITING] ??= []);

/** What fields hold that is no choice to be asked about: it was there before, the user was asked, it needs no question, or it is edited. */
export const seen = (world[SEEN] ??= new WeakMap());

/** The waiting field of an input. */
export const offerOf = (input: HTMLInputElement | undefined): Offered | undefined => offered.find((field) => field.input === input);
