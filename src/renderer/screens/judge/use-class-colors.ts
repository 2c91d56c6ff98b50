import { useMemo } from 'react';
import { useAppState } from '../../api/context.tsx';
import { valueOf } from '../../state/loadable.ts';

/** Palette index of each class of the open project, by name. */
export function useClassColors(): ReadonlyMap<string, number> {
  const classes = useAppState((state) => valueOf(state.project.state)?.classes);
  return useMemo(() => new Map((classes ?? []).map(({ name, color }) => [name, color])), [classes]);
}
