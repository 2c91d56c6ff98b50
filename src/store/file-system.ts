import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  read,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';

/**
 * Every call of the store that changes the disk and can fail half-way goes through this table, so that a test
 * can make one of them fail (disk full, read-only, drive gone) and see that nothing good is lost.
 */
export const fileSystem = {
  open,
  rename,
  rm,
  mkdir,
  openSync,
  read,
  readSync,
  writeSync,
  fsyncSync,
  ftruncateSync,
  renameSync,
  closeSync,
};
