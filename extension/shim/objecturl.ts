import { notReplaceable } from './refusal';

/** Waits until an image of this address is decoded, so that no swap is ever seen half done. */
export async function decoded(url: string): Promise<void> {
  const image = new Image();
  image.src = url;
  await image.decode().catch(() => {
    throw notReplaceable();
  });
}

/** The one object URL that a replacement shows; what it showed before is given back. */
export class ObjectUrl {
  current: string | null = null;

  /** Shows the next one: `swap` puts it into the page. When that fails the old one stays. */
  async show(blob: Blob, swap: (url: string) => void | Promise<void>): Promise<void> {
    const next = URL.createObjectURL(blob);
    try {
      await decoded(next);
      await swap(next);
    } catch (error) {
      URL.revokeObjectURL(next);
      throw error;
    }
    this.drop();
    this.current = next;
  }

  drop(): void {
    if (this.current) URL.revokeObjectURL(this.current);
    this.current = null;
  }
}
