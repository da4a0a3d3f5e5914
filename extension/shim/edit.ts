import type { Rect } from './protocol';

/** What is shown in the place of a picture. Each kind of element has its own way to show it. */
export interface Edit {
  /** Address of the page's own picture. */
  source?: string;
  /** Shows `blob`, a picture of `width` x `height` pixels; throws and leaves everything as it was if that fails. */
  show(blob: Blob, changed: Rect, width: number, height: number): Promise<void>;
  /** Restores what was there before the first `show`. */
  revert(): void;
}

/** Shows the last result in `heir`, an element that the page has put in the place of the edited one. */
export type Inherit = (heir: Element, ...last: Parameters<Edit['show']>) => void;
