import { join } from 'node:path';
import { demoClasses, demoPhotos } from '../engine/demo/index.ts';
import { ensureFolder, writeFileAtomic } from '../store/atomic.ts';

/**
 * Writes demo photos: a folder per class.
 *
 * @param folder made if need be; photos that are there already are drawn again
 * @param onProgress photos done, of all
 */
export async function writeDemoPhotos(
  folder: string,
  options: { seed: number; perClass: number; signal?: AbortSignal },
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<void> {
  for (const name of demoClasses) await ensureFolder(join(folder, name));
  let done = 0;
  for await (const { path, bytes } of demoPhotos(options)) {
    await writeFileAtomic(join(folder, path), bytes);
    done += 1;
    onProgress(done, options.perClass * demoClasses.length);
  }
}
