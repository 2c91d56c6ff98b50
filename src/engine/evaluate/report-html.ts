/** Markup that is safe to put into the page as it is. Only `html` and the functions below make one. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Piece = Markup | string | number | readonly Piece[] | null | undefined | false;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Text as HTML text or attribute value. Characters that HTML cannot hold (controls, halves of a
 * surrogate pair: file names may contain both), and those that turn the direction of the text around
 * them, become the replacement character.
 */
export function escapeHtml(text: string): string {
  return text
    .replace(/(?![\t\n\r])[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}

const unindented = new WeakMap<TemplateStringsArray, readonly string[]>();

/** A template whose values are escaped unless they are markup themselves; lists are joined. */
export function html(strings: TemplateStringsArray, ...values: readonly Piece[]): Markup {
  // The indentation of the source means nothing in the page, and would be a third of it.
  let parts = unindented.get(strings);
  if (parts === undefined) {
    parts = strings.map((part) => part.replace(/\s*\n\s*/g, '\n'));
    unindented.set(strings, parts);
  }
  let text = parts[0] ?? '';
  values.forEach((value, i) => {
    text += render(value) + (parts[i + 1] ?? '');
  });
  return new Markup(text);
}

function render(piece: Piece): string {
  if (piece === null || piece === undefined || piece === false) return '';
  if (piece instanceof Markup) return piece.text;
  if (typeof piece === 'string') return escapeHtml(piece);
  if (typeof piece === 'number') return String(piece);
  return piece.map(render).join('');
}

/** A person's own words (a class or file name), isolated so that right-to-left text stays in its place. */
export function own(text: string): Markup {
  return html`<bdi>${text}</bdi>`;
}

const pictureUri = /^data:image\/(?:jpeg|png|webp|gif);base64,[A-Za-z0-9+/]+={0,2}$/;

/** The picture if it is a data URI of one, else null: nothing else may get into a `src`. */
export function safePicture(uri: string | undefined): string | null {
  return uri !== undefined && pictureUri.test(uri) ? uri : null;
}

/** Room for the names in front of rows: a long one breaks, a short one never does. */
export function nameWidth(names: readonly string[]): string {
  return `--name:${Math.min(14, Math.max(...names.map((name) => name.length)) + 2)}ch`;
}
