import type { UploadStore } from '../store/uploads.ts';

/**
 * Files that the window has sent, a set at a time: each in a folder of its own below `<dataFolder>/uploads`. They are
 * gone when the engine ends, unless a project needs them.
 */
export type Uploads = Pick<UploadStore, 'begin' | 'folderOf' | 'keep'>;
