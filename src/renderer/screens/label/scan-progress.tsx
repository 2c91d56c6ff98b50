import { useAppState } from '../../api/context.tsx';
import { count } from '../../components/format.ts';
import { Progress } from '../../components/ui/index.ts';

/** How far looking through the folder is, in one line; nothing when it isn't being looked through. */
export function ScanProgress({ job }: { readonly job: string | null }) {
  const progress = useAppState(({ jobs }) => (job === null ? undefined : jobs.byId.get(job)?.progress));
  if (job === null) return null;
  const { done = 0, total = null } = progress ?? {};
  return (
    <div className="label-scan">
      <Progress label="Looking through the folder" done={done} total={total} />
      <p className="small muted numeric">
        Looking through the folder{total === null ? '…' : `: ${count(done)} of ${count(total)}`}
      </p>
    </div>
  );
}
