import type { Landscape, LandscapeLine } from '../../../contract/landscape.ts';
import { LineChart, type Line } from '../../components/charts/line-chart.tsx';

interface LandscapeLinesProps {
  readonly found: Landscape;
  /** The run at the other end of the way, if that is still there. */
  readonly wayTo: string | undefined;
}

/** The loss along a line through the model, and on the straight way to another run. */
export function LandscapeLines({ found: { line, between }, wayTo }: LandscapeLinesProps) {
  return (
    <section className="ui-card judge-card" aria-labelledby="judge-landscape-lines">
      <h2 id="judge-landscape-lines">Along a line</h2>
      <div className="judge-pair">
        <Chart title="Loss along one direction" line={line} marks={onLine} />
        {between === undefined ? null : (
          <Chart title={`Loss on the way to ${wayTo ?? 'a run that is gone'}`} line={between} marks={onWay} />
        )}
      </div>
    </section>
  );
}

const onLine = [{ x: 0, label: 'this model' }];
const onWay = [
  { x: 0, label: 'this model' },
  { x: 1, label: 'the other' },
];
const loss = (value: number): string => value.toPrecision(3);
const short = (value: number): string => String(Number(value.toPrecision(3)));

interface ChartProps {
  readonly title: string;
  readonly line: LandscapeLine;
  readonly marks: readonly { readonly x: number; readonly label: string }[];
}

function Chart({ title, line: { at, train, val }, marks }: ChartProps) {
  const lines: Line[] = [
    { name: 'Training', values: train, color: 1, dashed: true },
    ...(val === null ? [] : [{ name: 'Validation', values: val, color: 2 } as const]),
  ];
  return (
    <LineChart
      title={title}
      xTitle="Distance"
      xs={at.map((step) => Number(step.toFixed(4)))}
      lines={lines}
      format={loss}
      tick={short}
      xRange={[at[0] ?? 0, at.at(-1) ?? 1]}
      marks={marks}
    />
  );
}
