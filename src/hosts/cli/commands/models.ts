import type { Command } from 'commander';
import { createInterface } from 'node:readline/promises';
import { bytes, interruptible, log, percent, print, printJson } from '../output.ts';
import { Counter } from '../progress-bar.ts';

/** `holotype models list | show | fetch | import | remove` */
export function addModels(program: Command): void {
  const models = program
    .command('models')
    .description('Pretrained networks: list, show, fetch, import, remove.');

  models
    .command('list')
    .description('all models that can be named, installed or not')
    .option('--json', 'print one JSON document on stdout')
    .action(async (flags: { json?: boolean }) => {
      const { listModels } = await import('../../../service/models.ts');
      const list = await listModels();
      if (flags.json === true) {
        printJson(list);
        return;
      }
      const width = Math.max(...list.map(({ id }) => id.length));
      for (const { id, name, installed, size, imagenetTop1, licence } of list) {
        const state = installed ? 'installed' : `fetch ${bytes(size)}`;
        const accuracy = imagenetTop1 === undefined ? '' : `ImageNet ${imagenetTop1.toFixed(1)}%`;
        print(
          `${id.padEnd(width)}  ${state.padEnd(14)}  ${accuracy.padEnd(14)}  ${(licence ?? '').padEnd(10)}  ${name === id ? '' : name}`.trimEnd(),
        );
      }
    });

  models
    .command('show')
    .description("draw a model's blocks: what can be frozen, and what each costs")
    .argument('<id|file>', 'as in the list, or a model file')
    .option('--photo <file>', 'also say what the network, as it comes, takes this photo for')
    .option('--json', 'print one JSON document on stdout')
    .action(async (idOrFile: string, flags: { photo?: string; json?: boolean }) => {
      const { showModel } = await import('../../../service/model-details.ts');
      const { namePhoto } = await import('../../../service/name-photo.ts');
      const details = await showModel(idOrFile);
      const photo = flags.photo === undefined ? undefined : await namePhoto(idOrFile, flags.photo);
      if (flags.json === true) {
        printJson({ ...details, ...(photo === undefined ? {} : { photo }) });
        return;
      }
      const { drawModel } = await import('../draw-model.ts');
      print(drawModel(details));
      if (photo === undefined) return;
      print(`\n${photo.path} looks to it like`);
      for (const { name, probability } of photo.answers)
        print(`  ${percent(probability).padStart(6)}  ${name}`);
    });

  models
    .command('fetch')
    .description('download a model, once; it stays for offline use')
    .argument('<id>', 'as in the list')
    .option('--trust', 'accept a model whose hash nobody publishes, and remember its hash')
    .option('--json', 'print one JSON document on stdout')
    .action(async (id: string, flags: { trust?: boolean; json?: boolean }) => {
      const { fetchModel } = await import('../../../service/models.ts');
      const counter = new Counter('bytes');
      const info = await fetchModel(id, {
        signal: interruptible(),
        onProgress: ({ received, total }) => counter.show(received, total),
        confirmTrust: async ({ url, holder }) =>
          flags.trust === true ||
          ask(
            `Nobody publishes a hash for this model of ${holder}. Trust ${new URL(url).host}, and remember the hash?`,
          ),
      }).finally(counter.clear);
      if (flags.json === true) printJson(info);
      else print(`${info.id} is installed: ${info.path ?? ''} (${bytes(info.size)})`);
    });

  models
    .command('import')
    .description('copy a model file (ONNX, TensorFlow Lite, TensorFlow.js) into Holotype')
    .argument('<file>', 'the model; for TensorFlow.js its model.json')
    .option('--json', 'print one JSON document on stdout')
    .action(async (file: string, flags: { json?: boolean }) => {
      const { importModelFile } = await import('../../../service/models.ts');
      const info = await importModelFile(file);
      if (flags.json === true) printJson(info);
      else print(`Imported as "${info.id}": use it with --backbone ${info.id}`);
    });

  models
    .command('remove')
    .description('delete a fetched or imported model')
    .argument('<id>', 'as in the list')
    .option('--json', 'print one JSON document on stdout')
    .action(async (id: string, flags: { json?: boolean }) => {
      const { removeModel } = await import('../../../service/models.ts');
      await removeModel(id);
      if (flags.json === true) printJson({ removed: id });
      else print(`Removed "${id}".`);
    });
}

/** Asks on the terminal; without one nobody can agree. */
async function ask(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    log(`${question}\nRun again with --trust to agree.`);
    return false;
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test(await lines.question(`${question} [y/N] `));
  } finally {
    lines.close();
  }
}
