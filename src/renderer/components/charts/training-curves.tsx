import { memo, useMemo } from 'react';
import type { EpochPoint } from '../../../contract/runs.ts';
import { bestEpoch } from './best-epoch.ts';
import { LineChart, type Line } from './line-chart.tsx';
import './training-curves.css';

interface TrainingCurvesProps {
  readonly points: readonly EpochPoint[];
}

const percent = (value: number): string =>
  `${(value * 100).toFixed(value >= 0.995 || value <= 0.005 ? 0 : 1)}%`;
const shortPercent = (value: number): string => `${Number((value * 100).toFixed(1))}%`;
const loss = (value: number): string => value.toPrecision(3);
const shortLoss = (value: number): string => String(Number(value.toPrecision(3)));

/** Loss and accuracy over the epochs of head and fine-tuning, on training and validation photos. */
export const TrainingCurves = memo(function TrainingCurves({ points }: TrainingCurvesProps) {
  const xs = useMemo(() => points.map((_, at) => at + 1), [points]);
  const losses = useMemo(() => pair(points, 'trainLoss', 'valLoss'), [points]);
  const accuracies = useMemo(() => pair(points, 'trainAccuracy', 'valAccuracy'), [points]);
  const marks = useMemo(() => {
    const best = bestEpoch(points);
    const finetune = points.findIndex(({ stage }) => stage === 'finetune');
    return [
      ...(finetune > 0 ? [{ x: finetune + 1, label: 'fine-tuning' }] : []),
      ...(best === undefined ? [] : [{ x: best, label: 'best' }]),
    ];
  }, [points]);
  return (
    <div className="training-curves">
      <LineChart
        title="Accuracy"
        xTitle="Epoch"
        xs={xs}
        lines={accuracies}
        format={percent}
        tick={shortPercent}
        marks={marks}
      />
      <LineChart
        title="Loss"
        xTitle="Epoch"
        xs={xs}
        lines={losses}
        format={loss}
        tick={shortLoss}
        marks={marks}
      />
    </div>
  );
});

type Figure = 'trainLoss' | 'valLoss' | 'trainAccuracy' | 'valAccuracy';

function pair(points: readonly EpochPoint[], train: Figure, validation: Figure): Line[] {
  return [
    { name: 'Training', values: points.map((point) => point[train]), color: 1, dashed: true },
    { name: 'Validation', values: points.map((point) => point[validation]), color: 2 },
  ];
}
