import { make } from './dom';
import { addHost, FAREWELL } from './style';

/** What [`farewell`] says, in the user's language: the sentence, and the button that takes it away. */
export type FarewellWords = readonly [sentence: string, close: string];

/** Fetches the words while the extension is there. It is not any more when they are needed. */
export const farewellWords = (): FarewellWords => [chrome.i18n.getMessage('leftPage'), chrome.i18n.getMessage('close')];

/** Says in the page why the overlay has left it, above everything else there, until the user closes that. */
export function farewell([sentence, close]: FarewellWords): void {
  const text = make('p');
  const button = make('button');
  text.popover = 'manual';
  text.role = 'alert';
  button.textContent = close;
  const { host } = addHost(text, FAREWELL);
  button.onclick = ({ isTrusted }) => isTrusted && host.remove();
  text.showPopover();
  // Screen readers read what appears in an alert that is there already.
  text.append(sentence, button);
}
