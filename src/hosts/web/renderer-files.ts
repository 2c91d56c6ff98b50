import { readdir, readFile } from 'node:fs/promises';
import { dirname, extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { HolotypeError } from '../../contract/errors.ts';

export type Encoding = 'br' | 'gzip';

/** One file the window's page is made of. */
export interface RendererFile {
  readonly type: string;
  readonly bytes: Uint8Array;
  /** Its name holds a hash of its content: it never changes. */
  readonly immutable: boolean;
  /** The bytes compressed, where that is worth it; done once. */
  compressed(encoding: Encoding): Promise<Uint8Array> | undefined;
}

export interface RendererFiles {
  /** The page itself, as text. */
  readonly page: string;
  /** By path, beginning with `/`. Nothing else can be asked for, whatever a path looks like. */
  readonly files: ReadonlyMap<string, RendererFile>;
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};
const compressible = new Set(['.js', '.css', '.svg']);
/** Smaller files gain nothing. */
const worthwhile = 1024;

/**
 * Reads the built page into memory.
 *
 * @throws HolotypeError('failed') when it isn't there
 */
export async function loadRenderer(folder: string): Promise<RendererFiles> {
  try {
    const page = await readFile(join(folder, 'index.html'), 'utf8');
    const files = new Map<string, RendererFile>();
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const type = types[extname(entry.name)];
      if (!entry.isFile() || type === undefined) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(path.slice(folder.length).split(sep).join('/'), fileOf(path, type, await readFile(path)));
    }
    return { page, files };
  } catch (cause) {
    throw new HolotypeError('failed', `The window's page is not in "${folder}".`, {
      remedy: 'Run `npm run build`, or install Holotype again.',
      cause,
    });
  }
}

function fileOf(path: string, type: string, bytes: Uint8Array): RendererFile {
  const made = new Map<Encoding, Promise<Uint8Array>>();
  const worth = bytes.length >= worthwhile && compressible.has(extname(path));
  return {
    type,
    bytes,
    immutable: /-[\w-]{8}\.\w+$/.test(path) && dirname(path).endsWith('assets'),
    compressed: (encoding) => {
      if (!worth) return undefined;
      const known = made.get(encoding) ?? compress(bytes, encoding);
      made.set(encoding, known);
      return known;
    },
  };
}

const asyncBrotli = promisify(brotliCompress);
const asyncGzip = promisify(gzip);

function compress(bytes: Uint8Array, encoding: Encoding): Promise<Uint8Array> {
  return encoding === 'br'
    ? // The middle of its levels: nearly as small as the slowest, in a fiftieth of the time.
      asyncBrotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })
    : asyncGzip(bytes);
}

/** What a request's `Accept-Encoding` header lets us send, the smaller first. */
export function acceptedEncoding(header: string | undefined): Encoding | undefined {
  const accepted = new Set(
    (header ?? '')
      .split(',')
      .map((part) => part.split(';').map((text) => text.trim()))
      .filter(([, weight]) => !/^q=0(\.0*)?$/.test(weight ?? ''))
      .map(([name]) => name),
  );
  return accepted.has('br') ? 'br' : accepted.has('gzip') ? 'gzip' : undefined;
}

/** Where the build puts the page: `out/renderer` in one of the folders above this file. */
export async function rendererFolder(from = dirname(fileURLToPath(import.meta.url))): Promise<string> {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'out', 'renderer');
    const there = await readFile(join(candidate, 'index.html')).then(
      () => true,
      () => false,
    );
    // At the top of the disk: the error names where it should have been.
    if (there || folder === dirname(folder)) return candidate;
  }
}
