import type { LabelImport } from '../../../contract/photos.ts';
import { count, plural } from '../../components/format.ts';
import { Button, ColumnHead, Dialog, Table } from '../../components/ui/index.ts';

interface ImportResultProps {
  readonly result: LabelImport;
  readonly onClose: () => void;
}

/** What became of the lines of a labels file. */
export function ImportResult({ result, onClose }: ImportResultProps) {
  const { matched, unchanged, newClasses, unmatched, unmatchedCount } = result;
  const more = unmatchedCount - unmatched.length;
  return (
    <Dialog
      open
      onClose={onClose}
      size={unmatched.length === 0 ? 's' : 'l'}
      title={matched === 0 && unchanged === 0 ? 'No photo got a label' : 'Labels imported'}
      description="Everything the file changed can be undone in one step."
      actions={
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <ul className="label-import">
        <li>{plural(matched, 'photo')} got other labels than before.</li>
        {unchanged === 0 ? null : <li>{plural(unchanged, 'photo')} had the same labels already.</li>}
        {newClasses.length === 0 ? null : (
          <li>
            {newClasses.length === 1 ? 'New class' : 'New classes'}: {newClasses.join(', ')}.
          </li>
        )}
        {unmatchedCount === 0 ? null : <li>{plural(unmatchedCount, 'line')} could not be used:</li>}
      </ul>
      {unmatched.length === 0 ? null : (
        <Table caption="Lines that could not be used">
          <thead>
            <tr>
              <ColumnHead numeric>Line</ColumnHead>
              <ColumnHead>Name</ColumnHead>
              <ColumnHead>Why</ColumnHead>
            </tr>
          </thead>
          <tbody>
            {unmatched.map(({ line, name, reason }) => (
              <tr key={line}>
                <td className="numeric">{count(line)}</td>
                <th scope="row">{name}</th>
                <td>{reason}</td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      {more > 0 ? <p className="muted small">And {plural(more, 'more line', 'more lines')}.</p> : null}
    </Dialog>
  );
}
