import type { RefObject } from 'react';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { useShortcuts, type Shortcut } from '../../components/shortcuts.tsx';
import { classKey } from '../../state/class-keys.ts';
import { clearSelection, selectAll, togglePhoto } from '../../state/selection.ts';
import type { Labelling } from './use-labelling.ts';

interface Context {
  readonly project: ProjectState;
  readonly labelling: Labelling;
  readonly ids: readonly string[];
  readonly alone: string | undefined;
  readonly search: RefObject<HTMLInputElement | null>;
  readonly goTo: (photo: string) => void;
  readonly findSimilar: (photo: string) => void;
}

/** All keys of the screen but those that move in the grid or zoom a photo. */
export function useLabelShortcuts(context: Context): void {
  const { project, labelling, ids, alone, search, goTo, findSimilar } = context;
  const { label, navigation } = useActions();
  const { selection, search: words } = useAppState((state) => state.label);
  const [photo] = labelling.photos;

  const classes = labelling.labels
    ? project.classes.flatMap(({ name }, at): Shortcut[] => {
        const key = classKey(at);
        return key === undefined
          ? []
          : [{ keys: key, label: name, hidden: true, run: () => labelling.assign(name) }];
      })
    : [];
  const labels: readonly Shortcut[] = [
    ...(labelling.labels
      ? [
          {
            keys: '1',
            label: 'Give the class with this number or letter',
            run: () => labelling.assign(project.classes[0]?.name ?? ''),
          },
          { keys: ['0', 'backspace', 'delete'], label: 'Take the label away', run: labelling.clear },
        ]
      : [
          { keys: 'n', label: 'Type the number', run: () => labelling.entry.current?.focus() },
          {
            keys: ['backspace', 'delete'],
            label: 'Take the number away',
            run: () => labelling.setTarget(null),
          },
        ]),
    { keys: 'x', label: 'Leave out of training, or take back in', run: labelling.toggleOut },
    {
      keys: 'f',
      label: 'Find similar photos',
      run: () => (photo === undefined ? undefined : findSimilar(photo)),
    },
    { keys: 'mod+z', label: 'Undo', run: () => void label.undo(project.id) },
    { keys: ['mod+shift+z', 'mod+y'], label: 'Do again', run: () => void label.redo(project.id) },
  ];
  const step = (by: number): void => {
    const next = ids[ids.indexOf(alone ?? '') + by];
    if (next !== undefined) goTo(next);
  };
  const inGrid: readonly Shortcut[] = [
    {
      keys: 'space',
      label: 'Select, or take out of the selection',
      run: () => label.select(togglePhoto(selection)),
    },
    { keys: 'mod+a', label: 'Select all that is shown', run: () => label.select(selectAll(selection, ids)) },
    {
      keys: 'escape',
      label: 'Clear the selection',
      run: () => {
        if (selection.selected.size > 0) label.select(clearSelection(selection));
        else if (words !== '') label.search('');
      },
    },
    {
      keys: 'enter',
      label: 'Look at the photo alone',
      run: () => (photo === undefined ? undefined : navigation.detail(photo)),
    },
    { keys: '/', label: 'Search', run: () => search.current?.focus() },
  ];
  const onPhoto: readonly Shortcut[] = [
    { keys: ['arrowright', 'arrowdown'], label: 'Next photo', run: () => step(1) },
    { keys: ['arrowleft', 'arrowup'], label: 'Previous photo', run: () => step(-1) },
    { keys: ['escape', 'enter'], label: 'Back to the grid', run: () => navigation.detail('') },
  ];
  useShortcuts('Label', [...classes, ...labels, ...(alone === undefined ? inGrid : onPhoto)]);
}
