import { lazy, Suspense, useCallback, useEffect, useRef } from 'react';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { SplitPane } from '../../components/ui/index.ts';
import { photoById } from '../../state/photo-table.ts';
import { FilterPanel } from './filter-panel.tsx';
import { GridArea } from './grid-area.tsx';
import { useLabelImport } from './label-import.tsx';
import { LabelToolbar } from './label-toolbar.tsx';
import { PhotoPage } from './photo-page.tsx';
import { ScanProgress } from './scan-progress.tsx';
import { TargetBar } from './target-bar.tsx';
import { useLabelShortcuts } from './use-label-shortcuts.ts';
import { onlyOn, useClassColors, useLabelling } from './use-labelling.ts';
import { useShownPhotos } from './use-photos.ts';
import './label.css';

const ExploreScreen = lazy(async () => ({
  default: (await import('../explore/explore-screen.tsx')).ExploreScreen,
}));

/** The tab "Label" of a project: its photos, or what can be found out about them. */
export function LabelScreen({ project }: { readonly project: ProjectState }) {
  const { label } = useActions();
  useEffect(() => label.enter(project.id), [label, project.id]);
  const exploring = useAppState(({ route }) => route.screen === 'project' && route.detail === 'explore');
  if (!exploring) return <LabelPhotos project={project} />;
  return (
    <Suspense fallback={<h1 className="visually-hidden">Explore</h1>}>
      <ExploreScreen project={project} />
    </Suspense>
  );
}

/** All photos, or the one that the address names. */
function LabelPhotos({ project }: { readonly project: ProjectState }) {
  const { label, navigation } = useActions();
  const detail = useAppState(({ route }) => (route.screen === 'project' ? route.detail : ''));
  const { panel } = useAppState((state) => state.label.view);
  const shown = useShownPhotos(project);
  const { table, ids } = shown;
  const alone = detail !== '' && photoById(table, detail) !== undefined ? detail : undefined;
  useCurrent(ids, alone === undefined);
  const colors = useClassColors(project.classes);
  /** How far the grid is scrolled, for when a person comes back to it. */
  const place = useRef(0);
  const search = useRef<HTMLInputElement>(null);
  const grid = useRef<HTMLDivElement>(null);

  const goTo = useCallback(
    (id: string): void => {
      label.select(onlyOn(ids, id));
      if (alone !== undefined) navigation.detail(id, 'replace');
    },
    [label, navigation, ids, alone],
  );
  const open = useCallback(
    (id: string): void => {
      label.select(onlyOn(ids, id));
      navigation.detail(id);
    },
    [label, navigation, ids],
  );
  const close = useCallback((): void => navigation.detail(''), [navigation]);
  const labelling = useLabelling({ project, table, ids, alone, onAdvance: goTo });
  const findSimilar = useCallback(
    (photo: string): void => {
      void label.findSimilar(project.id, photo).then((found) => {
        if (!found) return;
        place.current = 0;
        navigation.detail('');
      });
    },
    [label, navigation, project.id],
  );
  const imports = useLabelImport(project);
  useLabelShortcuts({ project, labelling, ids, alone, search, goTo, findSimilar });

  const photos = (
    <GridArea
      project={project}
      shown={shown}
      colors={colors}
      labelling={labelling}
      place={place}
      grid={grid}
      onOpen={open}
      onSimilar={findSimilar}
    />
  );
  return (
    <section className="label" aria-labelledby="label-title">
      <h1 id="label-title" className="visually-hidden">
        Label
      </h1>
      <ScanProgress job={project.scan} />
      {alone === undefined ? (
        <>
          <LabelToolbar project={project} shown={shown} search={search} grid={grid} onImport={imports.take} />
          {panel ? (
            <SplitPane
              name="label-classes"
              label="Filters and classes"
              side="left"
              initial={216}
              min={168}
              max={420}
              pane={<FilterPanel project={project} counts={shown.counts} />}
            >
              {photos}
            </SplitPane>
          ) : (
            photos
          )}
        </>
      ) : (
        <PhotoPage
          key={project.id}
          project={project}
          shown={shown}
          photo={alone}
          colors={colors}
          onGo={goTo}
          onClose={close}
          onSimilar={findSimilar}
        />
      )}
      {imports.shown}
      <TargetBar
        project={project}
        table={table}
        labelling={labelling}
        onOpen={alone === undefined ? open : undefined}
        onSimilar={findSimilar}
      />
    </section>
  );
}

/**
 * Keeps the keyboard on a photo that is shown: the first one of other photos, or, where only its own photo has left,
 * the one that has come into its place.
 */
function useCurrent(ids: readonly string[], inGrid: boolean): void {
  const { label } = useActions();
  const { selection, filter, search } = useAppState((state) => state.label);
  const last = useRef({ at: 0, filter, search });
  useEffect(() => {
    if (!inGrid || ids.length === 0) return;
    if (last.current.filter !== filter || last.current.search !== search)
      last.current = { at: 0, filter, search };
    const at = selection.focused === undefined ? -1 : ids.indexOf(selection.focused);
    if (at >= 0) last.current.at = at;
    else
      label.select({
        ...selection,
        focused: ids[Math.min(last.current.at, ids.length - 1)],
        anchor: undefined,
      });
  }, [ids, inGrid, selection, filter, search, label]);
}
