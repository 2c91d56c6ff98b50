import { ArrowUp, FileArchive, Folder, FolderCheck, HardDrive } from 'lucide-react';
import { useCallback, useState } from 'react';
import type { FolderList } from '../../../contract/folders.ts';
import type { PickKind } from '../../../contract/shell.ts';
import { useActions } from '../../api/context.tsx';
import { bytes, plural } from '../../components/format.ts';
import {
  Button,
  Dialog,
  EmptyState,
  ErrorState,
  IconButton,
  SearchField,
  Skeleton,
} from '../../components/ui/index.ts';
import { useAnswer } from '../../components/use-answer.ts';
import { valueOf } from '../../state/loadable.ts';
import './folder-picker.css';

interface FolderPickerProps {
  readonly what: PickKind;
  readonly title: string;
  /** A place id. */
  readonly onPick: (place: string) => void;
  readonly onClose: () => void;
}

/** The web host's own dialog: folders on the engine's machine, as far as they may be looked at. */
export function FolderPicker({ what, title, onPick, onClose }: FolderPickerProps) {
  const { dialogs } = useActions();
  const [folder, setFolder] = useState<string>();
  const [filter, setFilter] = useState('');
  const ask = useCallback((signal: AbortSignal) => dialogs.listFolder(folder, signal), [dialogs, folder]);
  const { answer, again } = useAnswer(ask);
  const list = valueOf(answer);
  const enter = (next: string | undefined): void => {
    setFilter('');
    setFolder(next);
  };
  return (
    <Dialog
      open
      onClose={onClose}
      size="m"
      title={title}
      description={`On the machine the engine runs on. ${what === 'target' ? 'New folders are made in the one you choose; nothing that is there is changed.' : 'Nothing in the folder is changed or copied.'}`}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          {isFolder(what) ? (
            <Button
              variant="primary"
              disabled={list === undefined || !canOpen(list)}
              onClick={() => (list === undefined ? undefined : onPick(list.id))}
            >
              {what === 'target' ? 'Use this folder' : 'Open this folder'}
            </Button>
          ) : null}
        </>
      }
    >
      <div className="picker">
        <div className="picker-bar">
          <IconButton
            icon={ArrowUp}
            label="Up"
            disabled={list === undefined || list.parent === null}
            onClick={() => enter(list?.parent ?? undefined)}
          />
          <p className="picker-path truncate-start" title={list?.path}>
            <bdi>{list?.path ?? '…'}</bdi>
          </p>
          <SearchField label="Find a folder" value={filter} onChange={setFilter} />
        </div>
        <div className="picker-list">
          {answer.status === 'failed' ? (
            <ErrorState
              small
              error={answer.error}
              onRetry={again}
              actions={
                folder === undefined ? null : <Button onClick={() => enter(undefined)}>To the top</Button>
              }
            />
          ) : null}
          {answer.status === 'loading' ? <PickerSkeleton /> : null}
          {list === undefined ? null : (
            <Entries key={list.id} list={list} what={what} filter={filter} onEnter={enter} onPick={onPick} />
          )}
        </div>
      </div>
    </Dialog>
  );
}

interface EntriesProps {
  readonly list: FolderList;
  readonly what: PickKind;
  readonly filter: string;
  readonly onEnter: (folder: string) => void;
  readonly onPick: (place: string) => void;
}

function Entries({ list, what, filter, onEnter, onPick }: EntriesProps) {
  const wanted = filter.trim().toLowerCase();
  const fits = ({ name }: { name: string }): boolean => name.toLowerCase().includes(wanted);
  const folders = list.entries.filter(fits);
  const files = isFolder(what) ? [] : list.files.filter(fits);
  if (folders.length === 0 && files.length === 0)
    return (
      <EmptyState
        small
        title={wanted === '' ? 'There are no folders in here' : `Nothing is called “${filter}”`}
      >
        {wanted === '' && isFolder(what) && canOpen(list)
          ? what === 'target'
            ? 'You can use this folder itself.'
            : 'You can open this folder itself.'
          : null}
      </EmptyState>
    );
  return (
    <ul aria-label="Folders">
      {folders.map(({ id, name, pictures, project }, at) => {
        const Icon = project ? FolderCheck : list.parent === null ? HardDrive : Folder;
        return (
          <li key={id}>
            <button
              type="button"
              className="picker-entry"
              // A list just entered is gone on with by keyboard.
              autoFocus={at === 0 && list.parent !== null && wanted === ''}
              onKeyDown={moveFocus}
              onClick={() => onEnter(id)}
            >
              <Icon aria-hidden />
              <span className="truncate" title={name}>
                {name}
              </span>
              <span className="picker-note">
                {project
                  ? 'Holotype project'
                  : pictures === undefined || pictures === 0
                    ? ''
                    : plural(pictures, 'picture')}
              </span>
            </button>
          </li>
        );
      })}
      {files.map(({ id, name, bytes: size }) => (
        <li key={id}>
          <button type="button" className="picker-entry" onKeyDown={moveFocus} onClick={() => onPick(id)}>
            <FileArchive aria-hidden />
            <span className="truncate" title={name}>
              {name}
            </span>
            <span className="picker-note">{bytes(size)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function isFolder(what: PickKind): boolean {
  return what === 'folder' || what === 'target';
}

/** The root of what may be looked at is a list of folders, and no folder itself. */
function canOpen(list: FolderList): boolean {
  return list.path !== '';
}

function moveFocus(event: React.KeyboardEvent<HTMLButtonElement>): void {
  const row = event.currentTarget.parentElement;
  const next =
    event.key === 'ArrowDown'
      ? row?.nextElementSibling
      : event.key === 'ArrowUp'
        ? row?.previousElementSibling
        : null;
  const button = next?.querySelector('button');
  if (button === null || button === undefined) return;
  event.preventDefault();
  button.focus();
}

function PickerSkeleton() {
  return (
    <div className="picker-skeleton" role="status" aria-label="Loading the folder">
      {['44%', '58%', '36%', '50%'].map((width) => (
        <Skeleton key={width} width={width} height="16px" />
      ))}
    </div>
  );
}
