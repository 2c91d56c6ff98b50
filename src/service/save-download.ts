import { writeFileAtomic } from '../store/atomic.ts';
import { openStream } from '../store/streams.ts';
import type { Downloads } from './downloads.ts';

/**
 * Writes a download to where a person wants it, whole or not at all.
 *
 * @param path absolute; what is there is replaced: the system's dialog has asked
 * @throws HolotypeError 'not-found' when the download is gone, 'storage'
 */
export async function saveDownload(downloads: Downloads, download: string, path: string): Promise<void> {
  const { content } = downloads.get(download);
  await writeFileAtomic(
    path,
    content instanceof Uint8Array ? content : (await openStream(content.path)).chunks,
  );
}
