import type { RateSearchResult } from '../../../contract/train.ts';
import './rate-curve.css';
import { ratePlaces } from './rate-places.ts';

const [width, height] = [520, 190];
const margins = { left: 14, right: 14, top: 10, bottom: 34 };
const [plotWidth, plotHeight] = [width - margins.left - margins.right, height - margins.top - margins.bottom];

interface RateCurveProps {
  readonly search: RateSearchResult;
  /** What it was found for. */
  readonly of: 'head' | 'finetune';
}

/** How the learning rate was found: the loss at ever higher rates, and the one that was taken. */
export function RateCurve({ search, of }: RateCurveProps) {
  const places = ratePlaces(search);
  if (places === undefined) return null;
  const x = (share: number): number => margins.left + share * plotWidth;
  const y = (share: number): number => margins.top + share * plotHeight;
  const { chosen } = places;
  const tuning = of === 'finetune';
  return (
    <div className="judge-rate">
      <h3>How the learning rate{tuning ? ' of fine-tuning' : ''} was found</h3>
      <p className="muted small">
        {tuning ? 'The trained blocks and the head' : 'The head'} learned for a moment at ever higher rates.{' '}
        {search.found
          ? `The loss was lowest just before it was too much; training took a tenth of that rate, ${search.chosen}.`
          : `At none did the loss fall, so training took the usual rate, ${search.chosen}.`}
      </p>
      <svg
        className="judge-rate-plot"
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`Loss by learning rate${tuning ? ' of fine-tuning' : ''}${search.found ? `; taken: ${search.chosen}` : ''}`}
      >
        <line className="judge-grid" x1={x(0)} x2={x(1)} y1={y(1)} y2={y(1)} />
        {places.ticks.map((tick) => (
          <text key={tick.label} className="judge-tick" x={x(tick.x)} y={height - 18} textAnchor="middle">
            {tick.label}
          </text>
        ))}
        <text className="judge-tick" x={x(1)} y={height - 3} textAnchor="end">
          learning rate
        </text>
        {chosen === undefined ? null : (
          <>
            <line className="judge-ideal" x1={x(chosen)} x2={x(chosen)} y1={y(0)} y2={y(1)} />
            <text className="judge-tick" x={x(chosen) + 5} y={y(0) + 8}>
              taken: {search.chosen}
            </text>
          </>
        )}
        <polyline
          className="judge-line"
          points={places.line.map((point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`).join(' ')}
        />
      </svg>
    </div>
  );
}
