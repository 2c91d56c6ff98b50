import { useState } from 'react';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions } from '../../api/context.tsx';
import { Button, Notice } from '../../components/ui/index.ts';

/** More would push the photos off the window. */
const shown = 3;

/** What is wrong with a project: its photos can't be reached, or a part of its files could not be used. */
export function ProjectProblems({ project }: { readonly project: ProjectState }) {
  const { projects } = useActions();
  const { id, problems, counts, scan } = project;
  const [read, setRead] = useState('');
  const all = problems.join('\n');
  const [first, ...others] = problems;
  if (first === undefined || read === `${id}\n${all}`) return null;
  const away = counts.photos > 0 && counts.missing === counts.photos;
  const rest = away ? others : problems;
  const more = rest.length - shown;
  const detail = [...rest.slice(0, shown), ...(more > 0 ? [`And ${more.toLocaleString()} more.`] : [])];
  return (
    <Notice
      tone="warning"
      title={away ? first : 'A part of this project could not be used. The rest is as it was.'}
      {...(detail.length === 0 ? {} : { detail: detail.join(' ') })}
    >
      {away ? (
        <Button size="s" busy={scan !== null} onClick={() => void projects.rescan(id)}>
          Look again
        </Button>
      ) : (
        <Button size="s" onClick={() => setRead(`${id}\n${all}`)}>
          Close
        </Button>
      )}
    </Notice>
  );
}
