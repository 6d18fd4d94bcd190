import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { Problem } from '@sallyport/problems';
import { duplexPair } from '../duplex-pair.ts';
import { HostKeyGate, type HostKeyJudge } from './host-key-gate.ts';
import { PlainPackets } from './plain-packets.ts';

const host = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'sec1', format: 'pem' },
}).privateKey;
const hostKey = () => {
  const parsed = ssh2.utils.parseKey(host);
  if (parsed instanceof Error) throw parsed;
  return parsed.getPublicSSH();
};

/** A client and a server of another implementation, with the gate between them; what they say comes in pieces of `piece` bytes. */
async function meet(judge: Partial<HostKeyJudge>, kex: ssh2.KexAlgorithm, piece: number) {
  const server = new ssh2.Server({ hostKeys: [host], algorithms: { kex: [kex] } }, (connection) => {
    connection.on('authentication', (asked) => asked.accept());
    connection.on('error', () => undefined);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const gate = new HostKeyGate({
    offered: () => undefined,
    shown: async () => undefined,
    verified: () => undefined,
    ...judge,
  });
  const [near, far] = duplexPair();
  const pieces = (to: NodeJS.WritableStream) => (bytes: Buffer) => {
    for (let at = 0; at < bytes.length; at += piece) to.write(bytes.subarray(at, at + piece));
  };
  socket.on('data', pieces(gate.down));
  gate.down.pipe(far);
  far.on('data', pieces(gate.up));
  gate.up.pipe(socket);
  for (const stream of [socket, far, near, gate.down]) stream.on('error', () => near.destroy());
  const client = new ssh2.Client();
  const outcome = new Promise<string>((resolve) => {
    client.on('ready', () => resolve('ready'));
    client.on('error', (error) => resolve(error.message));
    near.on('close', () => resolve('cut'));
  });
  client.connect({ sock: near, username: 'app', algorithms: { kex: [kex] } });
  return {
    outcome: await outcome,
    close: async () => {
      client.end();
      for (const stream of [near, far, socket]) stream.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('the gate at the first key exchange', () => {
  it.each([
    ['curve25519-sha256', 1],
    ['ecdh-sha2-nistp256', 7],
    ['diffie-hellman-group14-sha256', 1_000],
    ['diffie-hellman-group16-sha512', 64],
  ] as const)('sees the host key with %s, in pieces of %i bytes', async (kex, piece) => {
    const seen: string[] = [];
    const { outcome, close } = await meet(
      {
        offered: (curve) => seen.push(`offered ${curve}`),
        shown: async (key) => void seen.push(`shown ${key.equals(hostKey())}`),
        verified: (key) => seen.push(`verified ${key.equals(hostKey())}`),
      },
      kex,
      piece,
    );
    await close();
    expect(outcome).toBe('ready');
    expect(seen).toEqual([`offered ${kex === 'curve25519-sha256'}`, 'shown true', 'verified true']);
  });

  it('lets nothing of the answer through when the key is refused', async () => {
    let verified = false;
    const { outcome, close } = await meet(
      {
        shown: async () => {
          throw new Problem('SSH_HOST_KEY_CHANGED');
        },
        verified: () => (verified = true),
      },
      'curve25519-sha256',
      100,
    );
    await close();
    expect(outcome).toBe('cut');
    expect(verified).toBe(false);
  });

  it('refuses what changes keys without having shown one', async () => {
    const gate = new HostKeyGate({
      offered: () => undefined,
      shown: async () => undefined,
      verified: () => undefined,
    });
    const failed = once(gate.down, 'error');
    gate.down.write(
      Buffer.concat([
        Buffer.from('SSH-2.0-x\r\n'),
        Buffer.of(0, 0, 0, 12, 10, 21, ...Array<number>(10).fill(0)),
      ]),
    );
    expect(((await failed)[0] as Problem).code).toBe('SSH_HOST_KEY_UNKNOWN');
  });

  it('takes any bytes whatever without an error but SSH_FAILED, and gives back each byte once', () => {
    let state = 7;
    const random = () => (state = (state * 48_271) % 2_147_483_647);
    for (let run = 0; run < 500; run += 1) {
      const bytes = Buffer.from(
        Array.from({ length: random() % 300 }, () => random() % (run % 2 ? 256 : 24)),
      );
      const all = run % 3 ? Buffer.concat([Buffer.from('SSH-2.0-x\n'), bytes]) : bytes;
      const packets = new PlainPackets();
      const out: Buffer[] = [];
      try {
        for (let at = 0; at < all.length; at += 11)
          out.push(...packets.take(all.subarray(at, at + 11)).map((packet) => packet.bytes));
        expect(Buffer.concat([...out, packets.rest]).equals(all)).toBe(true);
      } catch (error) {
        expect((error as Problem).code).toBe('SSH_FAILED');
      }
    }
  });

  it('says what the server said when it is no SSH', async () => {
    const gate = new HostKeyGate({
      offered: () => undefined,
      shown: async () => undefined,
      verified: () => undefined,
    });
    const said: Buffer[] = [];
    gate.down.on('data', (bytes: Buffer) => said.push(bytes));
    const ended = once(gate.down, 'end');
    gate.down.end('Exceeded MaxStartups');
    await ended;
    expect(Buffer.concat(said).toString()).toBe('Exceeded MaxStartups');
  });
});
