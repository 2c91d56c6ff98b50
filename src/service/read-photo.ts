import { checkFormat, photoError } from '../engine/data/decode.ts';
import { formatHeadBytes } from '../engine/data/format.ts';
import { readHead, readPhoto } from '../store/photos.ts';

/** Read whole without a look at their beginning first: photos seldom are larger. */
const smallBytes = 32 * 2 ** 20;
/** Larger files are refused: they would have to be held in memory. */
const largestBytes = 1024 * 2 ** 20;

/**
 * The bytes of a photo, but not of a film or an archive that happens to lie beside it.
 *
 * @param bytes the file's size
 * @throws HolotypeError as of checkFormat and photoError, and 'storage' when it can't be read
 */
export async function readPhotoFile(folder: string, path: string, bytes: number): Promise<Uint8Array> {
  if (bytes > smallBytes) checkFormat(await readHead(folder, path, formatHeadBytes));
  if (bytes > largestBytes)
    throw photoError('too-large', `a file of more than ${largestBytes / 2 ** 20} MiB`);
  return readPhoto(folder, path);
}

/**
 * A photo that lies in one or more places: the first that can be read.
 *
 * @param paths relative to the folder, at least one
 * @throws as {@link readPhotoFile}, of the first place
 */
export async function readPhotoCopy(
  folder: string,
  paths: readonly string[],
  bytes: number,
): Promise<Uint8Array> {
  let failure: unknown;
  for (const path of paths) {
    try {
      return await readPhotoFile(folder, path, bytes);
    } catch (error) {
      failure ??= error; // the very same photo may lie elsewhere, too
    }
  }
  throw failure;
}
