import { useShortcutGroups } from '../../components/shortcuts.tsx';
import { Dialog, Kbd } from '../../components/ui/index.ts';
import './shortcut-sheet.css';

/** The keys that work on this screen and everywhere. */
export function ShortcutSheet({ onClose }: { readonly onClose: () => void }) {
  const groups = useShortcutGroups();
  return (
    <Dialog open onClose={onClose} title="Keyboard shortcuts" size="m">
      <div className="shortcut-sheet">
        {groups.map(({ title, shortcuts }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {shortcuts
                .filter(({ hidden }) => hidden !== true)
                .map(({ label, keys }) => (
                  <div key={label}>
                    <dt>{label}</dt>
                    <dd>
                      {(typeof keys === 'string' ? [keys] : keys).map((one) => (
                        <Kbd key={one} keys={one} />
                      ))}
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
