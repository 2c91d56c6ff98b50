import { Tags } from 'lucide-react';
import { useEffect } from 'react';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions } from '../../api/context.tsx';
import { EmptyState } from '../../components/ui/index.ts';
import './label.css';

/** The tab "Label" of a project. */
export function LabelScreen({ project }: { readonly project: ProjectState }) {
  const { label } = useActions();
  useEffect(() => label.enter(project.id), [label, project.id]);
  return (
    <section className="label" aria-labelledby="label-title">
      <h1 id="label-title" className="visually-hidden">
        Label
      </h1>
      <EmptyState icon={Tags} title={project.name}>
        Photos and classes come here.
      </EmptyState>
    </section>
  );
}
