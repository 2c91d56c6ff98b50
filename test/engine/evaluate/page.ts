/** A small strict HTML reader: enough to prove that a page is well-formed and what it holds. */
export interface Page {
  readonly elements: readonly { readonly tag: string; readonly attributes: ReadonlyMap<string, string> }[];
  /** All text outside of style, entities decoded, white space collapsed. */
  readonly text: string;
  /** Text of each <code>, as it is. */
  readonly code: readonly string[];
  readonly titles: ReadonlySet<string>;
  readonly style: string;
}

const voidTags = new Set(['meta', 'img', 'br', 'wbr', 'hr', 'input', 'link', 'base']);
const svgLeaves = new Set(['line', 'rect', 'circle', 'path']);
const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

const closingTag = /<\/([a-z][a-z0-9]*)\s*>/y;
const openingTag = /<([a-z][a-z0-9]*)((?:\s+[a-zA-Z][\w-]*(?:\s*=\s*"[^"<]*")?)*)\s*(\/?)>/y;

function match(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(source);
}

function decode(text: string): string {
  return text.replace(/&([^;]*);?/g, (whole, name: string) => {
    const sign = named[name];
    if (sign === undefined || !whole.endsWith(';')) throw new Error(`bad entity: ${whole}`);
    return sign;
  });
}

/** @throws Error where a tag is unknown in form, not closed, closed out of order, or an attribute is repeated */
export function parsePage(source: string): Page {
  const elements: { tag: string; attributes: Map<string, string> }[] = [];
  const open: string[] = [];
  const code: string[] = [];
  let text = '';
  let style = '';
  let codeText: string | null = null;
  let at = source.indexOf('>') + 1; // past the doctype
  while (at < source.length) {
    if (source[at] !== '<') {
      const end = source.indexOf('<', at);
      const raw = source.slice(at, end === -1 ? source.length : end);
      if (raw.includes('>')) throw new Error(`unescaped > in: ${raw.slice(0, 80)}`);
      const words = decode(raw);
      text += words;
      if (codeText !== null) codeText += words;
      at += raw.length;
      continue;
    }
    const closing = match(closingTag, source, at);
    if (closing !== null) {
      const expected = open.pop();
      if (expected !== closing[1]) throw new Error(`</${closing[1]}> closes <${expected}>`);
      if (closing[1] === 'code' && codeText !== null) {
        code.push(codeText);
        codeText = null;
      }
      if (/^(?:p|li|h[1-6]|div|td|th|dd|dt|tr)$/.test(closing[1] ?? '')) text += ' ';
      at += closing[0].length;
      continue;
    }
    const opening = match(openingTag, source, at);
    if (opening === null) throw new Error(`not a tag: ${source.slice(at, at + 80)}`);
    const [whole, tag = '', attributeText = '', selfClosed] = opening;
    const attributes = new Map<string, string>();
    for (const [, name = '', value = ''] of attributeText.matchAll(
      /([a-zA-Z][\w-]*)(?:\s*=\s*"([^"]*)")?/g,
    )) {
      if (attributes.has(name)) throw new Error(`${name} twice in ${whole}`);
      attributes.set(name, decode(value));
    }
    elements.push({ tag, attributes });
    at += whole.length;
    if (tag === 'style') {
      const end = source.indexOf('</style>', at);
      style += source.slice(at, end);
      at = end + '</style>'.length;
    } else if (!voidTags.has(tag)) {
      if (selfClosed !== '/') open.push(tag);
      else if (!svgLeaves.has(tag)) throw new Error(`<${tag}/> does not close itself in HTML`);
    }
    if (tag === 'code') codeText = '';
  }
  if (open.length > 0) throw new Error(`never closed: ${open.join(' ')}`);
  return {
    elements,
    text: text.replace(/\s+/g, ' '),
    code,
    titles: new Set(elements.flatMap(({ attributes }) => attributes.get('title') ?? [])),
    style,
  };
}
