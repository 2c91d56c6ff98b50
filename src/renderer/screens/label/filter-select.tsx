import type { ProjectState } from '../../../contract/projects.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { count } from '../../components/format.ts';
import { ClassSwatch, Select, type Option } from '../../components/ui/index.ts';
import type { LabelFilter, PhotoCounts } from '../../state/label-filter.ts';

const kinds = [
  { value: 'all', label: 'All photos' },
  { value: 'unlabeled', label: 'Without a label' },
  { value: 'disagrees', label: 'Model disagrees' },
  { value: 'unsure', label: 'Model unsure' },
  { value: 'excluded', label: 'Left out' },
  { value: 'missing', label: 'Missing' },
] as const;

interface FilterSelectProps {
  readonly project: ProjectState;
  readonly counts: PhotoCounts;
}

/** The filters of the panel, for when there is no room for it. */
export function FilterSelect({ project, counts }: FilterSelectProps) {
  const { label } = useActions();
  const filter = useAppState((state) => state.label.filter);
  const options: Option<string>[] = [
    ...kinds.map(({ value, label: name }) => ({
      value,
      label: name,
      hint: count(counts[value]),
      disabled: project.lastRun === null && (value === 'disagrees' || value === 'unsure'),
    })),
    ...project.classes.map(({ name, color }) => ({
      value: `class ${name}`,
      label: name,
      hint: count(counts.classes.get(name) ?? 0),
      icon: <ClassSwatch color={color} />,
    })),
  ];
  const value = filter.kind === 'class' ? `class ${filter.name}` : filter.kind;
  return (
    <Select
      label="Photos to show"
      value={value}
      options={options}
      onChange={(to) => label.filter(filterOf(to))}
    />
  );
}

function filterOf(value: string): LabelFilter {
  const known = kinds.find((kind) => kind.value === value);
  return known === undefined ? { kind: 'class', name: value.slice('class '.length) } : { kind: known.value };
}
