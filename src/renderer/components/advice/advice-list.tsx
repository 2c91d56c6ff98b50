import type { Advice } from '../../../contract/metrics.ts';
import { Badge } from '../ui/index.ts';
import { FixButton } from './fix-button.tsx';
import './advice-list.css';

interface AdviceListProps {
  readonly advice: readonly Advice[];
  readonly project: string;
  /** The run it is about, once there is one to look at. */
  readonly run?: string | undefined;
}

/** What a careful colleague would say: what was found, the numbers behind it, and a button that acts on it. */
export function AdviceList({ advice, project, run }: AdviceListProps) {
  return (
    <ul className="advice-list">
      {advice.map(({ code, severity, message, evidence, action, fix }) => (
        <li key={`${code} ${message}`}>
          <Badge tone={severity === 'warning' ? 'warning' : 'neutral'}>
            {severity === 'warning' ? 'Important' : 'Good to know'}
          </Badge>
          <div className="advice-list-text">
            <p>
              {message} <strong className="advice-list-action">{action}</strong>
            </p>
            <p className="muted small">{evidence}</p>
            {fix === undefined ? null : <FixButton fix={fix} project={project} run={run} />}
          </div>
        </li>
      ))}
    </ul>
  );
}
