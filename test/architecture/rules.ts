import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { importsOf } from './imports.ts';

/** The parts of the house. A file's part is the folder below src/ it is in, or electron/. */
export type Part =
  'contract' | 'backend' | 'engine' | 'store' | 'service' | 'hosts' | 'renderer' | 'electron';

interface Rule {
  /** Other parts it may import. */
  readonly parts: readonly Part[];
  /** Packages from npm, by name; a name ending in `/` stands for a whole scope. */
  readonly packages: readonly string[];
  /** Node's own modules without `node:`; `all` but the ones in `except`. */
  readonly builtins: readonly string[] | { readonly except: readonly string[] };
}

const fileSystem = ['fs', 'fs/promises'];
/** Modules that compute and touch nothing outside the process. */
const pureBuiltins = ['buffer', 'crypto', 'path', 'path/posix', 'timers/promises', 'util', 'zlib'];

/** Who may import whom: the table of architecture.md. */
export const rules: Readonly<Record<Part, Rule>> = {
  contract: { parts: [], packages: ['zod'], builtins: [] },
  backend: {
    parts: [],
    packages: [
      '@tensorflow/tfjs-core',
      '@tensorflow/tfjs-backend-cpu',
      'onnxruntime-node',
      'onnxruntime-common',
      'onnxruntime-web',
    ],
    builtins: ['module', 'os'],
  },
  engine: {
    parts: ['contract', 'backend'],
    packages: [
      '@tensorflow/',
      '@tensorflow-models/',
      'onnxruntime-node',
      'onnxruntime-common',
      'sharp',
      'exifr',
      'csv-parse',
      'fflate',
      'flatbuffers',
      'protobufjs',
      'zod',
    ],
    builtins: [...pureBuiltins, 'os', 'worker_threads', 'perf_hooks', 'url'],
  },
  store: {
    parts: ['contract'],
    packages: ['zod', 'fflate', 'modern-tar', 'undici', 'csv-parse'],
    builtins: { except: [] },
  },
  service: {
    parts: ['contract', 'engine', 'store'],
    packages: ['zod'],
    builtins: { except: fileSystem },
  },
  hosts: {
    parts: ['contract', 'service'],
    packages: ['commander', 'zod', 'ws'],
    builtins: { except: [] },
  },
  electron: {
    parts: ['contract', 'service'],
    packages: ['electron'],
    builtins: { except: fileSystem },
  },
  renderer: {
    parts: ['contract'],
    packages: [
      'react',
      'react-dom',
      'zustand',
      'radix-ui',
      'lucide-react',
      '@tanstack/react-virtual',
      'uplot',
      'zod',
    ],
    builtins: [],
  },
};

/** A source file: path from the repository's root with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly source: string;
}

/** Longest file in src/, in lines. */
export const maxLines = 400;

const sourcePattern = /^(?:src|electron)\/.*\.[cm]?tsx?$/;
/** What the renderer's bundler turns into a file of its own. */
const assetPattern = /\.(?:css|svg|png|woff2)$/;

/** The part a path belongs to, or undefined outside the house. */
export function partOf(path: string): Part | undefined {
  const [top, folder] = path.split('/');
  const name = top === 'electron' ? 'electron' : top === 'src' ? folder : undefined;
  return name !== undefined && isPart(name) ? name : undefined;
}

function isPart(name: string): name is Part {
  return Object.hasOwn(rules, name);
}

/**
 * What each file imports that it may not, in words.
 * @param dependencies names of all packages that package.json asks for
 */
export function importViolations(files: readonly SourceFile[], dependencies: ReadonlySet<string>): string[] {
  return files
    .filter(({ path }) => sourcePattern.test(path))
    .flatMap(({ path, source }) => {
      const part = partOf(path);
      if (part === undefined) return [`${path} is in no part of the house.`];
      return importsOf(path, source).flatMap(({ specifier, line }) => {
        const why = objection(path, part, specifier, dependencies);
        return why === undefined ? [] : [`${path}:${line} ${why}`];
      });
    });
}

function objection(
  path: string,
  part: Part,
  specifier: string | undefined,
  dependencies: ReadonlySet<string>,
): string | undefined {
  const rule = rules[part];
  if (specifier === undefined) return 'imports a module whose name is computed: nobody can check it.';
  if (specifier.startsWith('/') || specifier.startsWith('file:'))
    return `imports "${specifier}" by an absolute path.`;
  if (specifier.startsWith('.')) return relativeObjection(path, part, specifier);
  if (isBuiltin(specifier)) {
    const name = specifier.replace(/^node:/, '');
    const allowed =
      'except' in rule.builtins ? !rule.builtins.except.includes(name) : rule.builtins.includes(name);
    return allowed ? undefined : `imports "${specifier}", which ${part} may not use.`;
  }
  const name = packageName(specifier);
  if (!rule.packages.some((entry) => entry === name || (entry.endsWith('/') && name.startsWith(entry)))) {
    return `imports the package "${name}", which ${part} may not use.`;
  }
  return dependencies.has(name) ? undefined : `imports "${name}", which package.json doesn't ask for.`;
}

function relativeObjection(path: string, part: Part, specifier: string): string | undefined {
  const target = resolveImport(path, specifier);
  const other = partOf(target);
  // Data beside the code (package.json, model manifests) is no module of anybody's.
  if (target.endsWith('.json') && other === undefined && !target.startsWith('..')) return undefined;
  if (other === undefined) return `imports "${specifier}", which is in no part of the house.`;
  if (other === part) {
    const asset = part === 'renderer' && assetPattern.test(target);
    return asset || sourcePattern.test(target)
      ? undefined
      : `imports "${specifier}" without the extension .ts.`;
  }
  return rules[part].parts.includes(other) ? undefined : `imports ${other}, which ${part} may not.`;
}

/** Where a relative import leads, as a path from the root. */
function resolveImport(path: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(path), specifier));
}

function packageName(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
}

/**
 * Circles among folders (`src/engine/graph` -> `src/engine/data` -> ...), each once, as the list of folders
 * on it. Types count too: folders that need each other's types can't be understood one at a time. A folder
 * inside another counts as part of it, up to three levels: src, part, topic.
 */
export function folderCycles(files: readonly SourceFile[]): string[][] {
  const edges = new Map<string, Set<string>>();
  for (const { path, source } of files) {
    if (!sourcePattern.test(path)) continue;
    const from = folderOf(path);
    for (const { specifier } of importsOf(path, source)) {
      if (specifier === undefined || !specifier.startsWith('.')) continue;
      const target = resolveImport(path, specifier);
      const to = folderOf(target);
      if (to !== from && sourcePattern.test(target)) edges.set(from, (edges.get(from) ?? new Set()).add(to));
    }
  }
  return cyclesOf(edges);
}

function folderOf(path: string): string {
  return posix.dirname(path).split('/').slice(0, 3).join('/');
}

/** One circle for each group of folders that all reach each other. */
function cyclesOf(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const cycles: string[][] = [];
  const seen = new Set<string>();
  for (const start of [...edges.keys()].sort()) {
    if (seen.has(start)) continue;
    const cycle = shortestWay(edges, start);
    if (cycle === undefined) continue;
    for (const folder of cycle) seen.add(folder);
    cycles.push(cycle);
  }
  return cycles;
}

/** The shortest way from a folder back to itself, breadth first. */
function shortestWay(edges: ReadonlyMap<string, ReadonlySet<string>>, start: string): string[] | undefined {
  const ways = [[start]];
  const visited = new Set<string>();
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    for (const next of edges.get(way.at(-1) ?? start) ?? []) {
      if (next === start) return way;
      if (visited.has(next)) continue;
      visited.add(next);
      ways.push([...way, next]);
    }
  }
  return undefined;
}

/**
 * Files that are too long, and exceptions that no longer are.
 * @param exceptions path -> why it may be longer
 */
export function lengthViolations(
  files: readonly SourceFile[],
  exceptions: Readonly<Record<string, string>>,
): string[] {
  const lengths = new Map(files.map(({ path, source }) => [path, source.trimEnd().split('\n').length]));
  const tooLong = [...lengths]
    .filter(([path, lines]) => path.startsWith('src/') && lines > maxLines && exceptions[path] === undefined)
    .map(([path, lines]) => `${path} has ${lines} lines; more than ${maxLines} is more than one thing.`);
  const stale = Object.keys(exceptions)
    .filter((path) => (lengths.get(path) ?? 0) <= maxLines)
    .map((path) => `${path} needs no exception any more.`);
  return [...tooLong, ...stale];
}
