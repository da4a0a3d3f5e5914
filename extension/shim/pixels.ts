import { decoded, isCanvas, isImg, isSvgImage, isVideo, within } from './dom';
import { refuse, unreadable } from './refusal';
import { isOwn, sourceOf, type Found } from './target';
import type { Reply } from './channel';

/** How long a picture that is still loading is waited for. Milliseconds. */
const PATIENCE = 10_000;

/** Ladder step 1: what the element itself holds. */
export async function readDirect(found: Found): Promise<Reply> {
  const { element } = found;
  if (isCanvas(element)) return readCanvas(element);
  if (isVideo(element)) {
    // Frames of protected video can be drawn, but are black.
    return element.mediaKeys ? unreadable('protected') : drawn(element);
  }
  if (isImg(element)) {
    if (!element.complete) await within(PATIENCE, element.decode()).catch(() => 0);
    if (!element.naturalWidth) return isEmpty();
  }
  const url = sourceOf(found) || isEmpty();
  const cors = element.getAttribute('crossorigin');
  if (isOwn(url) || cors !== null) {
    try {
      return await load(url, cors === 'use-credentials' ? 'include' : 'same-origin');
    } catch {
      // A `blob:` URL may be revoked and a server may refuse a second time, while the pixels are still there.
    }
  }
  return drawn(isImg(element) || isSvgImage(element) ? element : await decoded(url).catch(unreadable));
}

/** Ladder step 2: fetch the URL as the page would. */
export const fetchSource = (found: Found): Promise<Reply> => load(sourceOf(found), 'omit').catch(unreadable);

const isEmpty = () => refuse({ failure: 'empty-image' });

/** The bytes at an address, unless they cannot be a picture: many servers answer with a page that says no. */
async function load(url: string, credentials: RequestCredentials): Promise<Reply> {
  const response = await fetch(url, { credentials, cache: 'force-cache' });
  const blob = await response.blob();
  // What stands in the page itself has been displayed, whatever it is called.
  const named = /^(data|blob):/.test(url) || /^(image\/|$|.*octet-stream)/.test(blob.type);
  if (!response.ok || !blob.size || !named) unreadable(`${response.status} ${blob.type}`);
  return [{ reply: 'bytes', drawn: false }, blob];
}

/** The picture in its true pixels, which `naturalWidth` does not tell for a source of another density. */
async function drawn(source: HTMLImageElement | SVGImageElement | HTMLVideoElement): Promise<Reply> {
  try {
    const bitmap = await createImageBitmap(source);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext('2d')!.drawImage(bitmap, 0, 0);
    bitmap.close();
    return [{ reply: 'bytes', drawn: true }, await canvas.convertToBlob()];
  } catch (error) {
    return unreadable(error);
  }
}

/** A canvas packs itself, so that its colour space stays. */
async function readCanvas(canvas: HTMLCanvasElement): Promise<Reply> {
  if (!canvas.width || !canvas.height) isEmpty();
  try {
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done));
    // WebGL forgets its pixels once they are on the screen.
    if (isBlank(canvas) && !canvas.getContext('2d')) throw 'blank';
    return [{ reply: 'bytes', drawn: true }, blob!];
  } catch (error) {
    // A canvas that holds pixels of another origin throws.
    return unreadable(error);
  }
}

/** True where nothing at all is painted, looked at in small. */
function isBlank(canvas: HTMLCanvasElement): boolean {
  const side = 64;
  const context = new OffscreenCanvas(side, side).getContext('2d')!;
  context.drawImage(canvas, 0, 0, side, side);
  return context.getImageData(0, 0, side, side).data.every((byte) => !byte);
}
