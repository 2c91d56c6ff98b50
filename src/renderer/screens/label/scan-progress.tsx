import { useAppState } from '../../api/context.tsx';
import { count } from '../../components/format.ts';
import { Progress } from '../../components/ui/index.ts';

/** How far looking through the folder is; undefined when it isn't being looked through. */
export function useScan(job: string | null): { done: number; total: number | null } | undefined {
  const progress = useAppState(({ jobs }) => (job === null ? undefined : jobs.byId.get(job)?.progress));
  return job === null ? undefined : { done: progress?.done ?? 0, total: progress?.total ?? null };
}

/** A slim bar over the screen's upper edge: nothing moves when it comes and goes. */
export function ScanProgress({ job }: { readonly job: string | null }) {
  const scan = useScan(job);
  if (scan === undefined) return null;
  return (
    <div className="label-scan">
      <Progress label="Looking through the folder" {...scan} />
    </div>
  );
}

/** The same in words. */
export function ScanWords({ job }: { readonly job: string | null }) {
  const scan = useScan(job);
  if (scan === undefined) return null;
  const { done, total } = scan;
  return <span>Looking{total === null ? '…' : ` at ${count(done)} of ${count(total)} files`}</span>;
}
