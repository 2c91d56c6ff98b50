/** npm packages and a stand-in for npm itself, for tests without a registry. */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import type { NpmSource } from '../../src/store/npm-tarball.ts';

/** A package as the registry serves it, with one file beside its package.json. */
export async function makeTarball(
  path: string,
  content: Uint8Array,
): Promise<{ tarball: Uint8Array; source: NpmSource }> {
  const entry = (name: string, body: Uint8Array) => ({ header: { name, size: body.length }, body });
  const tar = await packTar([
    entry('package/package.json', new TextEncoder().encode('{"name":"some-models","version":"1.2.3"}')),
    entry('package/a-very-long-folder-name/'.repeat(5) + 'other.bin', new Uint8Array(70_000)),
    entry(path, content),
    entry('package/z.txt', new Uint8Array(3)),
  ]);
  const tarball = gzipSync(tar);
  return { tarball, source: { ...sourceOf(path), integrity: integrity(tarball) } };
}

export function integrity(bytes: Uint8Array): string {
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
}

export function sourceOf(path: string): Omit<NpmSource, 'integrity'> {
  return { kind: 'npm', package: 'some-models', version: '1.2.3', path };
}

/**
 * An executable `npm` in its own folder (to be put on the PATH): it copies a tarball where `npm pack` would write
 * it, or complains as npm does.
 */
export function fakeNpm(
  folder: string,
  behaviour: { tarball?: Uint8Array; complaint?: string; hangs?: boolean },
) {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  const packed = join(bin, 'packed.tgz');
  if (behaviour.tarball) writeFileSync(packed, behaviour.tarball);
  const script = [
    `#!${process.execPath}`,
    "const { copyFileSync, writeFileSync } = require('node:fs');",
    `writeFileSync(${JSON.stringify(join(bin, 'arguments.json'))}, JSON.stringify(process.argv.slice(2)));`,
    behaviour.complaint === undefined
      ? ''
      : `console.error(${JSON.stringify(behaviour.complaint)}); process.exit(1);`,
    behaviour.hangs ? 'setTimeout(() => {}, 60000);' : '',
    behaviour.tarball
      ? `copyFileSync(${JSON.stringify(packed)}, process.env.npm_config_pack_destination + '/some-models-1.2.3.tgz');`
      : '',
  ].join('\n');
  const npm = join(bin, 'npm');
  writeFileSync(npm, script);
  chmodSync(npm, 0o755);
  return { npm, bin, argumentsFile: join(bin, 'arguments.json') };
}
