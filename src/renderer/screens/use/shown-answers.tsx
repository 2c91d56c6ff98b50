import { LayoutGrid, Rows3 } from 'lucide-react';
import { useMemo, useState } from 'react';
import { doubtOf } from '../../../contract/doubt.ts';
import { answerPath } from '../../../contract/media.ts';
import type { Answer } from '../../../contract/use.ts';
import { useAppState, useDispatch, useMediaUrl } from '../../api/context.tsx';
import { percent, plural } from '../../components/format.ts';
import { PhotoGrid, type TileContent } from '../../components/photos/index.ts';
import { ConfidenceBar } from '../../components/probability-bars.tsx';
import {
  Button,
  ColumnHead,
  EmptyState,
  SearchField,
  Select,
  Table,
  ToggleGroup,
  unknownColor,
} from '../../components/ui/index.ts';
import type { AnswerOrder, FetchedAnswers } from '../../state/use.ts';
import { useClassColors } from '../judge/use-class-colors.ts';
import { listAnswers, nameOf, wordsOf } from './answer-list.ts';
import { AnswerTable } from './answer-table.tsx';
import { OneAnswer } from './one-answer.tsx';

const tileSize = 150;

const orders: readonly { readonly value: AnswerOrder; readonly label: string }[] = [
  { value: 'asked', label: 'As they come' },
  { value: 'name', label: 'Name' },
  { value: 'least', label: 'Least sure first' },
  { value: 'most', label: 'Surest first' },
];

const numberOrders: typeof orders = orders.map((one) =>
  one.value === 'least'
    ? { ...one, label: 'Smallest first' }
    : one.value === 'most'
      ? { ...one, label: 'Largest first' }
      : one,
);

/** The chosen answers as pictures or as a table, and one of them alone. */
export function ShownAnswers({ answers }: { readonly answers: FetchedAnswers }) {
  const dispatch = useDispatch();
  const { choice, order, search, view, looked } = useAppState((state) => state.use);
  const shown = useMemo(
    () => listAnswers(answers.rows, { choice, order, search }),
    [answers.rows, choice, order, search],
  );
  const ids = useMemo(() => shown.map(({ index }) => String(index)), [shown]);
  const contentOf = useTiles(answers);
  const [focused, setFocused] = useState<string>();
  const look = (id: string): void => {
    setFocused(id);
    dispatch({ type: 'use/looked', index: Number(id) });
  };
  const open = looked === undefined ? undefined : answers.rows[looked];
  if (choice.kind === 'failed') return <FailedPhotos answers={answers} />;
  const list = {
    label: `Answers, ${plural(shown.length, 'photo')}`,
    focused,
    onFocus: setFocused,
    onOpen: look,
  };
  return (
    <div className="use-shown">
      <div className="use-toolbar">
        <SearchField
          label="Find by name"
          value={search}
          onChange={(next) => dispatch({ type: 'use/searched', search: next })}
        />
        <Select
          label="Sort by"
          prefix="Sort by"
          value={order}
          options={answers.task === 'regression' ? numberOrders : orders}
          onChange={(next) => dispatch({ type: 'use/ordered', order: next })}
        />
        <span className="muted small numeric use-toolbar-count">{plural(shown.length, 'photo')}</span>
        <ToggleGroup
          compact
          label="View"
          value={view}
          options={[
            { value: 'grid', label: 'Pictures', icon: LayoutGrid },
            { value: 'table', label: 'Table', icon: Rows3 },
          ]}
          onChange={(next) => dispatch({ type: 'use/view', view: next })}
        />
      </div>
      {shown.length === 0 ? (
        <EmptyState
          small
          title={
            search.trim() === '' ? 'No photo got this answer' : `No photo here is called “${search.trim()}”`
          }
          actions={
            <Button
              onClick={() => {
                dispatch({ type: 'use/searched', search: '' });
                dispatch({ type: 'use/chosen', choice: { kind: 'all' } });
              }}
            >
              Show all answers
            </Button>
          }
        />
      ) : view === 'grid' ? (
        <PhotoGrid {...list} ids={ids} contentOf={contentOf} tileSize={tileSize} onPress={look} />
      ) : (
        <AnswerTable {...list} answers={shown} of={answers} order={order} />
      )}
      {open === undefined ? null : (
        <OneAnswer
          answers={answers}
          answer={open}
          list={shown}
          onLook={(index) => look(String(index))}
          onClose={() => dispatch({ type: 'use/looked', index: undefined })}
        />
      )}
    </div>
  );
}

/** What the tile of an answer shows. */
function useTiles({ job, rows }: FetchedAnswers): (id: string) => TileContent {
  const mediaUrl = useMediaUrl();
  const colors = useClassColors();
  const tileOf = useMemo(() => tilesOf(job, mediaUrl, colors), [job, mediaUrl, colors]);
  return (id) => tileOf(rows[Number(id)]);
}

/** Makes tiles, each once: there may be thousands, and few are ever seen. */
function tilesOf(
  job: string,
  mediaUrl: (path: string) => string,
  colors: ReadonlyMap<string, number>,
): (answer: Answer | undefined) => TileContent {
  const made = new WeakMap<Answer, TileContent>();
  return (answer) => {
    if (answer === undefined) return nothing;
    const known = made.get(answer);
    if (known !== undefined) return known;
    const { index, path, label, labels, value, confidence, unknown } = answer;
    const tile: TileContent =
      value !== undefined
        ? {
            picture: mediaUrl(answerPath(job, index)),
            name: nameOf(path),
            classes: unknown ? [unlike] : [],
            note: wordsOf(answer),
            ...(unknown ? { noteTone: 'problem', spoken: doubtOf(answer) } : {}),
          }
        : {
            picture: mediaUrl(answerPath(job, index)),
            name: nameOf(path),
            classes:
              unknown && labels === undefined
                ? [{ name: 'unknown', color: unknownColor }]
                : [
                    ...(unknown ? [unlike] : []),
                    ...(labels ?? [label]).map((name) => ({ name, color: colors.get(name) ?? 0 })),
                  ],
            note: percent(confidence),
            ...(unknown
              ? { spoken: labels === undefined ? `most like ${label}, ${doubtOf(answer)}` : doubtOf(answer) }
              : {}),
            overlay: (
              <span className="use-tile-bar" aria-hidden>
                <ConfidenceBar value={confidence} dim={unknown} />
              </span>
            ),
          };
    made.set(answer, tile);
    return tile;
  };
}

/** Beside numbers and several labels that are not to be trusted. */
const unlike = { name: 'unlike', color: unknownColor };

const nothing: TileContent = { picture: '', name: '', classes: [] };

/** Photos without an answer, and why. */
function FailedPhotos({ answers: { failed } }: { readonly answers: FetchedAnswers }) {
  return (
    <div className="use-shown use-failed">
      <p className="muted small">
        The model could not answer for {plural(failed.length, 'photo')}. The others are not affected.
      </p>
      <Table caption="Photos that could not be read">
        <thead>
          <tr>
            <ColumnHead>Photo</ColumnHead>
            <ColumnHead>Why</ColumnHead>
          </tr>
        </thead>
        <tbody>
          {failed.map(({ path, reason }) => (
            <tr key={path}>
              <th scope="row" className="use-failed-path">
                {path}
              </th>
              <td>{reason}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </div>
  );
}
