import { ChevronDown } from 'lucide-react';
import { useState } from 'react';
import type { Licence } from '../../../contract/app.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { useWhenConnected } from '../../api/use-connected.ts';
import { plural } from '../../components/format.ts';
import { Button, ErrorState, SearchField, Skeleton } from '../../components/ui/index.ts';
import { valueOf } from '../../state/loadable.ts';
import mark from '../../mark.svg';
import './about.css';

const systems: Readonly<Record<string, string>> = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' };

/** What Holotype is and what it is made of. */
export function AboutPage() {
  const { dialogs } = useActions();
  const info = useAppState((state) => state.connection.info);
  return (
    <>
      <header className="about-head">
        <img src={mark} alt="" width="48" height="48" />
        <div>
          <h1>Holotype</h1>
          <p className="muted small">
            {info === undefined ? (
              <Skeleton width="180px" />
            ) : (
              `Version ${info.version} · ${systems[info.platform] ?? info.platform} · ${
                info.host === 'desktop' ? 'desktop app' : 'in the browser'
              }`
            )}
          </p>
        </div>
        <Button onClick={dialogs.reportProblem}>Report a problem…</Button>
      </header>
      <p className="about-text">
        Teaches an image classifier from your own photos, on your own machine, offline. Photos, labels and
        models stay where you put them; Holotype sends nothing anywhere. It goes online only to download a
        model when you ask it to.
      </p>
      <Licences />
    </>
  );
}

function Licences() {
  const { settings } = useActions();
  const licences = useAppState((state) => state.settings.licences);
  const [search, setSearch] = useState('');
  useWhenConnected(settings.loadLicences);
  const words = search.trim().toLowerCase();
  const shown = valueOf(licences)?.filter(({ name, licence }) =>
    `${name} ${licence}`.toLowerCase().includes(words),
  );
  return (
    <section className="settings-group" aria-labelledby="about-licences">
      <header>
        <div>
          <h2 id="about-licences">Made with the work of others</h2>
          <p>{shown === undefined ? '…' : plural(shown.length, 'package')}</p>
        </div>
        <SearchField label="Find a package" value={search} onChange={setSearch} />
      </header>
      {licences.status === 'failed' ? (
        <ErrorState small error={licences.error} onRetry={() => void settings.loadLicences()} />
      ) : shown === undefined ? (
        <div role="status" aria-label="Loading the licences">
          <Skeleton height="240px" />
        </div>
      ) : (
        <ul className="licences">
          {shown.map((licence) => (
            <li key={`${licence.name} ${licence.version}`}>
              <LicenceRow licence={licence} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function LicenceRow({ licence: { name, version, licence, text } }: { readonly licence: Licence }) {
  const line = (
    <>
      <span className="licences-name truncate">{name}</span>
      <span className="muted numeric">{version}</span>
      <span className="licences-kind">{licence}</span>
    </>
  );
  if (text === undefined) return <p className="licences-row">{line}</p>;
  return (
    <details>
      <summary className="licences-row">
        {line}
        <ChevronDown aria-hidden />
      </summary>
      <pre tabIndex={0} aria-label={`Licence of ${name}`}>
        {text}
      </pre>
    </details>
  );
}
