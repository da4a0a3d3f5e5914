import { Refusal, unreadable } from './refusal';
import { isOwn, showsPoster, sourceOf, type Found } from './target';
import type { Reply } from './channel';

/** How long a picture that is still loading is waited for. Milliseconds. */
const PATIENCE = 10_000;

/** Ladder step 1: what the element itself holds. */
export async function readDirect(found: Found): Promise<Reply> {
  const { element } = found;
  if (element instanceof HTMLCanvasElement) return drawn(await readCanvas(element));
  if (element instanceof HTMLVideoElement && !showsPoster(element)) return drawn(await readVideo(element));
  if (element instanceof HTMLImageElement) {
    await settled(element);
    if (!element.naturalWidth || !element.naturalHeight) throw new Refusal({ failure: 'empty-image' });
  }
  const url = sourceOf(found);
  if (!url) throw new Refusal({ failure: 'empty-image' });
  const cors = element instanceof HTMLVideoElement ? null : element.getAttribute('crossorigin');
  if (isOwn(url) || cors !== null) {
    try {
      const credentials = cors === 'use-credentials' ? 'include' : 'same-origin';
      return [{ reply: 'bytes', drawn: false }, await load(url, credentials)];
    } catch {
      // A `blob:` URL may be revoked and a server may refuse a second time, while the pixels are still there.
    }
  }
  return drawn(await drawnCopy(await drawable(element, url)));
}

/** Ladder step 2: fetch the URL as the page would. */
export async function fetchSource(found: Found): Promise<Reply> {
  const { element } = found;
  const url = element instanceof HTMLVideoElement && !showsPoster(element) ? null : sourceOf(found);
  if (!url) throw unreadable('no address');
  try {
    return [{ reply: 'bytes', drawn: false }, await load(url, 'omit')];
  } catch (error) {
    throw unreadable(error);
  }
}

function drawn(blob: Blob): Reply {
  return [{ reply: 'bytes', drawn: true }, blob];
}

/** The bytes at an address, unless they cannot be a picture: many servers answer with a page that says no. */
async function load(url: string, credentials: RequestCredentials): Promise<Blob> {
  const response = await fetch(url, { mode: 'cors', credentials, cache: 'force-cache' });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const blob = await response.blob();
  // What stands in the page itself has been displayed, whatever it is called.
  const named = /^(data|blob):/.test(url) || /^(image\/|$|(application|binary)\/octet-stream)/.test(blob.type);
  if (!blob.size || !named) throw new Error(`${blob.size} bytes of ${blob.type}`);
  return blob;
}

/** Waits until a picture is there, or is known not to come. */
async function settled(image: HTMLImageElement): Promise<void> {
  if (image.complete) return;
  await new Promise<unknown>((done) => {
    const signal = AbortSignal.timeout(PATIENCE);
    for (const type of ['load', 'error']) image.addEventListener(type, done, { once: true, signal });
    signal.addEventListener('abort', done);
  });
}

/** Something that shows the picture and can be drawn: the element, or an image of the same address. */
async function drawable(element: Element, url: string): Promise<HTMLImageElement | SVGImageElement> {
  if (element instanceof HTMLImageElement || element instanceof SVGImageElement) return element;
  const image = new Image();
  image.src = url;
  await image.decode().catch((error: unknown) => {
    throw unreadable(error);
  });
  return image;
}

/** The picture in its true pixels, which `naturalWidth` does not tell for a source of another density. */
async function drawnCopy(source: HTMLImageElement | SVGImageElement): Promise<Blob> {
  const bitmap = await createImageBitmap(source).catch((error: unknown) => {
    throw unreadable(error);
  });
  return packed(bitmap, bitmap.width, bitmap.height).finally(() => bitmap.close());
}

async function readVideo(video: HTMLVideoElement): Promise<Blob> {
  if (!video.videoWidth || video.readyState < 2) throw new Refusal({ failure: 'empty-image' });
  // Frames of protected video can be drawn, but are black.
  if (video.mediaKeys) throw unreadable('protected');
  return packed(video, video.videoWidth, video.videoHeight);
}

async function readCanvas(canvas: HTMLCanvasElement): Promise<Blob> {
  if (!canvas.width || !canvas.height) throw new Refusal({ failure: 'empty-image' });
  const blob = await png(canvas);
  // WebGL forgets its pixels once they are on the screen.
  if (isBlank(canvas) && !canvas.getContext('2d')) throw unreadable('blank');
  return blob;
}

async function packed(source: CanvasImageSource, width: number, height: number): Promise<Blob> {
  const canvas = document.createElementNS('http://www.w3.org/1999/xhtml', 'canvas') as HTMLCanvasElement;
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (!context) throw unreadable('no canvas');
  context.drawImage(source, 0, 0, width, height);
  return png(canvas);
}

async function png(canvas: HTMLCanvasElement): Promise<Blob> {
  try {
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done));
    if (!blob) throw new Error('not packed');
    return blob;
  } catch (error) {
    // A canvas that holds pixels of another origin throws here.
    throw unreadable(error);
  }
}

/** True where nothing at all is painted, looked at in small. */
function isBlank(canvas: HTMLCanvasElement): boolean {
  const side = 64;
  const context = new OffscreenCanvas(side, side).getContext('2d')!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(canvas, 0, 0, side, side);
  return context.getImageData(0, 0, side, side).data.every((byte) => !byte);
}
