import { ChevronDown, RotateCcw, SlidersHorizontal } from 'lucide-react';
import { memo, useId, useMemo, useState } from 'react';
import { settingGroups, settingInfo, type SettingInfo } from '../../../contract/setting-info.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { plural } from '../../components/format.ts';
import { Badge, Button, EmptyState, SearchField } from '../../components/ui/index.ts';
import { SettingField } from './setting-field.tsx';
import { defaultText, findSettings, isChanged } from './settings-search.ts';

const groupNames: Readonly<Record<(typeof settingGroups)[number], string>> = {
  simple: 'The simple choices',
  photos: 'Photos',
  head: 'Head',
  steps: 'How the weights are moved',
  simplicity: 'Against learning by heart',
  finetune: 'Fine-tuning',
};

/**
 * Every setting there is, to be searched: what it does, what it is by default, and what was changed. Large, so it is
 * drawn again only when a setting is another, not with the progress beside it.
 */
export const AllSettings = memo(function AllSettings() {
  const { train, navigation } = useActions();
  const settings = useAppState((state) => state.train.settings);
  const [open, setOpen] = useState(false);
  const [search, setSearch] = useState('');
  const id = useId();
  const changed = settingInfo.filter((info) => isChanged(info, settings));
  const found = useMemo(() => findSettings(search), [search]);
  return (
    <section className="ui-card train-card" aria-labelledby={`${id}-title`}>
      <div className="train-plan-head">
        <h2 id={`${id}-title`}>All settings</h2>
        <span className="train-all-head">
          {changed.length === 0 ? null : <Badge>{plural(changed.length, 'setting')} changed</Badge>}
          {changed.length === 0 ? null : (
            <Button
              size="s"
              variant="quiet"
              icon={RotateCcw}
              onClick={() => train.choose(Object.fromEntries(changed.map(({ key }) => [key, undefined])))}
            >
              Back to the defaults
            </Button>
          )}
          <Button size="s" icon={SlidersHorizontal} onClick={() => navigation.tab('train', 'search')}>
            Search for better settings
          </Button>
          <Button
            size="s"
            icon={ChevronDown}
            aria-expanded={open}
            aria-controls={`${id}-all`}
            onClick={() => setOpen(!open)}
          >
            {open ? 'Hide' : 'Show'}
            <span className="visually-hidden"> all settings</span>
          </Button>
        </span>
      </div>
      <div id={`${id}-all`} hidden={!open}>
        {open ? (
          <>
            <SearchField label="Search the settings" value={search} onChange={setSearch} />
            {found.length === 0 ? (
              <EmptyState small title="No setting is called that">
                Try another word, for example “rate”, “photos” or “head”.
              </EmptyState>
            ) : (
              settingGroups.map((group) => (
                <Group
                  key={group}
                  title={groupNames[group]}
                  infos={found.filter((info) => info.group === group)}
                />
              ))
            )}
          </>
        ) : null}
      </div>
    </section>
  );
});

function Group({ title, infos }: { readonly title: string; readonly infos: readonly SettingInfo[] }) {
  const { train } = useActions();
  const settings = useAppState((state) => state.train.settings);
  if (infos.length === 0) return null;
  return (
    <div className="train-group">
      <h3>{title}</h3>
      {infos.map((info) => (
        <div key={info.key} className="train-setting">
          <SettingField
            info={info}
            value={settings[info.key]}
            onChange={(value) => train.choose({ [info.key]: value })}
          />
          <p className="muted small train-default">
            Default: {defaultText(info)}
            {isChanged(info, settings) ? (
              <Button size="s" variant="quiet" onClick={() => train.choose({ [info.key]: undefined })}>
                Reset<span className="visually-hidden"> {info.label}</span>
              </Button>
            ) : null}
          </p>
        </div>
      ))}
    </div>
  );
}
