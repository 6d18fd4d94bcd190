import { closeSync, readSync, writeSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { connectHelper, type HelperConnection } from '@sallyport/tunnel/helper-messages';
import { libc } from '../../libs/tunnel/src/edge/native/libc.ts';

/**
 * A client of the helper in a process of its own, as another user: `node ... SOCKET UID`. It reads commands as JSON lines and answers each with
 * one line. What comes out of the device it tells (`{packet}`), and an ICMP echo it answers, as the far side would.
 */
const [socketPath = '', uid = ''] = process.argv.slice(2);
const system = libc();
process.setgroups!([]);
process.setgid!(Number(uid));
process.setuid!(Number(uid));

let client: HelperConnection | undefined;
let device: number | null = null;

const say = (answer: object) => writeSync(1, `${JSON.stringify(answer)}\n`);

async function serve(fd: number): Promise<void> {
  const packet = Buffer.alloc(65_536);
  while (device === fd) {
    if (!(await system.pollReadable(fd, 250)) || device !== fd) continue;
    let length: number;
    try {
      length = readSync(fd, packet);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EAGAIN') continue;
      return void say({ gone: (cause as NodeJS.ErrnoException).code });
    }
    if (packet[0]! >> 4 !== 4) continue;
    const address = (at: number) => [...packet.subarray(at, at + 4)].join('.');
    say({ packet: { from: address(12), to: address(16), proto: packet[9], type: packet[20] } });
    if (packet[9] === 1 && packet[20] === 8) writeSync(fd, echoReply(packet, length), 0, length);
  }
}

/** The request with addresses swapped and type 0; only the ICMP checksum changes, by that one byte. */
function echoReply(request: Buffer, length: number): Buffer {
  const reply = Buffer.from(request.subarray(0, length));
  request.copy(reply, 12, 16, 20);
  request.copy(reply, 16, 12, 16);
  reply[20] = 0;
  const sum = reply.readUInt16BE(22) + 0x0800;
  reply.writeUInt16BE((sum & 0xffff) + (sum >> 16), 22);
  return reply;
}

/** What a command does; each resolves with its answer. */
const commands: Record<string, (argument: never) => Promise<object>> = {
  async open(wish: Parameters<HelperConnection['open']>[0]) {
    client = await connectHelper({ path: socketPath });
    void client.ended.then((ended) => {
      if (ended === null) return;
      if (device !== null) closeSync(device);
      device = null;
      say({ ended });
    });
    const { opened, fd } = await client.open(wish);
    device = fd;
    if (fd !== null) void serve(fd);
    return { opened, fd };
  },
  change: async (wish: Parameters<HelperConnection['change']>[0]) => ({ opened: await client!.change(wish) }),
  status: async () => ({ status: await client!.status() }),
  /** Ends the connection, if there is one, and the device with it. */
  async close() {
    await client?.close();
    if (device !== null) closeSync(device);
    client = undefined;
    device = null;
    return { closed: true };
  },
  /** A listener on loopback that tells its name to whoever connects. */
  async listen({ text }: { text: string }) {
    const server = createServer((socket) => socket.on('error', () => undefined).end(`${text}\n`));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return { port: (server.address() as { port: number }).port };
  },
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const [[name, argument]] = Object.entries(JSON.parse(line) as Record<string, never>) as [[string, never]];
  commands[name]!(argument).then(say, (cause: { code?: string; message: string; occurrence?: object }) =>
    say({ refused: cause.code ?? 'UNKNOWN', detail: cause.message, occurrence: cause.occurrence }),
  );
});
say({ ready: true });
