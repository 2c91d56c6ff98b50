import type { Dialog as DialogState } from '../../state/dialogs.ts';
import { useApi, useAppState } from '../../api/context.tsx';
import { plural } from '../../components/format.ts';
import { AlertDialog, Button, Dialog, Progress } from '../../components/ui/index.ts';
import { FolderPicker } from './folder-picker.tsx';
import { ReportProblem } from './report-problem.tsx';
import { ShortcutSheet } from './shortcut-sheet.tsx';
import { SkippedFiles } from './skipped-files.tsx';

/** The dialogs that can come up on any screen, one over the other. */
export function GlobalDialogs() {
  const dialogs = useAppState((state) => state.dialogs);
  return dialogs.map((dialog) => <GlobalDialog key={dialog.id} dialog={dialog} />);
}

function GlobalDialog({ dialog }: { readonly dialog: DialogState }) {
  const api = useApi();
  const close = (answer?: unknown): void => api.close(dialog.id, answer);
  const dismiss = (): void => close();
  switch (dialog.kind) {
    case 'confirm':
      return (
        <AlertDialog
          open
          title={dialog.title}
          text={dialog.text}
          confirm={dialog.confirm}
          danger={dialog.danger}
          onAnswer={close}
        />
      );
    case 'upload':
      return (
        <Dialog
          open
          onClose={dismiss}
          size="s"
          title={dialog.title}
          description={`${dialog.sent} of ${plural(dialog.total, 'file')}`}
          actions={<Button onClick={dismiss}>Cancel</Button>}
        >
          <Progress label={dialog.title} done={dialog.sent} total={dialog.total} />
        </Dialog>
      );
    case 'pick':
      return <FolderPicker what={dialog.what} title={dialog.title} onPick={close} onClose={dismiss} />;
    case 'shortcuts':
      return <ShortcutSheet onClose={dismiss} />;
    case 'report-problem':
      return <ReportProblem onClose={dismiss} />;
    case 'skipped':
      return <SkippedFiles project={dialog.project} onClose={dismiss} />;
    default:
      return dialog satisfies never;
  }
}
