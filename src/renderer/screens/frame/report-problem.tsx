import { useState } from 'react';
import { useActions, useHost } from '../../api/context.tsx';
import { Button, Dialog, TextArea } from '../../components/ui/index.ts';

/** Writes a file about a problem for a person to look at and send; nothing is sent by Holotype. */
export function ReportProblem({ onClose }: { readonly onClose: () => void }) {
  const { settings } = useActions();
  const { showLogs } = useHost();
  const [note, setNote] = useState('');
  const [busy, setBusy] = useState(false);
  const save = async (): Promise<void> => {
    setBusy(true);
    const saved = await settings.reportProblem(note);
    setBusy(false);
    if (saved) onClose();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title="Report a problem"
      description="Writes a file with versions, settings and the end of the logs. Names of people, folders and photos are left out. Nothing is sent: you look at the file and decide whom to give it to."
      actions={
        <>
          {showLogs === undefined ? null : (
            <Button variant="quiet" onClick={showLogs}>
              Show the logs
            </Button>
          )}
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={busy} onClick={() => void save()}>
            Save the report…
          </Button>
        </>
      }
    >
      <TextArea
        label="What happened?"
        hint="What you did, what you expected, and what came instead."
        value={note}
        maxLength={10_000}
        rows={6}
        onChange={setNote}
      />
    </Dialog>
  );
}
