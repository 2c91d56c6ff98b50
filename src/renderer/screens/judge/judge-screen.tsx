import { ChartColumn } from 'lucide-react';
import { useEffect } from 'react';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions } from '../../api/context.tsx';
import { EmptyState } from '../../components/ui/index.ts';
import './judge.css';

/** The tab "Judge" of a project. */
export function JudgeScreen({ project }: { readonly project: ProjectState }) {
  const { judge } = useActions();
  useEffect(() => judge.enter(project.id), [judge, project.id]);
  return (
    <section className="judge" aria-labelledby="judge-title">
      <h1 id="judge-title" className="visually-hidden">
        Judge
      </h1>
      <EmptyState icon={ChartColumn} title={project.name}>
        How good a model is comes here, once one is trained.
      </EmptyState>
    </section>
  );
}
