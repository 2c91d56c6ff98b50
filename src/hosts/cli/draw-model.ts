import type { ModelBlock, ModelDetails } from '../../contract/model-details.ts';

const barWidth = 20;

/** "5.71 G", "301 M", "10.0 M", "812" */
export function amount(n: number): string {
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    const value = n / size;
    if (value >= 1) return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`;
  }
  return String(n);
}

const share = (part: number): string => `${(part * 100).toFixed(1)}%`;
const size = (shape: readonly number[]): string => shape.join(' × ');

/** One row a block, ruled off where the default freeze point is and where a new head takes over. */
export function drawModel(details: ModelDetails): string {
  const { blocks, freezeUntil } = details;
  const largest = Math.max(...blocks.map((block) => block.share), Number.MIN_VALUE);
  const row = (block: ModelBlock): string[] => [
    block.name,
    size(block.outputShape),
    amount(block.parameters),
    amount(block.multiplyAdds),
    share(block.share),
    share(block.cumulativeShare),
    '█'.repeat(Math.round((block.share / largest) * barWidth)),
  ];
  const rows = [['block', 'output', 'parameters', 'mult-adds', 'compute', 'so far', ''], ...blocks.map(row)];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) => {
        const width = widths?.[column] ?? 0;
        return column < 2 || column > 5 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
  const [head = '', ...body] = lines;
  const ruled = blocks.flatMap(({ role }, i) => {
    const line = `  ${body[i] ?? ''}`;
    if (i === 0 || role === blocks[i - 1]?.role) return [line];
    return [role === 'replaced' ? '  ── a new head takes the place of what follows' : trainedRule, line];
  });
  const { height, width } = details.input;
  return [
    `${details.id}${details.name === details.id ? '' : ` (${details.name})`}: photos of ${width} × ${height} pixels, ${amount(details.parameters)} parameters, ${amount(details.multiplyAdds)} multiply-adds a photo`,
    '',
    `  ${head}`,
    ...ruled,
    '',
    freezeUntil === 'none'
      ? 'Fine-tuning trains all of it, by default.'
      : `Fine-tuning freezes it up to and including "${freezeUntil}"; --freeze-until takes any other block above the head.`,
  ].join('\n');
}

const trainedRule = '  ── frozen above, trained below, by default';
