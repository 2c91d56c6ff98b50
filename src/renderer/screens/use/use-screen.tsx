import { WandSparkles } from 'lucide-react';
import { useEffect } from 'react';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions } from '../../api/context.tsx';
import { EmptyState } from '../../components/ui/index.ts';
import './use.css';

/** The tab "Use" of a project. */
export function UseScreen({ project }: { readonly project: ProjectState }) {
  const { use } = useActions();
  useEffect(() => use.enter(project.id), [use, project.id]);
  return (
    <section className="use" aria-labelledby="use-title">
      <h1 id="use-title" className="visually-hidden">
        Use
      </h1>
      <EmptyState icon={WandSparkles} title={project.name}>
        Answers for new photos come here, once a model is trained.
      </EmptyState>
    </section>
  );
}
