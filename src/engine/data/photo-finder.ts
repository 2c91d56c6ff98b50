/** Finds the files a labels file means, however it spells their paths. */
export class PhotoFinder {
  private readonly exact = new Set<string>();
  /** By path, path without extension, name, name without extension: all without case, NFC. */
  private readonly loose = new Map<string, string[]>();

  constructor(paths: readonly string[]) {
    for (const path of paths) {
      this.exact.add(path);
      const folded = fold(path);
      const name = folded.slice(folded.lastIndexOf('/') + 1);
      for (const key of new Set([folded, withoutExtension(folded), name, withoutExtension(name)])) {
        const others = this.loose.get(key);
        if (others === undefined) this.loose.set(key, [path]);
        else others.push(path);
      }
    }
  }

  /** The files the name may stand for: one, none, or several that nothing tells apart. */
  find(filename: string): readonly string[] {
    if (this.exact.has(filename)) return [filename];
    // "C:/Users/me/photos/ants/1.jpg" was written on another machine: its end may still be a path here.
    let rest = fold(filename);
    for (;;) {
      const found = this.loose.get(rest);
      if (found !== undefined) return found;
      const slash = rest.indexOf('/');
      if (slash < 0) return [];
      rest = rest.slice(slash + 1);
    }
  }
}

const fold = (path: string): string => path.normalize('NFC').toLowerCase();
const withoutExtension = (path: string): string => path.replace(/\.[^./]+$/, '');
