import { unzipSync } from 'fflate';
import { HolotypeError } from '../contract/errors.ts';

/** Unpacked bytes a model in a .zip may have: far more than any image network, far less than a zip bomb. */
const largest = 2 ** 31;

/** Whether bytes begin like a ZIP archive. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
}

/**
 * The TF.js model in a .zip, as Teachable Machine hands it out.
 *
 * @param path of the archive, for errors
 * @returns model.json and everything beside it, by name relative to it; undefined when there is no model.json
 * @throws HolotypeError('bad-input') when the archive is damaged or unpacks to more than 2 GiB
 */
export function unzipModel(bytes: Uint8Array, path: string): Map<string, Uint8Array> | undefined {
  let total = 0;
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        if (name.endsWith('/') || name.startsWith('__MACOSX/')) return false;
        total += originalSize;
        if (total > largest) throw new Error(`it unpacks to more than ${largest} bytes`);
        return true;
      },
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HolotypeError('bad-input', `"${path}" can't be unpacked: ${reason}.`, {
      remedy: 'Download or export the archive again.',
      cause: error,
    });
  }
  const main = Object.keys(entries)
    .filter((name) => name === 'model.json' || name.endsWith('/model.json'))
    .sort((a, b) => a.length - b.length)[0];
  if (main === undefined) return undefined;
  const folder = main.slice(0, -'model.json'.length);
  return new Map(
    Object.entries(entries)
      .filter(([name]) => name.startsWith(folder))
      .map(([name, content]) => [name.slice(folder.length), content]),
  );
}
