import { percent } from './format.ts';
import { ClassChip } from './ui/index.ts';
import './probability-bars.css';

interface ProbabilityBarsProps {
  /** For screen readers: "What the model thinks of". */
  readonly label: string;
  readonly classes: readonly {
    readonly name: string;
    readonly probability: number;
    readonly color: number;
  }[];
}

/** How likely each class is, as bars of one scale. */
export function ProbabilityBars({ label, classes }: ProbabilityBarsProps) {
  return (
    <ul className="probabilities" aria-label={label}>
      {classes.map(({ name, probability, color }) => (
        <li key={name}>
          <ClassChip color={color} name={name} />
          <ConfidenceBar value={probability} />
          <span className="numeric">{percent(probability)}</span>
        </li>
      ))}
    </ul>
  );
}

/** A share from 0 to 1 as a bar. It is not read out: the figure stands beside it. @param dim not sure enough to count */
export function ConfidenceBar({ value, dim = false }: { readonly value: number; readonly dim?: boolean }) {
  return (
    <svg
      className={dim ? 'confidence-bar confidence-bar-dim' : 'confidence-bar'}
      viewBox="0 0 1 1"
      preserveAspectRatio="none"
      aria-hidden
      focusable="false"
    >
      <rect width={value} height="1" />
    </svg>
  );
}
