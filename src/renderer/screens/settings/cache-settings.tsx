import { cacheKinds, type AppSettings, type CacheUse } from '../../../contract/app.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { useWhenConnected } from '../../api/use-connected.ts';
import { bytes, count } from '../../components/format.ts';
import { Button, ColumnHead, ErrorState, Select, Skeleton, Table } from '../../components/ui/index.ts';
import { useBusy } from '../../components/use-busy.ts';

type Kind = CacheUse[number]['kind'];

const names: Readonly<Record<Kind, { readonly name: string; readonly cost: string }>> = {
  thumbnails: { name: 'Small pictures', cost: 'Made again while you scroll.' },
  features: { name: 'What backbones see', cost: 'The next training takes longer.' },
  facts: { name: 'Facts about photos', cost: 'Folders are read again.' },
  weights: { name: 'Models in faster forms', cost: 'Made again when they are needed.' },
};
const limits = [1e9, 2e9, 5e9, 10e9, 20e9, 50e9, 100e9, 200e9];

/** Files that can be made again at any time: how much, and away with them. */
export function CacheSettings({ settings }: { readonly settings: AppSettings }) {
  const { settings: actions, picking } = useActions();
  const cache = useAppState((state) => state.settings.cache);
  const [busy, run] = useBusy<Kind | 'all'>();
  useWhenConnected(actions.loadCache);
  const clearAll = async (): Promise<void> => {
    const sure = await picking.confirm({
      title: 'Clear all caches?',
      text: 'Photos, labels, runs and models stay. What is cleared is made again when it is needed, which takes time.',
      confirm: 'Clear',
      danger: false,
    });
    if (sure) await actions.clearCache([...cacheKinds]);
  };
  const options = [...new Set([...limits, settings.cacheLimit])].sort((a, b) => a - b);
  return (
    <section className="settings-group" aria-labelledby="settings-cache">
      <header>
        <div>
          <h2 id="settings-cache">Caches</h2>
          <p>Can be made again at any time. What was not used for longest goes first.</p>
        </div>
        <Select
          label="Largest size of all caches"
          prefix="At most"
          value={String(settings.cacheLimit)}
          options={options.map((limit) => ({ value: String(limit), label: bytes(limit) }))}
          onChange={(limit) => void actions.change({ cacheLimit: Number(limit) })}
        />
      </header>
      {cache.status === 'failed' ? (
        <ErrorState small error={cache.error} onRetry={() => void actions.loadCache()} />
      ) : cache.status !== 'ready' ? (
        <div role="status" aria-label="Measuring the caches">
          <Skeleton height="196px" />
        </div>
      ) : (
        <Table caption="Sizes of the caches">
          <thead>
            <tr>
              <ColumnHead>What</ColumnHead>
              <ColumnHead>When it is cleared</ColumnHead>
              <ColumnHead numeric>Files</ColumnHead>
              <ColumnHead numeric>Size</ColumnHead>
              <td />
            </tr>
          </thead>
          <tbody className="settings-table">
            {cache.value.map(({ kind, bytes: size, files }) => (
              <tr key={kind}>
                <th scope="row">{names[kind].name}</th>
                <td className="muted">{names[kind].cost}</td>
                <td className="numeric">{count(files)}</td>
                <td className="numeric">{bytes(size)}</td>
                <td>
                  <Button
                    size="s"
                    aria-label={`Clear ${names[kind].name}`}
                    busy={busy === kind}
                    disabled={size === 0}
                    onClick={() => run(kind, () => actions.clearCache([kind]))}
                  >
                    Clear
                  </Button>
                </td>
              </tr>
            ))}
            <tr>
              <th scope="row">All</th>
              <td />
              <td className="numeric">{count(cache.value.reduce((sum, { files }) => sum + files, 0))}</td>
              <td className="numeric">{bytes(cache.value.reduce((sum, use) => sum + use.bytes, 0))}</td>
              <td>
                <Button
                  size="s"
                  aria-label="Clear all caches"
                  busy={busy === 'all'}
                  onClick={() => run('all', clearAll)}
                >
                  Clear all
                </Button>
              </td>
            </tr>
          </tbody>
        </Table>
      )}
    </section>
  );
}
