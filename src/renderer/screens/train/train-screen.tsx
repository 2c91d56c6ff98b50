import { useEffect, useMemo } from 'react';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { activeJobs, endedLast, jobsOf } from '../../state/jobs.ts';
import { valueOf } from '../../state/loadable.ts';
import { AllSettings } from './all-settings.tsx';
import { EndedTraining } from './ended-training.tsx';
import { PlanCard } from './plan-card.tsx';
import { RunningTraining } from './running-training.tsx';
import { SimpleSettings } from './simple-settings.tsx';
import './train.css';

/** The tab "Train" of a project: what runs, what came of the last one, and the next. */
export function TrainScreen({ project }: { readonly project: ProjectState }) {
  const { train, settings } = useActions();
  useEffect(() => {
    train.enter(project.id);
    void settings.loadDevices();
  }, [train, settings, project.id]);
  const runs = useAppState((state) => state.runs.list);
  const installed = useAppState(
    (state) => valueOf(state.settings.models)?.filter((model) => model.installed).length,
  );
  const { revision, readOnly } = project;
  useEffect(
    () => train.planFor(revision, readOnly, runs, installed),
    [train, revision, readOnly, runs, installed],
  );
  const jobs = useAppState((state) => state.jobs);
  const newest = useMemo(() => endedLast(jobsOf(jobs, project.id, 'train')), [jobs, project.id]);
  const active = useMemo(
    () => activeJobs(jobs).filter((job) => job.kind === 'train' && job.project === project.id),
    [jobs, project.id],
  );
  return (
    <div className="train">
      <h1 className="visually-hidden">Train</h1>
      <div className="train-page">
        {active.map((job, at) => (
          <RunningTraining key={job.id} job={job} before={at} />
        ))}
        {active.length === 0 && newest !== undefined ? (
          <EndedTraining job={newest} project={project} />
        ) : null}
        <PlanCard project={project} queued={active.length > 0} />
        <SimpleSettings project={project} />
        <AllSettings />
      </div>
    </div>
  );
}
