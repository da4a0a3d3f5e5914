import { make } from './dom';
import { addHost, FAREWELL } from './style';

/** What [`farewell`] says, in the user's language: the sentence, the button that takes it away, and the one that saves. */
export type FarewellWords = readonly [sentence: string, close: string, save: string];

/** Fetches the words while the extension is there. It is not any more when they are needed. */
export const farewellWords = (): FarewellWords => ['leftPage', 'close', 'save'].map((key) => chrome.i18n.getMessage(key)) as [string, string, string];

/**
 * Says in the page why the overlay has left it, above everything else there, until the user closes that. With `saved`, the work that there was can be
 * saved; where that fails, the button goes away.
 */
export function farewell([sentence, close, save]: FarewellWords, saved?: () => Promise<void>): void {
  const text = make('p');
  text.popover = 'manual';
  text.role = 'alert';
  const button = (name: string, pressed: (button: HTMLElement) => void) => {
    const button = make('button');
    button.textContent = name;
    button.onclick = ({ isTrusted }) => isTrusted && pressed(button);
    return button;
  };
  const { host } = addHost(text, FAREWELL);
  text.showPopover();
  // Screen readers read what appears in an alert that is there already.
  text.append(sentence, button(close, () => host.remove()));
  if (saved) text.append(button(save, (button) => saved().catch(() => button.remove())));
}
