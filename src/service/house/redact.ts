/** Words that must not get out, each with what stands in its place. */
export interface Secrets {
  /** Names of people: of the account, of the machine. */
  readonly people: readonly string[];
  /** Names of projects and of their folders. */
  readonly projects: readonly string[];
  /** Folders, absolute: the home folder, those of data and projects. */
  readonly folders: readonly string[];
  /** Holotype's own folder: paths of code below it say where an error was, and nothing of the person. */
  readonly app: string | undefined;
}

/** What may stand in quotes: words of the program itself. */
const harmless = /^[a-z]+(?:[.:-][A-Za-z]+)+$|^\d+$|^[a-z]{1,12}$/;

const photoName =
  /[^\s"'`(){}[\],;:|]+\.(?:jpe?g|jfif|png|webp|gif|tiff?|bmp|avif|hei[cf]|raw|dng|cr[23]|nef|arw)/gi;
/** From where a path begins to where one could end at the latest: names of folders may have spaces and commas. */
const path = /(?:[A-Za-z]:[\\/]|\\\\|~[\\/]|file:\/|\/)[^"'`<>|\n]*/g;
/** A word with a slash in it is a path, too, unless it is a rate or a date: `photos/s`, `1/2`. */
const relative = /[^\s"'`(){}[\],;]*[\w.)\]}\uE001-][\\/][\w([{.\uE000-][^\s"'`,;]*/g;
const rate = /^[a-z]+\/s$|^\d+\/\d+$|^and\/or$|^n\/a$/i;

/**
 * Takes names of people, folders, photos and projects out of a log. Rather too much goes than too little: what is in
 * quotes (messages quote names), what looks like a path or a photo's name, and every known name wherever it stands.
 */
export function redact(text: string, secrets: Secrets): string {
  return text
    .split('\n')
    .map((line) => redactLine(line, secrets))
    .join('\n');
}

/** As {@link redact}, for what a person has written themselves: what they quote stays, as far as it is no path. */
export function redactNote(text: string, secrets: Secrets): string {
  return text
    .split('\n')
    .map((line) => redactLine(line, secrets, (quoted) => quoted))
    .join('\n');
}

function redactLine(line: string, secrets: Secrets, quotes = withoutQuotes): string {
  const stand = createStandIns();
  // Known things first, while they are still whole; what stands for them can be part of a path, but ends none.
  const known = withoutNames(
    withoutFolders(keepCode(line, secrets.app, stand), secrets, stand),
    secrets,
    stand,
  );
  // And once more at the end: what was part of a longer word may stand alone now.
  return stand.restore(withoutNames(withoutPaths(quotes(known)), secrets, stand));
}

type StandIns = ReturnType<typeof createStandIns>;

/** Marks that the rules below leave alone, each for a text that is put back at the end. */
function createStandIns() {
  const texts: string[] = [];
  return {
    make: (text: string): string => `\uE000${texts.push(text) - 1}\uE001`,
    restore: (text: string): string =>
      text.replace(/\uE000(\d+)\uE001/g, (_whole, n: string) => texts[Number(n)] ?? ''),
  };
}

/** Takes places in our own code out of the way. */
function keepCode(line: string, app: string | undefined, stand: StandIns): string {
  const text = line.replace(/[\uE000\uE001]/g, '').replace(/\bnode:[\w/]+(?::\d+)*/g, stand.make);
  if (app === undefined) return text;
  const below = new RegExp(`(?:file://)?${escape(app)}[\\\\/]([\\w./\\\\@+-]*(?::\\d+)*)`, 'g');
  return text.replace(below, (_whole, rest: string) => stand.make(`<app>/${rest}`));
}

function withoutQuotes(text: string): string {
  return text
    .replace(/"((?:[^"\\]|\\.)*)"/g, (whole, inside: string) => (harmless.test(inside) ? whole : '"<name>"'))
    .replace(/[“‘«]([^”’»]*)[”’»]/g, '"<name>"')
    .replace(/(^|[\s(:=[,])'([^'\n]*)'/g, (whole, before: string, inside: string) =>
      harmless.test(inside) ? whole : `${before}'<name>'`,
    );
}

/** Known folders, with all that follows: their names may hold what would end a path. */
function withoutFolders(text: string, { folders }: Secrets, stand: StandIns): string {
  let done = text;
  for (const folder of longestFirst(folders))
    done = done.replace(new RegExp(`(?:file://)?${escape(folder)}[^"'\`<>|\\n]*`, 'gi'), () =>
      stand.make('<path>'),
    );
  return done;
}

function withoutPaths(text: string): string {
  return text
    .replace(path, (found, at: number) => {
      // A slash in the middle of a word begins no path; the next rule looks at the word.
      const before = text[at - 1];
      return found.startsWith('/') && before !== undefined && /[\w.)\]}<>\uE001-]/.test(before)
        ? found
        : '<path>';
    })
    .replace(relative, (found) => (rate.test(found) || found.startsWith('<') ? found : '<path>'))
    .replace(photoName, '<photo>');
}

function withoutNames(text: string, { people, projects }: Secrets, stand: StandIns): string {
  let done = text;
  for (const [names, label] of [
    [projects, '<project>'],
    [people, '<person>'],
  ] as const)
    for (const name of longestFirst(names)) {
      // A single word within a longer one is not the name; several words are, wherever they are.
      const word = /^[\p{L}\p{N}]+$/u.test(name);
      const whole = word ? `(?<![\\p{L}\\p{N}])${name}(?![\\p{L}\\p{N}])` : escape(name);
      done = done.replace(new RegExp(whole, 'giu'), () => stand.make(label));
    }
  return done;
}

/** Longest first, so that of `Leaves` and `Leaves of oaks` nothing is left over; single letters are no secret. */
function longestFirst(names: readonly string[]): string[] {
  return [...new Set(names)].filter((name) => name.length > 1).sort((a, b) => b.length - a.length);
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
