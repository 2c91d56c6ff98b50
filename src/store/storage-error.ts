import { dirname } from 'node:path';
import { HolotypeError } from '../contract/errors.ts';

/** The system's code of a failed file operation ('ENOSPC', ...), or undefined for any other error. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * What the operating system said about `path`, in words a person can act on. A HolotypeError is returned as it
 * is, so a translated error may be translated again.
 */
export function storageError(error: unknown, path: string): HolotypeError {
  if (error instanceof HolotypeError) return error;
  const code = errnoOf(error);
  const make = (message: string, remedy: string): HolotypeError =>
    new HolotypeError('storage', message, { remedy, details: { path, errno: code }, cause: error });
  switch (code) {
    case 'ENOSPC':
      return make(`The disk is full: "${path}" could not be written.`, 'Free some space and try again.');
    case 'EDQUOT':
      return make(
        `Your disk quota is used up: "${path}" could not be written.`,
        'Delete files you no longer need, or ask the administrator for more space.',
      );
    case 'EROFS':
      return make(
        `"${path}" is on a read-only drive.`,
        'Choose a folder on a drive that can be written, or remount this one for writing.',
      );
    case 'EACCES':
    case 'EPERM':
      return make(
        `No permission for "${path}".`,
        `Check the permissions of "${dirname(path)}", or choose another folder.`,
      );
    case 'ENOENT':
      return make(
        `"${path}" is not there (any more).`,
        `Check that the folder "${dirname(path)}" exists and that its drive is connected.`,
      );
    case 'ENOTDIR':
      return make(
        `A part of the path "${path}" is a file, not a folder.`,
        'Choose another folder, or move that file out of the way.',
      );
    case 'EISDIR':
      return make(`"${path}" is a folder where a file belongs.`, 'Move that folder out of the way.');
    case 'ENAMETOOLONG':
      return make(
        `The name "${path}" is too long for this disk.`,
        'Choose a shorter name or a shorter path.',
      );
    case 'EBUSY':
    case 'ETXTBSY':
      return make(`"${path}" is in use by another program.`, 'Close that program and try again.');
    case 'EMFILE':
    case 'ENFILE':
      return make(
        `Too many files are open: "${path}" could not be opened.`,
        'Close other programs, or raise the limit of open files (ulimit -n).',
      );
    case 'EIO':
    case 'ENXIO':
    case 'ENODEV':
    case 'ESTALE':
      return make(
        `The drive reported an error at "${path}".`,
        'Check that the drive is connected and healthy, then try again.',
      );
    case undefined:
      return new HolotypeError('failed', error instanceof Error ? error.message : String(error), {
        details: { path },
        cause: error,
      });
    default:
      return make(
        `"${path}" could not be read or written (${code}).`,
        'Check the drive and the permissions of the folder, then try again.',
      );
  }
}
