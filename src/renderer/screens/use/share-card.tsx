import { Archive } from 'lucide-react';
import { useState } from 'react';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions } from '../../api/context.tsx';
import { plural } from '../../components/format.ts';
import { Button, Switch } from '../../components/ui/index.ts';
import { useBusy } from '../../components/use-busy.ts';
import { useProjectJob } from '../../components/use-project-job.ts';
import { JobStrip } from './job-strip.tsx';
import { DoneStrip } from './sort-strip.tsx';

/** The whole project as one archive that another person opens with Holotype. */
export function ShareCard({ project }: { readonly project: ProjectState }) {
  const { projects } = useActions();
  const [photos, setPhotos] = useState(true);
  const [busy, work] = useBusy<'share'>();
  const { newest: job, running } = useProjectJob(project.id, 'share');
  return (
    <section className="ui-card use-card" aria-labelledby="share-title">
      <div>
        <h2 id="share-title">Copy the project to share</h2>
        <p className="muted small">
          One archive with labels, classes and the newest model, if there is one. On another machine: “Open a
          shared project” on the home screen.
        </p>
      </div>
      <Switch
        label="With the photos"
        hint={
          photos
            ? `${plural(project.counts.photos, 'photo')} are packed as they are, with all that is written in them: date, place, camera.`
            : 'The archive is small, and of use to somebody who has the same photos.'
        }
        checked={photos}
        onChange={setPhotos}
      />
      <div className="use-export-buttons">
        <Button
          icon={Archive}
          busy={busy === 'share'}
          disabled={running !== undefined}
          onClick={() => work('share', () => projects.share(project.id, photos))}
        >
          Make the archive
        </Button>
      </div>
      {job === undefined ? null : <JobStrip job={job} done={<DoneStrip job={job} />} />}
    </section>
  );
}
