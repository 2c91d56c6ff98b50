// A driver that takes its process down in the middle of the self-test.
process.once('message', () => {
  process.stderr.write('vkCreateInstance: something is about to go wrong\n');
  process.send({ type: 'hello' }, () => process.kill(process.pid, 'SIGKILL'));
});
