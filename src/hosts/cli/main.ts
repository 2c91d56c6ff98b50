import { Command, CommanderError } from 'commander';
import { exitCode, HolotypeError } from '../../contract/errors.ts';
import { addCompare } from './commands/compare.ts';
import { addDemo } from './commands/demo.ts';
import { addDevices } from './commands/devices.ts';
import { addEvaluate } from './commands/evaluate.ts';
import { addExplain } from './commands/explain.ts';
import { addExplore } from './commands/explore.ts';
import { addExport } from './commands/export.ts';
import { addLandscape } from './commands/landscape.ts';
import { addModels } from './commands/models.ts';
import { addPredict } from './commands/predict.ts';
import { addSearch } from './commands/search.ts';
import { addServe } from './commands/serve.ts';
import { addTrain } from './commands/train.ts';
import { reportError } from './output.ts';

// Commands load what they need when they run, so that --help is there at once.
const program = new Command('holotype')
  .description('Teach an image classifier from your own photos, on your own machine, offline.')
  .helpOption('-h, --help', 'show this help')
  .showHelpAfterError('Run with --help to see what is possible.')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(sentence(text)) })
  .configureHelp({ showGlobalOptions: false })
  .option('--version', 'print the version')
  .on('option:version', () => {
    throw new CommanderError(0, 'version', '');
  });

for (const add of [
  addTrain,
  addEvaluate,
  addPredict,
  addExplain,
  addCompare,
  addExplore,
  addExport,
  addLandscape,
  addModels,
  addDevices,
  addDemo,
  addSearch,
  addServe,
])
  add(program);

/** Commander's "error: unknown option" as the other errors look. */
function sentence(text: string): string {
  return text.replace(/^error: (.)/, (_, first: string) => `Error: ${first.toUpperCase()}`);
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0); // `holotype ... | head` is no failure
  throw error;
});
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error; // nobody listens any more: the work goes on
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    if (error.code === 'version') {
      const { ownVersion } = await import('../../service/about.ts');
      process.stdout.write(`${ownVersion()}\n`);
    } else if (error.exitCode !== 0) {
      process.exitCode = 2;
      // Commander has explained itself on stderr; with --json stdout holds a document all the same.
      if (process.argv.includes('--json'))
        reportError(
          new HolotypeError('bad-usage', sentence(error.message).replace(/^Error: /, '')),
          true,
          true,
        );
    }
  } else {
    const code = reportError(error, process.argv.includes('--json'));
    process.exitCode = exitCode(code);
  }
}
