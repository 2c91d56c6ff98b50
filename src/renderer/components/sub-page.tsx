import { ArrowLeft } from 'lucide-react';
import type { ReactNode } from 'react';
import { useActions } from '../api/context.tsx';
import { Button } from './ui/index.ts';
import './sub-page.css';

interface SubPageProps {
  /** Of the screen's own, for what is special. */
  readonly className: string;
  readonly title: string;
  /** What leads back: "Back to training". */
  readonly back: string;
  /** Beside the title. */
  readonly action?: ReactNode;
  readonly children: ReactNode;
}

/** A page that a project's tab leads to, and the way back. */
export function SubPage({ className, title, back, action = null, children }: SubPageProps) {
  const { navigation } = useActions();
  return (
    <div className={`sub-page ${className}`}>
      <div className="sub-page-content">
        <Button variant="quiet" size="s" icon={ArrowLeft} onClick={() => navigation.detail('')}>
          {back}
        </Button>
        <header className="sub-page-head">
          <h1>{title}</h1>
          {action}
        </header>
        {children}
      </div>
    </div>
  );
}
