import { bytes, count, decimal, duration, integer, list } from './plain-words.ts';
import type { ReportData } from './report-data.ts';
import { html, own, type Markup, type Piece } from './report-html.ts';
import { longName } from './report-photos.ts';

/** Entries named of what was left out; the command line's JSON has them all. */
const filesListed = 1000;
const reasonsListed = 50;
const groupsListed = 200;
const copiesListed = 10;

/** Files that could not be used, photos that are the same, photos under several classes. */
export function leftOut({ skipped, duplicates, conflicts, advice }: ReportData): Markup {
  if (skipped.length + duplicates.length + conflicts.length === 0)
    return html`<p>Nothing: every photo could be read, and no photo was there twice.</p>`;
  const byReason = new Map<string, string[]>();
  for (const { path, reason } of skipped) {
    const paths = byReason.get(reason);
    if (paths === undefined) byReason.set(reason, [path]);
    else paths.push(path);
  }
  const reasons = [...byReason].sort((a, b) => b[1].length - a[1].length);
  const each = Math.floor(filesListed / Math.max(1, Math.min(reasons.length, reasonsListed)));
  return html`
    ${
      conflicts.length > 0 &&
      html`<h3>The same photo under several classes: ${integer(conflicts.length)}</h3>
        ${names(
          conflicts.map(
            ({ paths, labels }) =>
              html`${join(labels.map(own))}: ${join(paths.slice(0, copiesListed).map(longName))}`,
          ),
          conflicts.length <= 10,
        )}`
    }
    ${skipped.length > 0 && html`<h3>Files that could not be used: ${integer(skipped.length)}</h3>`}
    ${reasons.slice(0, reasonsListed).map(
      ([reason, paths]) =>
        html`<p>${own(reason)} <span class="soft">${count(paths.length, 'file')}</span></p>
          ${names(paths.map(longName), paths.length <= 5, each)}`,
    )}
    ${reasons.length > reasonsListed && html`<p>And ${count(reasons.length - reasonsListed, 'rarer reason')}.</p>`}
    ${
      duplicates.length > 0 &&
      html`<h3>Photos that are there more than once: ${count(duplicates.length, 'group')}</h3>
        <p class="note">
          ${
            advice.some(({ code }) => code === 'near-duplicates-across-splits')
              ? 'Some are among the photos to learn from and among those to check with, which makes the check too easy.'
              : 'Each group is either among the photos to learn from or among those to check with, never both.'
          }
        </p>
        ${names(
          duplicates.map(
            ({ kind, paths }) =>
              html`${kind === 'exact' ? 'The same file' : 'Nearly the same'}:
              ${join(paths.slice(0, copiesListed).map(longName))}`,
          ),
          duplicates.length <= 5,
        )}`
    }
  `;
}

function names(items: readonly Markup[], open: boolean, most = groupsListed): Markup {
  const all = html`<ul class="names${items.length > 10 && ' many'}">
    ${items.slice(0, most).map((item) => html`<li>${item}</li>`)}
    ${items.length > most && html`<li>and ${integer(items.length - most)} more</li>`}
  </ul>`;
  return open
    ? all
    : html`<details>
        <summary>Show ${integer(items.length)}</summary>
        ${all}
      </details>`;
}

function join(pieces: readonly Markup[]): Piece {
  return pieces.map((piece, i) => (i === 0 ? piece : html`, ${piece}`));
}

/** Settings, backbone, files, versions and checks: what somebody needs to do it again. */
export function provenance(data: ReportData): Markup {
  const { backbone, inputPolicy: policy } = data;
  const resize = {
    squash: 'the whole photo, squeezed into shape',
    crop: 'the middle of the photo, in proportion',
    pad: 'the whole photo, in proportion, with a grey border',
  }[policy.resize];
  const rows: readonly (readonly [string, Piece])[] = [
    ['Made', `${data.createdAt.slice(0, 16).replace('T', ' ')}${data.createdAt.endsWith('Z') ? ' UTC' : ''}`],
    ['Backbone', html`${backbone.name} <span class="soft">(${backbone.id})</span>`],
    ['Its licence', backbone.licence],
    ['Its SHA-256', longName(backbone.sha256)],
    ['Sees', `${policy.width} × ${policy.height} pixels: ${resize}`],
    ['Recipe', data.recipe],
    ['Device', data.device],
    ['Time', duration(data.seconds)],
    ['Seed', data.seed],
    ['Photos and labels', longName(data.datasetHash)],
    [
      'Versions',
      list(
        Object.entries(data.versions).map(([name, version]) => `${name} ${version}`),
        50,
      ),
    ],
  ];
  return html`
    <dl>
      ${rows.map(
        ([term, value]) =>
          html`<dt>${term}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>
    ${
      data.settings.length > 0 &&
      html`<h3>Settings</h3>
        <div class="scroll" tabindex="0" role="region" aria-label="Settings">
          <table>
            <thead>
              <tr>
                <th scope="col">Setting</th>
                <th scope="col">Value</th>
                <th scope="col">What it does</th>
              </tr>
            </thead>
            <tbody>
              ${data.settings.map(
                ({ name, value, explanation }) =>
                  html`<tr>
                    <th scope="row">${name}</th>
                    <td>${own(value)}</td>
                    <td>${explanation}</td>
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>`
    }
    ${
      data.files.length > 0 &&
      html`<h3>Files of the model</h3>
        <div class="scroll" tabindex="0" role="region" aria-label="Files of the model">
          <table>
            <thead>
              <tr>
                <th scope="col">File</th>
                <th scope="col" class="number">Size</th>
              </tr>
            </thead>
            <tbody>
              ${data.files.map(
                ({ path, bytes: size }) =>
                  html`<tr>
                    <th scope="row">${longName(path)}</th>
                    <td class="number">${bytes(size)}</td>
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>`
    }
    ${
      data.parity.length > 0 &&
      html`<h3>The files against the trained model</h3>
        <ul>
          ${data.parity.map(
            ({ format, photos, maxDifference }) =>
              html`<li>
                ${format}: the largest difference in any probability, over ${count(photos, 'photo')}, is
                ${decimal(maxDifference)}.
              </li>`,
          )}
        </ul>`
    }
  `;
}

const words: readonly (readonly [string, string])[] = [
  ['Found (recall)', 'Of the photos that are this class, the part the model called so.'],
  ['Answer is right (precision)', 'Of the photos the model called this class, the part that is.'],
  ['F1', 'One figure for both, from 0 to 1; it is low when either is.'],
  [
    '95% interval',
    'The range that would hold the true value 95 times of 100. Few photos give a wide one (Wilson score; for macro-F1, 1,000 bootstrap resamples).',
  ],
  [
    'Loss',
    'How far the answers are from right and sure; 0 is perfect. A model that guesses has the logarithm of the number of classes.',
  ],
  [
    'Confidence, sure',
    'The model’s own estimate of the chance that it is right, after it was corrected on the validation photos (temperature scaling).',
  ],
  [
    'Calibration error (ECE)',
    'How far, on average, its confidence is from how often it is right (15 bins of equal width).',
  ],
  ['Training photos', 'Those the model learned from.'],
  ['Validation photos', 'Those kept aside to check it and to choose settings by.'],
  ['Test photos', 'Those nobody looked at until the end: the most honest check.'],
];

/** The words the report could not do without. */
export function glossary(): Markup {
  return html`<dl>
    ${words.map(
      ([term, meaning]) =>
        html`<dt>${term}</dt>
          <dd>${meaning}</dd>`,
    )}
  </dl>`;
}
