import type { RunSummary } from '../../../contract/runs.ts';
import { percent } from '../format.ts';

/** "Run 3, 98.0%". */
export function nameOfRun({ number, accuracy }: RunSummary): string {
  return accuracy === null ? `Run ${number}` : `Run ${number}, ${percent(accuracy)}`;
}
