import { cachedNote } from './cached-note.ts';

/** What was found out about this machine's devices. */
export const deviceMemory = cachedNote('devices.json');
