import { useState, type ReactNode } from 'react';
import type { LabelImport } from '../../../contract/photos.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions } from '../../api/context.tsx';
import { DropOverlay } from '../../components/drop-overlay.tsx';
import { useFileDrop } from '../../components/use-file-drop.ts';
import { ImportResult } from './import-result.tsx';

/** Labels from a CSV file that a person chooses or drops; what is shown meanwhile and afterwards. */
export function useLabelImport(project: ProjectState): {
  readonly take: (file: File) => void;
  readonly shown: ReactNode;
} {
  const { label } = useActions();
  const [result, setResult] = useState<LabelImport>();
  const take = (file: File): void => {
    void label.importLabels(project.id, file).then(setResult);
  };
  const over = useFileDrop(
    project.readOnly === null
      ? ({ items: [file] }) => {
          if (file === undefined) return;
          if (/\.csv$/i.test(file.name)) take(file);
          else label.refuseDrop();
        }
      : undefined,
  );
  return {
    take,
    shown: (
      <>
        {over ? (
          <DropOverlay title="Import labels" text="Drop a CSV file with the columns filename and label." />
        ) : null}
        {result === undefined ? null : <ImportResult result={result} onClose={() => setResult(undefined)} />}
      </>
    ),
  };
}
