import { once } from 'node:events';
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { createAgentMux, type AgentHost } from '@sallyport/agent-protocol';
import type { Effects } from '@sallyport/effects';
import { settle, simulatedEffects } from '@sallyport/effects/simulated';
import { systemEffects } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AgentReach, carryOver, zstdPacker } from './index.ts';

const noSignal = () => new AbortController().signal;
const to = { address: '10.0.2.60', port: 8080 };

/** A tunnel whose sessions lead to an agent in this process, and the reach over it. */
function world(
  options: {
    host?: Partial<AgentHost<string>>;
    token?: () => Promise<{ token: string }>;
    effects?: Effects;
    onWake?: (listener: () => void) => () => void;
    onBack?: (listener: () => void) => () => void;
  } = {},
) {
  const { effects = systemEffects(), onWake, onBack } = options;
  const fars: Duplex[] = [];
  const tokens: string[] = [];
  const ended: string[] = [];
  let listening: boolean | 'waits' = true;
  const agent = createAgentMux<string>({
    agentId: 'agt_1',
    ports: { effects, packer: zstdPacker },
    host: {
      admit: ({ publicKey, signature, signed, token }) => {
        const key = createPublicKey({ key: { ...publicKey }, format: 'jwk' });
        if (!verify(null, signed, key, signature)) throw new Problem('AGENT_TOKEN_REFUSED');
        return Promise.resolve({ owner: publicKey.x, expiresAt: effects.clock.now() + 60_000, grant: token });
      },
      renew: (token, { expiresAt }) => Promise.resolve({ owner: '', expiresAt, grant: token }),
      openTcp: (_to, _association, stream) => {
        stream.accept();
        return {
          data: (bytes) => {
            stream.write(bytes);
            stream.consumed(bytes.length);
          },
          end: () => stream.end(),
          reset: () => undefined,
          writable: () => undefined,
        };
      },
      ...options.host,
    },
  });
  const tunnel = {
    end: undefined,
    lease: undefined as never,
    ...(onBack === undefined ? {} : { onBack }),
    carry: (far: Duplex) => {
      fars.push(far);
      if (listening === 'waits') far.on('error', () => undefined);
      else if (listening) carryOver(far, (sink) => agent.accept(sink));
      else far.destroy();
    },
  };
  const lease = { instanceId: 'i-1', agent: { id: 'agt_1', port: 7443, instanceId: 'i-1' } };
  Object.assign(tunnel, { lease });
  const open = async (whileDown: 'wait' | 'refuse' = 'wait') => {
    const reach = await AgentReach.open({
      tunnel,
      effects,
      whileDown,
      agentTokens:
        options.token ??
        ((_key, instanceId) => {
          tokens.push(instanceId);
          return Promise.resolve({ token: `token-${tokens.length}` });
        }),
      events: { ended: (problem) => ended.push((problem as Problem).code) },
      ...(onWake === undefined ? {} : { onWake }),
    });
    onTestFinished(() => reach.close());
    return reach;
  };
  return { agent, fars, tokens, ended, open, listen: (on: boolean | 'waits') => (listening = on) };
}

it('carries a conversation that is half-open, over the session of a tunnel', async () => {
  const { open, tokens } = world();
  const reach = await open();
  const stream = await reach.openTcp(to, noSignal());
  stream.end('a question');
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString()).toBe('a question');
  expect(tokens).toEqual(['i-1']);
});

it('tells that a destination is not granted', async () => {
  const { open } = world({
    host: {
      openTcp: () => {
        throw new Problem('FLOW_NOT_GRANTED');
      },
    },
  });
  const reach = await open();
  await expect(reach.openTcp(to, noSignal())).rejects.toMatchObject({ code: 'FLOW_NOT_GRANTED' });
});

it('keeps open conversations when its session is lost, and goes on over another one', async () => {
  const { open, fars } = world();
  const reach = await open();
  const stream = await reach.openTcp(to, noSignal());
  stream.write('before');
  await once(stream, 'data');
  fars[0]?.destroy();
  stream.write(' and after');
  const [answer] = (await once(stream, 'data')) as [Buffer];
  expect(answer.toString()).toBe(' and after');
  expect(fars).toHaveLength(2);
});

it('looks after sleep whether its sessions live, and goes on over another one when they do not', async () => {
  const system = systemEffects();
  // The ten seconds that carriers are given pass at once; the half minute that silence may last otherwise does not.
  const after: Effects['timers']['after'] = (ms, run) => system.timers.after(ms === 10_000 ? 20 : ms, run);
  const effects = {
    ...system,
    timers: { ...system.timers, after, every: system.timers.every.bind(system.timers) },
  };
  const asleep: (() => void)[] = [];
  const onWake = (listener: () => void) => {
    asleep.push(listener);
    return () => asleep.splice(0);
  };
  const { open, fars } = world({ effects, onWake });
  const reach = await open();
  const stream = await reach.openTcp(to, noSignal());
  fars[0]?.pause();
  stream.write('said in one’s sleep');
  asleep[0]?.();
  const [answer] = (await once(stream, 'data')) as [Buffer];
  expect(answer.toString()).toBe('said in one’s sleep');
  expect(fars).toHaveLength(2);
  reach.close();
  expect(asleep).toEqual([]);
});

describe('a conversation that is asked for without waiting', () => {
  const asked = (reach: AgentReach) => {
    const told = Promise.withResolvers<Duplex>();
    const opening = reach.openTcpNow(to, { opened: told.resolve, failed: told.reject });
    return { opening, stream: told.promise };
  };

  it('is told when the destination accepted, and carries bytes and ends both ways', async () => {
    const { open } = world();
    const reach = await open();
    const stream = await asked(reach).stream;
    stream.end('hello');
    expect((await once(stream, 'data')).toString()).toBe('hello');
    await once(stream, 'end');
    await expect.poll(() => reach.flows).toBe(0);
  });

  it('is told why it was refused', async () => {
    const openTcp = () => {
      throw new Problem('FLOW_REFUSED');
    };
    const { open } = world({ host: { openTcp } });
    await expect(asked(await open()).stream).rejects.toMatchObject({ code: 'FLOW_REFUSED' });
  });

  it('hears nothing after it was abandoned, and its stream is reset at the agent', async () => {
    const reset = Promise.withResolvers<string>();
    const accepting = Promise.withResolvers<() => void>();
    const openTcp: AgentHost<string>['openTcp'] = (_to, _association, stream) => {
      accepting.resolve(() => stream.accept());
      const ignored = () => undefined;
      return { data: ignored, end: ignored, writable: ignored, reset: reset.resolve };
    };
    const { open } = world({ host: { openTcp } });
    const reach = await open();
    const heard: unknown[] = [];
    const note = (what: unknown) => heard.push(what);
    const opening = reach.openTcpNow(to, { opened: note, failed: note });
    const accept = await accepting.promise;
    opening?.abandon();
    accept();
    expect(await reset.promise).toBe('FLOW_RESET');
    expect(heard).toEqual([]);
    expect(reach.flows).toBe(0);
  });

  it('is asked for again when the agent was restarted meanwhile', async () => {
    let times = 0;
    const second = Promise.withResolvers<void>();
    const openTcp: AgentHost<string>['openTcp'] = (_to, _association, stream) => {
      times += 1;
      if (times === 2) {
        second.resolve();
        stream.accept();
      }
      const ignored = () => undefined;
      return { data: ignored, end: ignored, writable: ignored, reset: ignored };
    };
    const { open, agent } = world({ host: { openTcp } });
    const reach = await open();
    const { stream } = asked(reach);
    await expect.poll(() => times).toBe(1);
    agent.associations[0]?.end('AGENT_UNREACHABLE');
    await second.promise;
    expect((await stream).destroyed).toBe(false);
  });

  it('is not taken while the reach is down', async () => {
    const { open, fars, listen } = world();
    const reach = await open();
    listen(false);
    fars[0]?.destroy();
    await once(fars[0]!, 'close');
    await expect.poll(() => asked(reach).opening).toBeUndefined();
  });
});

describe('a tunnel that has no session for a while', () => {
  /** A reach that was up once, and whose carriers wait in a tunnel without sessions from then on. */
  async function lonely() {
    const effects = simulatedEffects();
    const backs = new Set<() => void>();
    const onBack = (listener: () => void) => (backs.add(listener), () => backs.delete(listener));
    const { open, fars, listen } = world({ effects, onBack });
    await open();
    const back = () => {
      for (const told of backs) told();
    };
    listen('waits');
    fars[0]?.destroy();
    await once(fars[0]!, 'close');
    return { effects, fars, back };
  }

  it('is asked for no session for a carrier that was given up meanwhile', async () => {
    const { effects, fars } = await lonely();
    await effects.time.advanceAsync(60_000);
    expect(fars.length).toBeGreaterThan(4);
    expect(fars.slice(0, -1).filter(({ destroyed }) => !destroyed)).toEqual([]);
  });

  it('is asked ever less often, and at once when it has a session again', async () => {
    const { effects, fars, back } = await lonely();
    await effects.time.advanceAsync(600_000);
    // One attempt lasts 5 s; pauses grow to 15 s on the average.
    expect(fars.length).toBeLessThan(60);
    const tried = fars.length;
    while (!fars.at(-1)?.destroyed) await effects.time.advanceAsync(100);
    back();
    await settle();
    expect(fars).toHaveLength(tried + 1);
  });
});

it('refuses new conversations at once while it is down, where that is wished', async () => {
  const { open, fars, listen } = world();
  const reach = await open('refuse');
  listen(false);
  fars[0]?.destroy();
  await once(fars[0]!, 'close');
  await expect
    .poll(() => reach.openTcp(to, noSignal()).catch((error: Problem) => error.code))
    .toBe('REACH_DOWN');
});

it('ends with the grant, and says so', async () => {
  const { open, agent, ended } = world();
  const reach = await open();
  const stream = await reach.openTcp(to, noSignal());
  const broken = once(stream, 'error');
  agent.associations[0]?.end('GRANT_ENDED');
  expect(await broken).toMatchObject([{ code: 'REACH_ENDED' }]);
  expect(ended).toEqual(['GRANT_ENDED']);
  await expect(reach.openTcp(to, noSignal())).rejects.toMatchObject({ code: 'REACH_ENDED' });
});

it('goes on with a new link when the agent was restarted, after telling open conversations', async () => {
  const { open, agent, ended } = world();
  const reach = await open();
  const stream = await reach.openTcp(to, noSignal());
  const broken = once(stream, 'error');
  agent.associations[0]?.end('AGENT_UNREACHABLE');
  expect(await broken).toMatchObject([{ code: 'REACH_DOWN' }]);
  const again = await reach.openTcp(to, noSignal());
  again.end('hello');
  expect((await once(again, 'data')).toString()).toBe('hello');
  expect(ended).toEqual([]);
});

it('says what the agent said when it refuses the token', async () => {
  const { open } = world({ host: { admit: () => Promise.reject(new Problem('AGENT_TOKEN_REFUSED')) } });
  await expect(open()).rejects.toMatchObject({ code: 'AGENT_TOKEN_REFUSED' });
});

it('says what the control plane said when it gives no token', async () => {
  const { open } = world({ token: () => Promise.reject(new Problem('AGENT_NOT_ENROLLED')) });
  await expect(open()).rejects.toMatchObject({ code: 'AGENT_NOT_ENROLLED' });
});

it('says that no agent answers when every session to it ends at once', async () => {
  const { open, listen } = world();
  listen(false);
  await expect(open()).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
});

it('adds sessions while a conversation carries bulk', async () => {
  const { open, fars } = world();
  const reach = await open();
  const stream = await reach.openTcp(to, noSignal());
  const chunk = randomBytes(64 * 1024);
  let received = 0;
  stream.on('data', (bytes: Buffer) => (received += bytes.length));
  let sent = 0;
  while (fars.length < 8) {
    sent += chunk.length;
    if (!stream.write(chunk)) await once(stream, 'drain');
    await turn();
  }
  stream.end();
  await once(stream, 'end');
  expect(received).toBe(sent);
});

it('packs what repeats, and unpacks no more than was announced', () => {
  const plain = Buffer.alloc(60_000, 'what repeats packs well. ');
  const packed = zstdPacker.pack(plain);
  expect(packed?.length).toBeLessThan(1_000);
  expect(Buffer.from(zstdPacker.unpack(packed!, plain.length)).equals(plain)).toBe(true);
  expect(() => zstdPacker.unpack(packed!, plain.length - 1)).toThrow();
  expect(zstdPacker.pack(randomBytes(60_000))).toBeUndefined();
});
