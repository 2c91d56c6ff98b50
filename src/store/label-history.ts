import type { LabelOperation } from '../contract/project.ts';

/** How many operations stay in the journal, to be undone, when it is compacted. */
export const keptHistory = 200;

/** What can be undone and redone, newest last; rebuilt from the journal when a project is opened. */
export class LabelHistory {
  readonly undoable: LabelOperation[] = [];
  readonly redoable: LabelOperation[] = [];

  /** Takes note of an operation that has been carried out. */
  add(operation: LabelOperation): void {
    switch (operation.action) {
      case 'change':
        this.undoable.push(operation);
        if (this.undoable.length > keptHistory) this.undoable.shift();
        this.redoable.length = 0;
        break;
      case 'undo':
        move(operation.of, this.undoable, this.redoable);
        break;
      case 'redo':
        move(operation.of, this.redoable, this.undoable);
        break;
    }
  }
}

/** Moves the operation with the number, and drops those above it: they depend on lines that got lost. */
function move(seq: number | undefined, from: LabelOperation[], to: LabelOperation[]): void {
  const at = from.findLastIndex((operation) => operation.seq === seq);
  if (at < 0) return; // its line was damaged, or is older than the history kept
  const [operation] = from.splice(at);
  if (operation) to.push(operation);
}
