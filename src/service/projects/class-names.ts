import type { ClassTable } from '../../contract/project.ts';

/** What a class may be called at most, in UTF-16 units; the contract's methods take no longer names. */
const longestName = 200;

/** A name from a folder or a table as a class's: as people type it. */
export function className(given: string): string {
  const name = given.normalize('NFC').trim().slice(0, longestName).trim();
  return name === '' ? 'unnamed' : name;
}

/** Finds the class of today for what folders and tables call it. */
export function classFinder({ names, folders }: Pick<ClassTable, 'names' | 'folders'>): {
  /** Undefined for a class that a person has removed, and for one that is not known (yet). */
  find(given: string): string | undefined;
  /** Whether the name has been met before. */
  knows(given: string): boolean;
} {
  const today = new Map(Object.entries(folders));
  const existing = new Set(names);
  return {
    knows: (given) => today.has(given),
    find: (given) => {
      const name = today.get(given) ?? className(given);
      return existing.has(name) ? name : undefined;
    },
  };
}
