// A device that is there; it dies in leaving, as drivers do.
process.once('message', (request) => {
  process.send({ type: 'echo', request, runAsNode: process.env.ELECTRON_RUN_AS_NODE });
  process.send({ type: 'done' });
});
process.on('disconnect', () => process.abort());
