// Runs inside a namespace: one line `{"port", "address", "path"}` on standard input makes address:port there reach a Unix socket outside.
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { port, address, path } = JSON.parse(line);
    const server = createServer({ allowHalfOpen: false }, (near) => {
      const far = connect(path);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ]) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
        one.pipe(other);
      }
    });
    server.on('error', (error) => console.log(error.message));
    server.listen(port, address, () => console.log('listening'));
  })
  .on('close', () => process.exit(0));
