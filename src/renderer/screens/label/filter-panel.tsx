import { CircleHelp, EyeOff, Images, Plus, Split, TagIcon, Unplug, type LucideIcon } from 'lucide-react';
import { useState } from 'react';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { count } from '../../components/format.ts';
import { IconButton } from '../../components/ui/index.ts';
import { sameFilter, unsureBelow, type LabelFilter, type PhotoCounts } from '../../state/label-filter.ts';
import { ClassRow } from './class-row.tsx';
import { ClassNameField } from './class-name-field.tsx';
import './filter-panel.css';

interface FilterPanelProps {
  readonly project: ProjectState;
  readonly counts: PhotoCounts;
}

interface Kind {
  readonly kind: Exclude<LabelFilter['kind'], 'class'>;
  readonly label: string;
  readonly icon: LucideIcon;
  readonly title?: string;
}

const always: readonly Kind[] = [
  { kind: 'all', label: 'All photos', icon: Images },
  { kind: 'unlabeled', label: 'Without a label', icon: TagIcon },
];
const ofRun: readonly Kind[] = [
  {
    kind: 'disagrees',
    label: 'Model disagrees',
    icon: Split,
    title: 'The last model answered something else than the label, for photos it did not learn from',
  },
  {
    kind: 'unsure',
    label: 'Model unsure',
    icon: CircleHelp,
    title: `The last model was less than ${unsureBelow * 100}% sure, of photos it did not learn from`,
  },
];
/** Shown only where there are some, or while they are looked at. */
const rare: readonly Kind[] = [
  { kind: 'excluded', label: 'Left out', icon: EyeOff, title: 'Not used for training' },
  { kind: 'missing', label: 'Missing', icon: Unplug, title: 'Not where they were' },
];

/** Which photos to show, with how many there are of each kind; and the classes. */
export function FilterPanel({ project, counts }: FilterPanelProps) {
  const { label } = useActions();
  const filter = useAppState((state) => state.label.filter);
  const [adding, setAdding] = useState(false);
  const { classes, readOnly, task, lastRun } = project;
  const kinds = [
    ...always,
    ...(lastRun === null ? [] : ofRun),
    ...rare.filter(({ kind }) => counts[kind] > 0 || filter.kind === kind),
  ];
  const editable = readOnly === null && task !== 'regression';
  return (
    <div className="filters">
      <ul className="filters-list" aria-label="Photos to show">
        {kinds.map(({ kind, label: name, icon: Icon, title }) => (
          <li key={kind}>
            <button
              type="button"
              className="filters-row"
              aria-current={filter.kind === kind}
              title={title}
              onClick={() => label.filter({ kind })}
            >
              <Icon aria-hidden />
              <span className="truncate">{name}</span>
              <span className="filters-count numeric">{count(counts[kind])}</span>
            </button>
          </li>
        ))}
      </ul>
      {task === 'regression' ? (
        <p className="filters-hint">
          This project predicts a number for each photo. Type it below the photos, or take all numbers from a
          CSV file: “Import labels” in the menu “More”.
        </p>
      ) : (
        <>
          <div className="filters-head">
            <h2>Classes</h2>
            {editable ? (
              <IconButton icon={Plus} label="New class" size="s" onClick={() => setAdding(true)} />
            ) : null}
          </div>
          <ul className="filters-list" aria-label="Classes">
            {classes.map((one, at) => (
              <ClassRow
                key={one.name}
                project={project}
                own={one}
                at={at}
                count={counts.classes.get(one.name) ?? 0}
                current={sameFilter(filter, { kind: 'class', name: one.name })}
                editable={editable}
              />
            ))}
            {adding ? (
              <li>
                <ClassNameField
                  label="Name of the new class"
                  start=""
                  taken={classes.map(({ name }) => name)}
                  onSave={(name) => label.createClass(project.id, name)}
                  onClose={() => setAdding(false)}
                  again
                />
              </li>
            ) : null}
          </ul>
          {classes.length === 0 && !adding && editable ? (
            <p className="filters-hint">
              Classes are what photos are told apart by: “healthy” and “rust”, for example.{' '}
              <button type="button" className="filters-link" onClick={() => setAdding(true)}>
                Make the first one
              </button>
            </p>
          ) : null}
        </>
      )}
    </div>
  );
}
