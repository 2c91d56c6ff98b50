// A driver that never comes back: the process can't even hear that it should end.
process.on('SIGTERM', () => {});
process.once('message', () => {
  process.send({ type: 'hello' }, () => {
    for (;;);
  });
});
