/**
 * Properties of elements and documents of a page as the browser defines them.
 *
 * A form has a property for each control in it, and a document one for each image, form and frame, under the name that the page gave it. Such a
 * property hides the browser's own: with `<input name=parentElement>` in it, `form.parentElement` is that input. Prototypes have no such properties, and
 * this script has prototypes of its own, which the page cannot change. So whatever may be a form or a document of the page is read and called from here.
 */

type Method = (...args: never[]) => unknown;

/** The names of the methods of `E`. */
type MethodOf<E> = { [K in keyof E]-?: E[K] extends Method ? K : never }[keyof E];

type Called<M> = M extends (...args: infer A) => infer R ? [args: A, result: R] : never;

/** The property `name` of an element or a document. */
export const get = <E extends object, K extends keyof E>(of: E, name: K): E[K] => Reflect.get(Object.getPrototypeOf(of), name, of);

/** Calls the method `name` of an element or a document. */
export const call = <E extends object, K extends MethodOf<E>>(of: E, name: K, ...args: Called<E[K]>[0]): Called<E[K]>[1] =>
  Reflect.apply(get(of, name) as Method, of, args);

/** Ends the pointer lock of this document, if there is one: with it, the page alone has the mouse, and nobody sees where. Says whether there was one. */
export function unlockPointer(): boolean {
  const isLocked = !!get(document, 'pointerLockElement');
  if (isLocked) call(document, 'exitPointerLock');
  return isLocked;
}

/** The root element of this document. */
export const root = (): HTMLElement => get(document, 'documentElement');
