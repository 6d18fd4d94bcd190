import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { duplexPair } from '../duplex-pair.ts';
import { converseAsAgent, type AgentKey } from './agent-conversation.ts';
import { memoryKey } from './memory-key.ts';
import { sshString } from './ssh-wire.ts';

const parsed = (line: string) => {
  const key = ssh2.utils.parseKey(line);
  if (key instanceof Error) throw key;
  return key;
};

/** An SSH client's side of the conversation with an agent, by another implementation than ours. */
function clientOf(keys: Parameters<typeof converseAsAgent>[1]) {
  const [near, far] = duplexPair();
  converseAsAgent(far, keys, 'web-1');
  const client = new ssh2.AgentProtocol(true);
  near.pipe(client).pipe(near);
  return { client };
}

const sign = (client: ssh2.AgentProtocol, line: string, data: Buffer, hash?: 'sha256' | 'sha512') =>
  new Promise<Buffer>((resolve, reject) =>
    client.sign(line, data, hash ? { hash } : {}, (error, signature) =>
      error || !signature ? reject(error ?? new Error('no signature')) : resolve(signature),
    ),
  );

describe('an agent that offers a key of memory', () => {
  it.each([
    ['ed25519', undefined],
    ['rsa', 'sha256'],
    ['rsa', 'sha512'],
  ] as const)('lists its %s key and signs with it (%s)', async (kind, hash) => {
    const key = await memoryKey(kind);
    const used: AgentKey[] = [];
    const { client } = clientOf({ keys: async () => [key], used: (which) => used.push(which) });
    const listed = await new Promise<ssh2.ParsedKey[]>((resolve, reject) =>
      client.getIdentities((error, keys) => (error ? reject(error) : resolve(keys ?? []))),
    );
    expect(listed.map(({ comment }) => comment)).toEqual(['web-1']);
    expect(listed[0]?.getPublicSSH().equals(key.blob)).toBe(true);
    const data = Buffer.from('what is signed');
    const signature = await sign(client, key.publicKey, data, hash);
    expect(parsed(key.publicKey).verify(data, signature, hash)).toBe(true);
    expect(used).toEqual([key]);
  });

  it('makes no signature with SHA-1, none with a key of somebody else, and goes on', async () => {
    const [mine, other] = [await memoryKey('rsa'), await memoryKey('ed25519')];
    const { client } = clientOf({ keys: async () => [mine] });
    const data = Buffer.from('what is signed');
    await expect(sign(client, mine.publicKey, data)).rejects.toThrow();
    await expect(sign(client, other.publicKey, data)).rejects.toThrow();
    expect((await sign(client, mine.publicKey, data, 'sha512')).length).toBeGreaterThan(0);
  });

  it.each([
    ['the far side of a connection', Buffer.of(1), 0],
    ['a side that it does not tell', Buffer.of(), 0],
    ['this side', Buffer.of(0), 1],
  ])('offers %s its due, and signs for nobody else', async (_side, forwarding, offered) => {
    const key = await memoryKey('ed25519');
    const [near, far] = duplexPair();
    converseAsAgent(far, { keys: async () => [key] }, 'web-1');
    const fields = ['session-bind@openssh.com', 'host key', 'session', 'signature'].map(sshString);
    near.write(sshString(Buffer.concat([Buffer.of(27), ...fields, forwarding])));
    const client = new ssh2.AgentProtocol(true);
    // The answer to the binding, which OpenSSH does not heed.
    await new Promise<void>((resolve) => near.once('data', () => resolve()));
    near.pipe(client).pipe(near);
    const listed = await new Promise<ssh2.ParsedKey[]>((resolve, reject) =>
      client.getIdentities((error, keys) => (error ? reject(error) : resolve(keys ?? []))),
    );
    expect(listed).toHaveLength(offered);
    const signed = sign(client, key.publicKey, Buffer.from('what is signed')).then(
      () => 1,
      () => 0,
    );
    expect(await signed).toBe(offered);
  });

  it('answers what it does not know with a failure, and ends at a message without bounds', async () => {
    const [near, far] = duplexPair();
    converseAsAgent(far, { keys: async () => [] }, 'web-1');
    const heard: Buffer[] = [];
    near.on('data', (bytes: Buffer) => heard.push(bytes));
    const bind = Buffer.concat([Buffer.of(27), Buffer.from('\0\0\0\x18session-bind@openssh.com')]);
    near.write(Buffer.concat([Buffer.of(0, 0, 0, bind.length), bind]));
    await expect.poll(() => Buffer.concat(heard).toString('hex')).toBe('0000000105');
    const closed = new Promise((resolve) => near.on('close', resolve).on('error', () => undefined));
    near.write(Buffer.from('ffffffff', 'hex'));
    await closed;
  });
});
