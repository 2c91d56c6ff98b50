import { transform } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { niceTicks } from '../../../src/engine/evaluate/report-axes.ts';
import type { ReportData } from '../../../src/engine/evaluate/report-data.ts';
import { renderReport, thumbnailPaths } from '../../../src/engine/evaluate/report.ts';
import { dot, syntheticReport } from './fixture.ts';
import { parsePage } from './page.ts';

const hostile = [
  '<script>alert(1)</script>',
  `a"b' onerror=alert(1) x=`,
  '</style></title><img src=x onerror=alert(1)>',
  'نملة صغيرة',
  '\u202egpj.live',
  '🐝 & 👩‍🔬',
  'x'.repeat(300),
  '${process.exit()} `{{constructor}}`',
  'half \ud800 pair, zero \u0000, bell \u0007',
  'javascript:alert(1)',
];

const hostileReport = (() => {
  const data = syntheticReport({
    classes: hostile,
    count: 120,
    pathOf: (label, i) => `${label}/${label}-${i}.jpg`,
  });
  const text = hostile.join(' ');
  return {
    ...data,
    name: text,
    createdAt: text,
    recipe: text,
    device: text,
    datasetHash: text,
    skipped: hostile.map((path) => ({ path, reason: path })),
    duplicates: [{ kind: 'near' as const, paths: hostile }],
    conflicts: [{ paths: hostile, labels: hostile }],
    settings: hostile.map((name) => ({ name, value: name, explanation: name })),
    backbone: { id: text, name: text, licence: text, sha256: text },
    versions: Object.fromEntries(hostile.map((name) => [name, name])),
    files: hostile.map((path) => ({ path, bytes: 1 })),
    parity: hostile.map((format) => ({ format, photos: 3, maxDifference: 1e-6 })),
    advice: [
      ...data.advice,
      { code: 'conflicts' as const, severity: 'note' as const, message: text, evidence: text, action: text },
    ],
    history: data.history.map((one) => ({ ...one, stage: text })),
  };
})();

const nothing: ReportData = {
  ...syntheticReport({ count: 0 }),
  history: [],
  skipped: [],
  duplicates: [],
  conflicts: [],
  settings: [],
  files: [],
  parity: [],
};

const kinds: readonly (readonly [string, ReportData])[] = [
  ['two classes', syntheticReport()],
  ['five classes', syntheticReport({ classes: ['a', 'b', 'c', 'd', 'e'], count: 200 })],
  ['one class', syntheticReport({ classes: ['only'], count: 9 })],
  [
    'sixty classes',
    syntheticReport({
      classes: Array.from({ length: 60 }, (_, i) => `species ${i}`),
      count: 600,
      skill: 1.5,
    }),
  ],
  ['no photos to check with', nothing],
  ['words that would break a page', hostileReport],
];

describe.each(kinds)('a report of %s', (_, data) => {
  const text = renderReport(data);
  const page = parsePage(text); // throws where tags don't match

  it('is one page that forbids itself to load or run anything', () => {
    expect(text.startsWith('<!doctype html>')).toBe(true);
    const policy = page.elements.find(
      ({ attributes }) => attributes.get('http-equiv') === 'Content-Security-Policy',
    );
    expect(policy?.attributes.get('content')).toBe(
      "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
    );
    const tags = new Set(page.elements.map(({ tag }) => tag));
    for (const tag of ['script', 'link', 'iframe', 'object', 'embed', 'form', 'base', 'video', 'audio'])
      expect(tags).not.toContain(tag);
    const all = page.elements.flatMap(({ attributes }) => [...attributes]);
    const allowed: Readonly<Record<string, RegExp>> = {
      src: /^data:image\//,
      href: /^#/,
      style: /^--[a-z]+:[\d.]+(?:ch)?$/,
    };
    expect(all.filter(([name]) => name.startsWith('on') || name === 'srcset')).toEqual([]);
    expect(all.filter(([name, value]) => allowed[name]?.test(value) === false)).toEqual([]);
    expect(page.style).not.toMatch(/url\(|@import|&gt;|&quot;/);
  });

  it('links only to what is there, and names nothing twice', () => {
    const ids = page.elements.flatMap(({ attributes }) => attributes.get('id') ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = page.elements.flatMap(({ attributes }) => attributes.get('href')?.slice(1) ?? []);
    expect(targets.filter((target) => !ids.includes(target))).toEqual([]);
    const labels = page.elements.flatMap(({ attributes }) => attributes.get('aria-labelledby') ?? []);
    expect(labels.filter((label) => !ids.includes(label))).toEqual([]);
  });

  it('can be read by ear', () => {
    const levels = page.elements.flatMap(({ tag }) => /^h([1-6])$/.exec(tag)?.[1] ?? []).map(Number);
    expect(levels[0]).toBe(1);
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    levels.forEach((level, i) => expect(level - (levels[i - 1] ?? 0)).toBeLessThanOrEqual(1));
    const mute = page.elements.filter(
      ({ tag, attributes }) =>
        (tag === 'img' && !attributes.has('alt')) ||
        (tag === 'th' && !['col', 'row'].includes(attributes.get('scope') ?? '')) ||
        (tag === 'svg' && !attributes.has('aria-label') && attributes.get('aria-hidden') !== 'true'),
    );
    expect(mute).toEqual([]);
    expect(page.elements[0]?.attributes.get('lang')).toBe('en');
  });

  it('says no NaN, undefined, null or [object Object]', () => {
    const said = hostile.reduce((rest, words) => rest.replaceAll(words, ''), page.text);
    expect(said).not.toMatch(/NaN|undefined|\bnull\b|\[object|Infinity/);
    const drawn = new Set(['d', 'x1', 'x2', 'y1', 'y2', 'cx', 'cy', 'r', 'viewBox', 'x', 'y', 'width']);
    const broken = page.elements
      .flatMap(({ attributes }) => [...attributes])
      .filter(([name, value]) => drawn.has(name) && /NaN|undefined|null|Infinity/.test(value));
    expect(broken).toEqual([]);
  });
});

describe('renderReport', () => {
  it('says the result in plain words first', () => {
    const data = syntheticReport({ count: 60 });
    const { correct } = data.metrics.val;
    const page = parsePage(renderReport(data));
    expect(page.text).toContain(`Right ${correct} times of 60`);
    expect(page.text).toMatch(/right between \d+% and \d+% of the time on new photos like these/);
  });

  it('leads with the test photos where there are some, and says what validation said', () => {
    const data = syntheticReport({ count: 60 });
    const test = {
      ...data.metrics.val,
      count: 40,
      correct: 30,
      accuracy: 0.75,
      accuracyInterval: [0.6, 0.86] as [number, number],
    };
    const { text } = parsePage(renderReport({ ...data, metrics: { ...data.metrics, test } }));
    expect(text).toContain('Right 30 times of 40');
    expect(text).toContain('right between 60% and 86% of the time');
    expect(text).toContain('On the 60 validation photos');
  });

  it('gives every cell of the matrix its count, and every cell with photos a place that shows as many', () => {
    const classes = ['a', 'b', 'c', 'd', 'e'];
    const data = syntheticReport({ classes, count: 200, skill: 2 });
    const text = renderReport(data);
    const { matrix } = data.metrics.val.confusion;
    let links = 0;
    matrix.forEach((row, i) =>
      row.forEach((times, j) => {
        const link = new RegExp(`href="#cell-${i}-${j}"[^>]*>\\s*${times}\\s*</a`).test(text);
        const section = text.includes(`id="cell-${i}-${j}"`);
        expect([link, section]).toEqual(times > 0 ? [true, true] : [false, false]);
        links += times > 0 ? 1 : 0;
      }),
    );
    expect(links).toBeGreaterThan(10);
    const shown = parsePage(text);
    for (const { path } of data.predictions)
      expect(shown.text.includes(path.split('/')[1] ?? path)).toBe(true);
  });

  it('shows no words of a person as markup', () => {
    const page = parsePage(renderReport(hostileReport));
    expect(
      page.elements.filter(({ attributes }) => attributes.has('onerror') || attributes.get('src') === 'x'),
    ).toEqual([]);
    for (const words of hostile.slice(0, 4)) expect(page.text).toContain(words);
    expect(page.text).not.toMatch(/[\u0000\u0007\u202e]/u); // oxlint-disable-line no-control-regex
  });

  it('uses no thumbnail that is not a picture', () => {
    const bad = [
      'javascript:alert(1)',
      'https://example.org/x.png',
      'data:text/html;base64,PGI+',
      `${dot}" onload="x`,
    ];
    for (const uri of bad) {
      const page = parsePage(renderReport(syntheticReport({ thumbnailOf: () => uri })));
      expect(page.elements.filter(({ tag }) => tag === 'img')).toEqual([]);
    }
  });

  it('stays under 5 MB with thousands of photos and large thumbnails', () => {
    const classes = Array.from({ length: 30 }, (_, i) => `species ${i}`);
    const heavy = `data:image/jpeg;base64,${'A'.repeat(40_000)}`;
    const text = renderReport(
      syntheticReport({ classes, count: 6000, skill: 1.2, thumbnailOf: () => heavy }),
    );
    expect(text.length).toBeLessThan(5_000_000);
    expect(text.length).toBeGreaterThan(2_000_000); // it does show photos
  });

  it('draws what is known of a training that diverged, and a training of one epoch', () => {
    const data = syntheticReport();
    const broken = data.history.map((one, i) =>
      i > 3 ? { ...one, trainLoss: Number.NaN, valLoss: null } : one,
    );
    for (const history of [
      broken,
      data.history.slice(0, 1),
      data.history.map((one) => ({ ...one, valAccuracy: 1, trainAccuracy: 1 })),
    ]) {
      const page = parsePage(renderReport({ ...data, history }));
      expect(page.elements.some(({ attributes }) => attributes.get('class') === 'line val')).toBe(true);
      expect(page.text).not.toContain('NaN');
      expect(page.text).not.toContain('102%');
    }
  });

  it.each(['squash', 'crop', 'pad'] as const)('gives JavaScript that parses, for %s', async (resize) => {
    const data = syntheticReport();
    const page = parsePage(renderReport({ ...data, inputPolicy: { ...data.inputPolicy, resize } }));
    const code = page.code.find((one) => one.includes('ort.InferenceSession.create')) ?? '';
    expect(code).toContain('[1, 224, 224, 3]');
    await expect(transform(code, { format: 'esm', loader: 'js' })).resolves.toHaveProperty('code');
  });

  it('quotes the folder for a shell', () => {
    const command = (name: string) =>
      parsePage(renderReport({ ...syntheticReport(), name })).code.find((one) =>
        one.startsWith('holotype predict'),
      );
    expect(command('field-insects')).toContain('predict field-insects new-photos');
    expect(command("Ann's ants; rm -rf")).toContain(`predict 'Ann'\\''s ants; rm -rf' new-photos`);
    expect(command('-x')).toContain("predict './-x' new-photos");
  });
});

describe('thumbnailPaths', () => {
  const { predictions } = syntheticReport({ classes: ['a', 'b', 'c', 'd'], count: 400, skill: 1.5 });

  it('asks for no more than the limit, each photo once, worst mistakes first', () => {
    for (const limit of [0, 1, 10, 120, 1000]) {
      const paths = thumbnailPaths(predictions, limit);
      expect(paths.length).toBeLessThanOrEqual(limit);
      expect(new Set(paths).size).toBe(paths.length);
    }
    const worst = predictions
      .filter(({ label, predicted }) => label !== predicted)
      .toSorted((a, b) => b.confidence - a.confidence)
      .slice(0, 10)
      .map(({ path }) => path);
    expect(thumbnailPaths(predictions, 10)).toEqual(worst);
  });

  it('asks for exactly the photos that the page shows', () => {
    const wanted = new Set(thumbnailPaths(predictions, 10_000));
    const shown = new Set<string>();
    const data = syntheticReport({ classes: ['a', 'b', 'c', 'd'], count: 400, skill: 1.5 });
    const marked = data.predictions.map((one, i) => ({
      ...one,
      ...(wanted.has(one.path) ? { thumbnail: `data:image/png;base64,${String(i).padStart(4, '0')}` } : {}),
    }));
    for (const [, i] of renderReport({ ...data, predictions: marked }).matchAll(/base64,(\d{4})"/g))
      shown.add(marked[Number(i)]?.path ?? '');
    expect(shown).toEqual(wanted);
  });

  it('shows something of every cell before much of any', () => {
    const cells = new Set(predictions.map(({ label, predicted }) => `${label} ${predicted}`));
    const byPath = new Map(predictions.map((one) => [one.path, one]));
    const covered = new Set(
      thumbnailPaths(predictions, 80).map(
        (path) => `${byPath.get(path)?.label} ${byPath.get(path)?.predicted}`,
      ),
    );
    expect(covered).toEqual(cells);
  });

  it('asks for none of none', () => expect(thumbnailPaths([], 100)).toEqual([]));
});

describe('niceTicks', () => {
  it.each([
    [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0.03, 0.69, [0, 0.2, 0.4, 0.6, 0.8]],
    [0.9, 1, [0.9, 0.92, 0.94, 0.96, 0.98, 1]],
  ])('covers %f to %f', (low, high, ticks) => expect(niceTicks(low, high)).toEqual(ticks));

  it('makes an axis of a single value', () => {
    const ticks = niceTicks(3, 3);
    expect(ticks[0]).toBeLessThanOrEqual(3);
    expect(ticks.at(-1)).toBeGreaterThan(3);
  });
});
