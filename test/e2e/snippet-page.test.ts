/** The web page that comes with a TensorFlow.js export, in a browser, beside the exported files. */
import { createServer, type Server } from 'node:http';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { build } from 'esbuild';
import { chromium, type Browser } from 'playwright';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportTo } from '../../src/service/deliver.ts';
import { predict } from '../../src/service/predict.ts';
import { openSavedModel, type OpenedModel } from '../../src/service/saved-model.ts';
import { snippetsFor } from '../../src/service/use/snippets.ts';
import { blobs } from '../engine/data/photo-fixtures.ts';
import { remove, useFolders } from '../service/runs/work-testing.ts';
import { trained, writeBackbone, writePhotos } from '../service/train/training-fixtures.ts';
import { scratchFolder } from '../store/scratch.ts';
import { browserPath, whySkipped } from './fake-page.ts';

const scratch = scratchFolder();
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
};
let model: OpenedModel;
let server: Server;
let browser: Browser;
let address: string;

/** TensorFlow.js for browsers, put together from the parts that we depend on. */
async function tensorflow(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import * as core from '@tensorflow/tfjs-core';
        import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
        import '@tensorflow/tfjs-backend-cpu';
        import { loadLayersModel } from '@tensorflow/tfjs-layers';
        window.tf = { ...core, loadLayersModel };`,
      resolveDir: process.cwd(),
    },
    bundle: true,
    format: 'iife',
    platform: 'browser',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

beforeAll(async () => {
  useFolders(scratch);
  await writePhotos(join(scratch, 'photos'), { red: 12, blue: 12 });
  const { model: folder } = await trained({
    photos: join(scratch, 'photos'),
    backbone: writeBackbone(join(scratch, 'models')),
    out: join(scratch, 'model'),
    recipe: 'head',
    epochs: 8,
  });
  model = await openSavedModel(folder);
  await exportTo(model, 'tfjs', join(scratch, 'leaves-tfjs'));
  const photo = await blobs(77, 40, 32).linear([1, 0.35, 0.35], [10, 10, 10]).png().toBuffer();
  writeFileSync(join(scratch, 'photo.jpg'), await sharp(photo).jpeg({ quality: 95 }).toBuffer());
  writeFileSync(join(scratch, 'tf.js'), await tensorflow());
  server = createServer((request, response) => {
    const path = join(scratch, decodeURIComponent(request.url ?? '/'));
    response.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream');
    // Browsers ask for an icon, too.
    if (existsSync(path)) response.end(readFileSync(path));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  if (browserPath !== undefined)
    browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser?.close();
  server.close();
  remove(scratch);
});

test.skipIf(browserPath === undefined).each(['squash', 'pad', 'crop'] as const)(
  `answers much as predict does, with photos fitted by %s${whySkipped}`,
  async (resize) => {
    const about = { ...model.about, input: { ...model.about.input, resize } };
    const code =
      snippetsFor('tfjs', about, 'leaves-tfjs').find(({ name }) => name === 'Web page')?.code ?? '';
    const local = code.replace(/https:\/\/cdn\.jsdelivr\.net\/[^"]+/, 'tf.js');
    expect(local).not.toBe(code);
    writeFileSync(join(scratch, 'page.html'), local);
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.goto(`${address}/page.html`);
    const answer = page.locator('#answer');
    await expect.poll(() => answer.textContent(), { timeout: 20_000 }).not.toBe('…');
    const [own] = (await predict({ ...model, about }, [join(scratch, 'photo.jpg')])).results;
    const label = own?.unknown === true ? 'unknown' : own?.label;
    const [, name, percent] = /^(.+) \((\d+)%\)$/.exec((await answer.textContent()) ?? '') ?? [];
    expect(problems).toEqual([]);
    expect(name).toBe(label);
    // Browsers make pictures smaller in a way of their own.
    expect(Math.abs(Number(percent) / 100 - (own?.confidence ?? 0))).toBeLessThan(0.1);
    await page.close();
  },
);
