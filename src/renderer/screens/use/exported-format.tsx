import { Check, CircleCheck, Copy, Download, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import type { Exported } from '../../../contract/use.ts';
import { useActions, useApi } from '../../api/context.tsx';
import { bytes, plural } from '../../components/format.ts';
import { Button, ColumnHead, Table, Tabs } from '../../components/ui/index.ts';
import { useBusy } from '../../components/use-busy.ts';
import { difference } from './answer-list.ts';

interface ExportedFormatProps {
  readonly exported: Exported;
  /** The project's name, for the download's. */
  readonly project: string;
}

/** One exported format: whether it answers as the trained model does, where it is, and how to use it. */
export function ExportedFormat({ exported, project }: ExportedFormatProps) {
  const { use } = useActions();
  const [busy, work] = useBusy<'save'>();
  const { format, folder, files } = exported;
  return (
    <section className="ui-card use-card" aria-labelledby={`exported-${format.id}`}>
      <div className="use-card-head">
        <div className="use-card-title">
          <h2 id={`exported-${format.id}`}>{format.name}</h2>
          <p className="muted small">{bytes(exported.bytes)}</p>
        </div>
        <Button
          icon={Download}
          busy={busy === 'save'}
          onClick={() => work('save', () => use.saveExport(exported, project))}
        >
          Download {format.name}
        </Button>
      </div>
      <Parity parity={exported.parity} />
      <div className="use-folder">
        <span className="muted small">Folder</span>
        <code className="truncate-start" title={folder}>
          <bdi>{folder}</bdi>
        </code>
        <CopyButton what="the folder’s path" text={folder} />
      </div>
      <Snippets exported={exported} />
      <details className="use-files">
        <summary>{plural(files.length, 'file')}</summary>
        <Table caption={`Files of ${format.name}`}>
          <thead>
            <tr>
              <ColumnHead>File</ColumnHead>
              <ColumnHead numeric>Size</ColumnHead>
            </tr>
          </thead>
          <tbody>
            {files.map((file) => (
              <tr key={file.path}>
                <th scope="row" className="use-failed-path">
                  {file.path}
                </th>
                <td className="numeric">{bytes(file.bytes)}</td>
              </tr>
            ))}
          </tbody>
        </Table>
      </details>
    </section>
  );
}

/** How far the exported model's answers are from the trained model's. */
function Parity({ parity }: Pick<Exported, 'parity'>) {
  if (parity === null)
    return (
      <p className="use-parity use-parity-open">
        <TriangleAlert aria-hidden />
        It was not compared with the trained model: none of the photos the run was checked on could be read.
      </p>
    );
  const photos = plural(parity.photos, 'of your photos', 'of your photos');
  const good = parity.difference <= parity.tolerance;
  return (
    <p className={good ? 'use-parity' : 'use-parity use-parity-open'}>
      {good ? <CircleCheck aria-hidden /> : <TriangleAlert aria-hidden />}
      <span>
        {parity.difference === 0
          ? `Answers exactly as the trained model does, on ${photos}.`
          : `Answers differ from the trained model’s by at most ${difference(parity.difference)} on ${photos}.`}{' '}
        {good ? null : `That is more than the ${difference(parity.tolerance)} that rounding explains.`}
      </span>
    </p>
  );
}

/** Programs that use the model, one a language. */
function Snippets({ exported: { format, snippets } }: { readonly exported: Exported }) {
  const [language, setLanguage] = useState(snippets[0]?.name ?? '');
  if (snippets.length === 0) return null;
  return (
    <Tabs
      label={`Programs that use ${format.name}`}
      value={language}
      onChange={setLanguage}
      tabs={snippets.map(({ name, code }) => ({
        value: name,
        label: name,
        content: (
          <div className="use-snippet">
            <pre tabIndex={0} aria-label={`${name} program`}>
              <code>{code}</code>
            </pre>
            <CopyButton what={`the ${name} program`} text={code} />
          </div>
        ),
      }))}
    />
  );
}

/** Puts a text on the clipboard, and says so. */
function CopyButton({ what, text }: { readonly what: string; readonly text: string }) {
  const api = useApi();
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      api.announce(`Copied ${what}.`);
    } catch {
      api.toast({ tone: 'problem', title: `The browser did not let ${what} be copied.` });
    }
  };
  return (
    <Button
      size="s"
      icon={copied ? Check : Copy}
      aria-label={copied ? `Copied ${what}` : `Copy ${what}`}
      onBlur={() => setCopied(false)}
      onClick={() => void copy()}
    >
      {copied ? 'Copied' : 'Copy'}
    </Button>
  );
}
