// Plays the process that serves: does what the test says in the name of the first folder, which it is told to serve.
let options;
const ready = () => {
  const keys = options.keys ?? { token: 't', secret: `secret of ${process.pid}` };
  process.send({ kind: 'ready', port: options.ports[0] || 4711, address: 'http://x/', keys });
};
process.on('message', (message) => {
  if (message.kind === 'quit') process.exit(0);
  ({ options } = message);
  act[plan()]();
});
const plan = () => options.roots[0];
const act = {
  serve: ready,
  'crash-once': () => {
    ready();
    // The second one is told the keys of the first.
    if (options.keys === undefined) setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50);
  },
  'crash-always': () => {
    ready();
    setTimeout(() => process.exit(7), 20);
  },
  'crash-at-start': () => process.exit(3),
  busy: () =>
    process.send({ kind: 'failed', error: { code: 'busy', message: 'Port 1 is in use.', remedy: 'Wait.' } }),
};
process.once('disconnect', () => process.exit());
