import {
  ArrowDownNarrowWide,
  ArrowDownWideNarrow,
  Ellipsis,
  FileDown,
  FileUp,
  FolderSearch,
  PanelLeft,
  Redo2,
  Telescope,
  Undo2,
} from 'lucide-react';
import { useRef, type RefObject } from 'react';
import type { Task } from '../../../contract/project.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { count, plural } from '../../components/format.ts';
import {
  IconButton,
  Menu,
  SearchField,
  Select,
  Slider,
  type MenuItem,
  type Option,
} from '../../components/ui/index.ts';
import { tileSizes, type SortKey } from '../../state/label.ts';
import { FilterSelect } from './filter-select.tsx';
import { ScanWords } from './scan-progress.tsx';
import { SimilarTo } from './similar-to.tsx';
import type { ShownPhotos } from './use-photos.ts';

interface LabelToolbarProps {
  readonly project: ProjectState;
  readonly shown: ShownPhotos;
  readonly search: RefObject<HTMLInputElement | null>;
  readonly grid: RefObject<HTMLDivElement | null>;
  readonly onImport: (file: File) => void;
}

const taskNames: readonly (readonly [Task, string])[] = [
  ['single-label', 'One class'],
  ['multi-label', 'Any number of labels'],
  ['regression', 'A number'],
];

const likeness = {
  features: 'By what a network sees in them',
  looks: 'By colours and shapes: no network is installed yet',
} as const;

/** What is shown and how, undo, and labels from and into files. */
export function LabelToolbar({ project, shown, search, grid, onImport }: LabelToolbarProps) {
  const { label, dialogs, navigation, projects } = useActions();
  const { search: words, sort, similar, next, view } = useAppState((state) => state.label);
  const file = useRef<HTMLInputElement>(null);
  const { counts, readOnly } = project;
  const sorts: Option<SortKey>[] = [
    { value: 'name', label: 'Name' },
    { value: 'date', label: 'Date taken' },
    {
      value: 'confidence',
      label: 'Confidence',
      hint:
        project.lastRun === null
          ? 'After the first training'
          : 'Photos the last run was checked on come first',
      disabled: shown.answers.size === 0,
    },
    {
      value: 'similarity',
      label: 'Similarity',
      hint: similar === undefined ? 'Choose “Find similar” on a photo first' : likeness[similar.basis],
      disabled: similar === undefined,
    },
    {
      value: 'next',
      label: 'Worth labelling',
      hint:
        next === undefined ? 'Choose “Label these next” under Explore first' : 'What their labels would tell',
      disabled: next === undefined,
    },
  ];
  return (
    <div className="label-bar" role="group" aria-label="Photos">
      <IconButton
        icon={PanelLeft}
        label={view.panel ? 'Hide filters and classes' : 'Show filters and classes'}
        pressed={view.panel}
        onClick={() => label.view({ panel: !view.panel })}
      />
      {view.panel ? null : <FilterSelect project={project} counts={shown.counts} />}
      <SearchField
        ref={search}
        label="Search names"
        value={words}
        onChange={label.search}
        onDone={() => grid.current?.focus()}
      />
      <div className="label-sort">
        <Select
          label="Sort by"
          prefix="Sort"
          value={sort.by}
          options={sorts}
          // The surest first would be the least interesting.
          onChange={(by) => label.sort({ by, descending: by === 'similarity' || by === 'next' })}
        />
        <IconButton
          icon={sort.descending ? ArrowDownWideNarrow : ArrowDownNarrowWide}
          label={sort.descending ? 'Descending: turn the order round' : 'Ascending: turn the order round'}
          onClick={() => label.sort({ ...sort, descending: !sort.descending })}
        />
      </div>
      {sort.by === 'similarity' ? <SimilarTo project={project.id} table={shown.table} /> : null}
      <p className="label-count muted numeric" aria-live={project.scan === null ? 'polite' : 'off'}>
        <span>
          {shown.ids.length === shown.table.rows.length
            ? plural(shown.ids.length, 'photo')
            : `${count(shown.ids.length)} of ${count(shown.table.rows.length)}`}
        </span>
        <ScanWords job={project.scan} />
        {counts.skipped === 0 ? null : (
          <button type="button" className="filters-link" onClick={() => dialogs.skipped(project.id)}>
            {plural(counts.skipped, 'file')} skipped
          </button>
        )}
      </p>
      <IconButton
        icon={Telescope}
        label="Explore: groups, a map, odd photos"
        onClick={() => navigation.detail('explore')}
      />
      <div className="label-size">
        <Slider
          label="Size of the photos"
          value={view.tileSize}
          {...tileSizes}
          onChange={(tileSize) => label.view({ tileSize })}
          valueText={`${view.tileSize} pixels`}
        />
      </div>
      <IconButton
        icon={Undo2}
        label={project.undo === null ? 'Nothing to undo' : `Undo: ${project.undo}`}
        keys="mod+z"
        disabled={readOnly !== null || project.undo === null}
        onClick={() => void label.undo(project.id)}
      />
      <IconButton
        icon={Redo2}
        label={project.redo === null ? 'Nothing to do again' : `Do again: ${project.redo}`}
        keys="mod+shift+z"
        disabled={readOnly !== null || project.redo === null}
        onClick={() => void label.redo(project.id)}
      />
      <Menu
        align="end"
        items={[
          {
            label: 'Import labels from CSV…',
            icon: FileUp,
            disabled: readOnly !== null,
            onSelect: () => file.current?.click(),
          },
          {
            label: 'Export labels as CSV',
            icon: FileDown,
            onSelect: () => void label.exportLabels(project.id),
          },
          { kind: 'line' },
          { kind: 'heading', label: 'Each photo has' },
          ...taskNames.map(([task, name]): MenuItem => ({
            kind: 'check',
            label: name,
            checked: project.task === task,
            onSelect: () => {
              if (readOnly === null && project.task !== task) void projects.changeTask(project.id, task);
            },
          })),
          { kind: 'line' },
          {
            label: 'Look through the folder again',
            icon: FolderSearch,
            disabled: project.scan !== null,
            onSelect: () => void projects.rescan(project.id),
          },
        ]}
      >
        <IconButton icon={Ellipsis} label="More" />
      </Menu>
      <input
        ref={file}
        type="file"
        accept=".csv,text/csv"
        hidden
        aria-label="Labels file"
        onChange={({ currentTarget }) => {
          const [chosen] = currentTarget.files ?? [];
          if (chosen !== undefined) onImport(chosen);
          // So that the same file can be chosen again.
          currentTarget.value = '';
        }}
      />
    </div>
  );
}
