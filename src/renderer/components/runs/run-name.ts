import type { RunSummary } from '../../../contract/runs.ts';
import { figure, percent } from '../format.ts';

/** "Run 3, 98.0%", or of numbers "Run 3, off by 2.1". */
export function nameOfRun({ number, accuracy, mae }: RunSummary): string {
  if (typeof mae === 'number') return `Run ${number}, off by ${figure(mae)}`;
  return accuracy === null ? `Run ${number}` : `Run ${number}, ${percent(accuracy)}`;
}
