// Loaded before each part (`node --import`): the launcher holds the other end of standard input. When that closes
// without a word, the launcher was killed, and the part ends as on SIGTERM instead of living on unseen.
process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM'));
process.stdin.on('error', () => process.kill(process.pid, 'SIGTERM'));
process.stdin.resume();
process.stdin.unref();
