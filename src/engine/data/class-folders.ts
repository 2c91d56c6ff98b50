/**
 * Which class the photos of a folder belong to, told from the folders alone:
 *
 * 1. The shallowest folder that holds photos itself is a class, with everything below it.
 * 2. Where only deeper folders hold photos, the deepest one is the class, called by its whole path ("animals/cat"),
 *    as long as the names at that depth all differ. Names that come again under other parents ("ants/visit 1",
 *    "bees/visit 1"), or that all look like dates, numbers or sessions, tell occasions apart rather than classes:
 *    then their parents are the classes. That is asked again one level up.
 * 3. Never so far that fewer than two classes remain.
 *
 * @param folders those that hold photos themselves: relative, `/`, none empty
 * @returns for each folder its class
 */
export function classesOfFolders(folders: Iterable<string>): Map<string, string> {
  let classes = shallowest(new Map([...folders].map((folder) => [folder, folder])));
  const deepest = Math.max(0, ...[...classes.values()].map(depthOf));
  for (let depth = deepest; depth >= 2; depth -= 1) {
    const here = [...new Set(classes.values())].filter((name) => depthOf(name) === depth);
    const leaves = here.map((name) => name.slice(name.lastIndexOf('/') + 1).toLowerCase());
    const occasions = new Set(leaves).size < leaves.length || leaves.every(looksLikeOccasion);
    if (here.length === 0 || !occasions) continue;
    const raised = new Map<string, string>();
    for (const [folder, name] of classes) raised.set(folder, depthOf(name) === depth ? parentOf(name) : name);
    const merged = shallowest(raised);
    if (new Set(merged.values()).size >= 2) classes = merged;
  }
  return classes;
}

/** Replaces each class by the shallowest class that contains it. */
function shallowest(classes: Map<string, string>): Map<string, string> {
  const names = new Set(classes.values());
  const result = new Map<string, string>();
  for (const [folder, name] of classes) {
    const segments = name.split('/');
    let found = name;
    for (let count = 1; count < segments.length; count += 1) {
      const above = segments.slice(0, count).join('/');
      if (names.has(above)) {
        found = above;
        break;
      }
    }
    result.set(folder, found);
  }
  return result;
}

/** "2024-05-17", "003", "session 2", "images": names of occasions and of heaps, not of things. */
function looksLikeOccasion(name: string): boolean {
  return /^(session|visit|day|week|batch|set|shoot|roll|series|sequence|seq|take|part|img|images?|photos?|pics?|pictures?|dcim)?[\d\s_.:-]*$/i.test(
    name,
  );
}

const depthOf = (name: string): number => name.split('/').length;
const parentOf = (name: string): string => name.slice(0, name.lastIndexOf('/'));
