import { useCallback } from 'react';
import { useActions } from '../../api/context.tsx';
import { plural } from '../../components/format.ts';
import { ColumnHead, Dialog, EmptyState, ErrorState, Skeleton, Table } from '../../components/ui/index.ts';
import { useAnswer } from '../../components/use-answer.ts';
import { valueOf } from '../../state/loadable.ts';

interface SkippedFilesProps {
  readonly project: string;
  readonly onClose: () => void;
}

/** Files of a project's folder that can't be used, each with the reason. */
export function SkippedFiles({ project, onClose }: SkippedFilesProps) {
  const { dialogs } = useActions();
  const ask = useCallback((signal: AbortSignal) => dialogs.listSkipped(project, signal), [dialogs, project]);
  const { answer, again } = useAnswer(ask);
  const files = valueOf(answer);
  return (
    <Dialog
      open
      onClose={onClose}
      size="l"
      title="Files that were left out"
      description="Holotype changes nothing about them; they are only not used."
    >
      {answer.status === 'failed' ? <ErrorState small error={answer.error} onRetry={again} /> : null}
      {answer.status === 'loading' ? <Skeleton height="120px" /> : null}
      {files?.length === 0 ? <EmptyState small title="Every file could be used" /> : null}
      {files === undefined || files.length === 0 ? null : (
        <Table caption={`${plural(files.length, 'file')} left out`}>
          <thead>
            <tr>
              <ColumnHead>File</ColumnHead>
              <ColumnHead>Why</ColumnHead>
            </tr>
          </thead>
          <tbody>
            {files.map(({ path, reason }) => (
              <tr key={path}>
                <th scope="row">{path}</th>
                <td>{reason}</td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </Dialog>
  );
}
