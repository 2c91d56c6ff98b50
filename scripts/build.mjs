// Builds the command line (and what it shares with the other hosts) into dist/node with esbuild:
// one ES module a command, so that `holotype --help` loads almost nothing.
import { build } from 'esbuild';
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { nodeBundle, root } from './esbuild-options.mjs';

const outdir = `${root}dist/node`;
const started = new Date();

mkdirSync(outdir, { recursive: true });
const { metafile } = await build({
  ...nodeBundle(
    {
      cli: 'src/hosts/cli/main.ts',
      'device-probe': 'src/service/device-probe.ts',
      'job-worker': 'src/service/worker/job-worker.ts',
      'landscape-thread': 'src/service/landscape/landscape-thread.ts',
      'search-thread': 'src/service/search/head-thread.ts',
      'web-server': 'src/hosts/web/web-server.ts',
      // The desktop's processes but for its main one: they need what is special about this bundle, too.
      'desktop-engine': 'electron/main/engine-entry.ts',
      'desktop-worker': 'electron/main/worker-entry.ts',
      'desktop-probe': 'electron/main/probe-entry.ts',
    },
    outdir,
  ),
  metafile: true,
});
// Names hold a hash of the contents. What an older build left is kept for an hour: a command that
// is still running may yet load its parts.
const fresh = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
for (const name of readdirSync(outdir)) {
  const age = Date.now() - statSync(`${outdir}/${name}`).mtimeMs;
  if (!fresh.has(name) && age > 3_600_000) rmSync(`${outdir}/${name}`, { force: true });
}
writeFileSync(`${outdir}/built`, started.toISOString());
utimesSync(`${outdir}/built`, started, started); // a file changed while it was read is built again
