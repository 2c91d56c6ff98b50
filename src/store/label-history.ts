import type { LabelOperation } from '../contract/project.ts';

/**
 * How much of the history stays in the journal when it is compacted: so many operations, of no more than so many
 * bytes. While a project is open its history is whole; this is what outlives it.
 */
export const keptHistory = { operations: 10_000, bytes: 16 * 2 ** 20 };

/** What can be undone and redone, newest last; rebuilt from the journal when a project is opened. */
export class LabelHistory {
  readonly undoable: LabelOperation[] = [];
  readonly redoable: LabelOperation[] = [];

  /** Takes note of an operation that has been carried out. */
  add(operation: LabelOperation): void {
    switch (operation.action) {
      case 'change':
        this.undoable.push(operation);
        this.redoable.length = 0;
        break;
      case 'undo':
        move(operation.of, this.undoable, this.redoable);
        break;
      case 'redo':
        move(operation.of, this.redoable, this.undoable);
        break;
      case 'scan': // stands outside of the history
        break;
    }
  }
}

/** The newest lines that fit into {@link keptHistory}; the newest one is kept however long it is. */
export function newestLines(operations: readonly LabelOperation[], limit = keptHistory): string[] {
  const lines: string[] = [];
  let bytes = 0;
  for (const operation of operations.toReversed()) {
    const line = JSON.stringify(operation);
    bytes += Buffer.byteLength(line);
    if (lines.length > 0 && (lines.length >= limit.operations || bytes > limit.bytes)) break;
    lines.push(line);
  }
  return lines.reverse();
}

/** Moves the operation with the number, and drops those above it: they depend on lines that got lost. */
function move(seq: number | undefined, from: LabelOperation[], to: LabelOperation[]): void {
  const at = from.findLastIndex((operation) => operation.seq === seq);
  if (at < 0) return; // its line was damaged, or is older than the history kept
  const [operation] = from.splice(at);
  if (operation) to.push(operation);
}
