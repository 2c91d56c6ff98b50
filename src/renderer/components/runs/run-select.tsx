import type { RunSummary } from '../../../contract/runs.ts';
import { useActions } from '../../api/context.tsx';
import { fullTime } from '../format.ts';
import { Select } from '../ui/index.ts';
import { nameOfRun } from './run-name.ts';

interface RunSelectProps {
  readonly label: string;
  /** Stands before the chosen one. */
  readonly prefix?: string;
  readonly run: RunSummary;
  readonly finished: readonly RunSummary[];
}

/** Chooses the run that the address names. */
export function RunSelect({ label, prefix, run, finished }: RunSelectProps) {
  const { navigation } = useActions();
  return (
    <Select
      label={label}
      {...(prefix === undefined ? {} : { prefix })}
      value={run.id}
      options={finished.map((one) => ({
        value: one.id,
        label: nameOfRun(one),
        hint: `${fullTime(one.createdAt)}${one.backbone === null ? '' : `, ${one.backbone}`}`,
      }))}
      onChange={(id) => navigation.detail(id)}
    />
  );
}
