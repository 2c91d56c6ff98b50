import { Play } from 'lucide-react';
import { useEffect } from 'react';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions } from '../../api/context.tsx';
import { EmptyState } from '../../components/ui/index.ts';
import './train.css';

/** The tab "Train" of a project. */
export function TrainScreen({ project }: { readonly project: ProjectState }) {
  const { train } = useActions();
  useEffect(() => train.enter(project.id), [train, project.id]);
  return (
    <section className="train" aria-labelledby="train-title">
      <h1 id="train-title" className="visually-hidden">
        Train
      </h1>
      <EmptyState icon={Play} title={project.name}>
        Training comes here.
      </EmptyState>
    </section>
  );
}
