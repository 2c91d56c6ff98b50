import { ArrowLeft, Telescope } from 'lucide-react';
import { useCallback, useEffect, useMemo, useState } from 'react';
import type { Exploration, GroupingMethod } from '../../../contract/explore.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import { askToNotify } from '../../api/notify.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { plural } from '../../components/format.ts';
import {
  Button,
  EmptyState,
  ErrorState,
  IconButton,
  paletteSize,
  Progress,
  Select,
  Skeleton,
  Tabs,
  ToggleGroup,
  type Option,
} from '../../components/ui/index.ts';
import { useProjectJob } from '../../components/use-project-job.ts';
import { photoById } from '../../state/photo-table.ts';
import { useClassColors } from '../judge/use-class-colors.ts';
import { GroupList } from './group-list.tsx';
import { PhotoList } from './photo-list.tsx';
import { PhotoMap } from './photo-map.tsx';
import { Copies, LabelErrors, LabelNext, OddPhotos } from './review-lists.tsx';
import { SelectionBar } from './selection-bar.tsx';
import './explore.css';

/** What can be found out about photos without (or with few) labels: groups, a map, odd ones, what to label next. */
export function ExploreScreen({ project }: { readonly project: ProjectState }) {
  const { explore, navigation } = useActions();
  const state = useAppState((now) => now.explore);
  const { newest: job, running } = useProjectJob(project.id, 'explore');
  const connected = useAppState(({ connection }) => connection.status === 'ready');
  const message = running?.progress?.message;
  // Each step may have brought something to look at; what waits for its turn has brought nothing.
  const step = running === undefined ? 'over' : message;
  useEffect(() => {
    if (connected && step !== undefined) void explore.load(project.id);
  }, [explore, project.id, connected, step]);
  const found = state.project === project.id ? state.found : { status: 'loading' as const };
  const [method, setMethod] = useState<GroupingMethod>('k-means');
  const [groups, setGroups] = useState('auto');
  const start = (): void => {
    askToNotify();
    void explore.start(project.id, { method, ...(groups === 'auto' ? {} : { groups: Number(groups) }) });
  };
  const known = found.status === 'ready' ? found.value : undefined;
  return (
    <section className="explore" aria-labelledby="explore-title">
      <div className="explore-bar">
        <IconButton icon={ArrowLeft} label="Back to the photos" onClick={() => navigation.detail('')} />
        <h1 id="explore-title">Explore</h1>
        <Select label="How groups are found" value={method} options={methods} onChange={setMethod} />
        <Select
          label="How many groups"
          prefix="Groups"
          value={groups}
          options={groupChoices}
          onChange={setGroups}
        />
        <Button
          variant={known === null ? 'primary' : 'secondary'}
          icon={Telescope}
          busy={running !== undefined}
          onClick={start}
        >
          {known === null ? 'Explore the photos' : 'Explore again'}
        </Button>
        {running === undefined ? null : (
          <div className="explore-progress" role="status">
            <span className="small truncate">{message ?? 'Waiting for its turn'}</span>
            <Progress
              label="Exploring"
              done={running.progress?.done ?? 0}
              total={running.progress?.total ?? null}
            />
          </div>
        )}
      </div>
      {job?.state === 'failed' && job.error !== null ? (
        <ErrorState small error={job.error} onRetry={start} />
      ) : null}
      {found.status === 'failed' ? (
        <ErrorState error={found.error} onRetry={() => void explore.load(project.id)} />
      ) : found.status !== 'ready' ? (
        <div className="explore-loading" role="status" aria-label="Looking for what is known of the photos">
          <Skeleton height="320px" />
        </div>
      ) : found.value === null ? (
        <EmptyState icon={Telescope} title="See what is in your photos">
          Holotype puts like photos together, on a map and in groups that you can name in one go. It finds
          copies, photos that do not belong, labels that may be wrong, and says which photos to label next.
        </EmptyState>
      ) : (
        <Explored project={project} found={found.value} />
      )}
    </section>
  );
}

const methods: readonly Option<GroupingMethod>[] = [
  { value: 'k-means', label: 'k-means', hint: 'Each photo to the nearest of so many middles' },
  { value: 'hierarchical', label: 'Hierarchical', hint: 'More groups divide fewer ones' },
];
const groupChoices: readonly Option<string>[] = [
  { value: 'auto', label: 'Automatic', hint: 'As many as set the photos apart best' },
  ...[2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50].map((n) => ({ value: String(n), label: String(n) })),
];

type Page = 'groups' | 'photos' | 'odd' | 'copies' | 'errors' | 'next';

function Explored({ project, found }: { readonly project: ProjectState; readonly found: Exploration }) {
  const { navigation } = useActions();
  const table = useAppState((state) => state.project.photos);
  const colors = useClassColors();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [by, setBy] = useState<'groups' | 'classes'>('groups');
  const [page, setPage] = useState<Page>('groups');
  // What is gone from the project can't be changed.
  const selected = useMemo(
    () => new Set([...chosen].filter((id) => photoById(table, id) !== undefined)),
    [chosen, table],
  );
  const select = useCallback(
    (photos: readonly string[], add: boolean): void =>
      setChosen((before) => new Set(add ? [...before, ...photos] : photos)),
    [],
  );
  const toggle = useCallback(
    (photo: string): void =>
      setChosen((before) => {
        const after = new Set(before);
        if (!after.delete(photo)) after.add(photo);
        return after;
      }),
    [],
  );
  const glyphs = useMemo(
    () =>
      by === 'groups'
        ? found.groups.map((group) => group % paletteSize)
        : found.photos.map((id) => {
            const [label] = photoById(table, id)?.labels ?? [];
            return label === undefined ? paletteSize : (colors.get(label) ?? 0) % paletteSize;
          }),
    [by, found, table, colors],
  );
  const open = (photo: string): void => navigation.detail(photo);
  const lists = { project, found };
  return (
    <>
      <div className="explore-main">
        <div className="explore-left">
          <div className="explore-marks">
            <ToggleGroup
              label="What the marks show"
              value={by}
              options={[
                { value: 'groups', label: 'Groups' },
                { value: 'classes', label: 'Classes' },
              ]}
              onChange={setBy}
            />
            <span className="muted small">
              {plural(found.photos.length, 'photo')}, seen by {found.backbone}
              {found.complete ? '' : '; a first map'}
            </span>
          </div>
          <PhotoMap
            project={project.id}
            photos={found.photos}
            places={found.places}
            glyphs={glyphs}
            selected={selected}
            onSelect={select}
            onOpen={open}
            of={by}
          />
        </div>
        <div className="explore-side">
          <Tabs
            label="What was found"
            value={page}
            onChange={setPage}
            tabs={[
              { value: 'groups', label: 'Groups', content: <GroupList {...lists} onSelect={select} /> },
              {
                value: 'photos',
                label: 'Photos',
                content: <PhotoList {...lists} selected={selected} onToggle={toggle} onOpen={open} />,
              },
              { value: 'odd', label: 'Odd', content: <OddPhotos {...lists} /> },
              { value: 'copies', label: 'Copies', content: <Copies {...lists} /> },
              { value: 'errors', label: 'Labels', content: <LabelErrors {...lists} /> },
              { value: 'next', label: 'Next', content: <LabelNext {...lists} /> },
            ]}
          />
        </div>
      </div>
      <SelectionBar project={project} selected={[...selected]} onClear={() => setChosen(new Set())} />
    </>
  );
}
