import { count, integer, percent } from './plain-words.ts';
import type { ReportPrediction } from './report-data.ts';
import { html, own, safePicture, type Markup, type Piece } from './report-html.ts';
import { cellId, cellLimit, type Cell } from './report-select.ts';

/** File names listed past the photos that are shown: for a cell, and for all cells together. */
const namesListed = 200;
const allNamesListed = 6000;

/** The photo, or its place where there is no thumbnail of it. */
export function picture(photo: ReportPrediction): Markup {
  const uri = safePicture(photo.thumbnail);
  return uri === null
    ? html`<span class="photo none">no picture</span>`
    : html`<img class="photo" src="${uri}" alt="${fileName(photo.path)}" decoding="async" />`;
}

/** Photos with what the model said and what is true. */
export function gallery(photos: readonly ReportPrediction[]): Markup {
  return html`<ul class="photos">
    ${photos.map((photo) => {
      const right = photo.label === photo.predicted;
      return html`<li>
        ${picture(photo)}
        <span class="answer clip"
          ><span class="${right ? 'ok' : 'no'}">${own(photo.predicted)}</span>, ${percent(photo.confidence)}
          sure</span
        >
        <span class="truth clip">${right ? 'and right' : html`is ${own(photo.label)}`}</span>
        ${shortName(photo.path)}
      </li>`;
    })}
  </ul>`;
}

/** The photos behind each cell of the confusion matrix, each cell a place that the matrix links to. */
export function cellSections(cells: readonly Cell[], classes: readonly string[]): Markup {
  const each = Math.max(5, Math.min(namesListed, Math.floor(allNamesListed / Math.max(1, cells.length))));
  return html`${cells.map(({ label, predicted, photos }) => {
    const right = label === predicted;
    const most = right ? cellLimit.right : cellLimit.wrong;
    const shown = photos.filter(({ thumbnail }) => safePicture(thumbnail) !== null).slice(0, most);
    const set = new Set(shown);
    const rest = photos.filter((photo) => !set.has(photo));
    return html`<div class="cell" id="${cellId(label, predicted)}">
      <h3>
        ${
          right
            ? html`<b>${own(classes[label] ?? '')}</b> <span class="ok">recognized</span>`
            : html`<b>${own(classes[label] ?? '')}</b> <span class="no">taken for</span>
                <b>${own(classes[predicted] ?? '')}</b>`
        },
        ${count(photos.length, 'photo')}${right && shown.length > 0 && rest.length > 0 && ', the least sure first'}
        <a class="back" href="#matrix">back to the matrix</a>
      </h3>
      ${
        shown.length > 0 &&
        html`<ul class="photos">
          ${shown.map(
            (photo) =>
              html`<li>
                ${picture(photo)}<span class="answer">${percent(photo.confidence)} sure</span
                >${shortName(photo.path)}
              </li>`,
          )}
        </ul>`
      }
      ${rest.length > 0 && nameList(rest, shown.length > 0, each)}
    </div>`;
  })}`;
}

function nameList(photos: readonly ReportPrediction[], more: boolean, most: number): Markup {
  const listed = photos.slice(0, most);
  return html`<details>
    <summary>${count(photos.length, more ? 'more photo' : 'photo')} by name</summary>
    <ul class="names many">
      ${listed.map(({ path, confidence }) => html`<li>${longName(path)}, ${percent(confidence)} sure</li>`)}
      ${listed.length < photos.length && html`<li>and ${integer(photos.length - listed.length)} more</li>`}
    </ul>
  </details>`;
}

/** The file's name on a few lines at most; the whole path on pointing at it. */
function shortName(path: string): Markup {
  return html`<bdi class="file clip three" title="${path}">${breakable(fileName(path))}</bdi>`;
}

/** A whole path, on as many lines as it takes. */
export function longName(path: string): Markup {
  return html`<bdi class="file">${breakable(path)}</bdi>`;
}

/** The path with places where it breaks well: after / _ - and before a dot. */
function breakable(path: string): Piece {
  return path.split(/(?<=[/\\_-])|(?=\.)/).map((part, i) => (i === 0 ? part : html`<wbr />${part}`));
}

function fileName(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? path;
}
