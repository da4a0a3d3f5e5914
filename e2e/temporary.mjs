// Folders that a test file writes to.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A new folder, which is there until this process ends. It goes no sooner, since the last processes of a browser that has been closed may still write to
 * its profile; for the same reason removing it is tried for a while.
 */
export function temporaryFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `rubout-${name}-`));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  return folder;
}
