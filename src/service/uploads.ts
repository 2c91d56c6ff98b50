/** Files that the window has sent, a set at a time: each in a folder of its own below `<dataFolder>/uploads`. */
export interface Uploads {
  /** The token of a new, empty set. */
  begin(): string;
  /** Absolute: where the set's files lie. @throws HolotypeError('not-found') for a token that was not given out */
  folderOf(upload: string): string;
}
