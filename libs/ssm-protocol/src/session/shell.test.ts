import { describe, expect, it } from 'vitest';
import { aesGcm, sha256 } from '../../test/crypto.ts';
import { handshakeRequestPayload } from '../channel/handshake.ts';
import { countUp } from '../encryption/session-cipher.ts';
import { readBufferBytesMax } from '../limits.ts';
import { parseMessage } from '../message/decode.ts';
import { encodeMessage } from '../message/encode.ts';
import { payloadTypes } from '../message/payload-type.ts';
import { Chance, joinBytes, SimulatedShell, toHex, type SimulatedShellOptions } from '../testing/index.ts';

const text = (value: string) => new TextEncoder().encode(value);
const said = (pieces: readonly Uint8Array[]) => new TextDecoder().decode(joinBytes(pieces));

function randomBytesOf(chance: Chance) {
  return (length: number) => {
    const bytes = new Uint8Array(length);
    chance.fill(bytes, 0, length);
    return bytes;
  };
}

function aShell(options: Partial<SimulatedShellOptions> = {}, seed = 1): SimulatedShell {
  const chance = new Chance(seed);
  return new SimulatedShell({ sha256, random: () => chance.next(), type: 'Standard_Stream', ...options });
}

const encryption = { gcm: aesGcm, randomBytes: randomBytesOf(new Chance(99)) };

describe('a shell', () => {
  it('begins without a handshake, takes the size first, and ends when its program does', () => {
    const shell = aShell().connect();
    shell.client.resize({ cols: 80, rows: 24 }, 0);
    shell.client.resize({ cols: 132, rows: 43 }, 0);
    shell.type(text('ls\r'));
    shell.print(text('$ '));
    expect(shell.runUntil(() => said(shell.typed) === 'ls\r', 10_000)).toBe(true);
    expect(shell.sizes).toEqual([{ cols: 132, rows: 43 }]);
    expect(shell.ready).toMatchObject({ type: undefined, encrypted: false });
    shell.print(text('a b\r\n'));
    shell.exit(0);
    expect(shell.runUntil(() => shell.closed !== undefined, 10_000)).toBe(true);
    expect(said(shell.output)).toBe('$ a b\r\n');
    expect(shell.exits).toEqual([]);
    expect(shell.closed).toEqual({ cause: 'channel-closed', output: '' });
  });

  it('never alters a lone line feed', () => {
    const shell = aShell().connect();
    shell.print(text('$ '));
    shell.runUntil(() => shell.ready !== undefined, 10_000);
    shell.type(Uint8Array.of(0x0a));
    expect(shell.runUntil(() => shell.typed.length > 0, 10_000)).toBe(true);
    expect(toHex(joinBytes(shell.typed))).toBe('0a');
  });

  it('keeps what a slow reader has not taken, within its bound, and ends only behind it', () => {
    const shell = aShell().connect();
    shell.client.pauseReading();
    const much = new Uint8Array(readBufferBytesMax + 500_000).fill(0x41);
    shell.print(much);
    shell.runUntil(() => false, 60_000);
    expect(shell.client.stats.keptBytes).toBeLessThanOrEqual(readBufferBytesMax + 1024);
    expect(shell.output).toEqual([]);
    shell.exit(0);
    shell.client.resumeReading();
    expect(shell.runUntil(() => shell.closed !== undefined, 60_000)).toBe(true);
    expect(joinBytes(shell.output).length).toBe(much.length);
  });

  it('is given up by a client that hears nothing of its agent', () => {
    const shell = aShell().connect();
    shell.runUntil(() => shell.closed !== undefined, 130_000);
    expect(shell.closed?.cause).toBe('handshake-timeout');
  });
});

describe('an interactive command that says nothing', () => {
  const options = { type: 'InteractiveCommands', mayBeSilent: true } as const;

  it('is typed to once its agent has shown that it is there, and knows the size', () => {
    const shell = aShell(options).connect();
    shell.client.resize({ cols: 132, rows: 43 }, 0);
    shell.type(text('typed\r'));
    shell.runUntil(() => shell.typed.length > 0, 600_000);
    expect(said(shell.typed)).toBe('typed\r');
    expect(shell.sizes.at(-1)).toEqual({ cols: 132, rows: 43 });
    expect(shell.ready).toMatchObject({ type: undefined, encrypted: false });
    expect(shell.closed).toBeUndefined();
    expect(shell.now).toBeLessThan(5_000);
  });

  it('is not typed to while its agent is not there, and given up when it does not come', () => {
    const shell = aShell(options);
    shell.client.connected('client-token', 0);
    shell.client.resize({ cols: 132, rows: 43 }, 0);
    shell.type(text('typed\r'));
    shell.runUntil(() => shell.closed !== undefined, 1_200_000);
    expect(shell.client.stats.bytesSent).toBe(0);
    expect(shell.closed?.cause).toBe('unacknowledged');
  });

  it('shows what it says before, and is not asked for a sign then', () => {
    const shell = aShell(options).connect();
    shell.client.resize({ cols: 132, rows: 43 }, 0);
    shell.print(text('hello'));
    shell.runUntil(() => shell.sizes.length > 0, 10_000);
    shell.runUntil(() => false, 30_000);
    expect(said(shell.output)).toBe('hello');
    expect(shell.sizes).toHaveLength(1);
  });

  it.each([{}, { demandsEncryption: true }])(
    'begins encrypted where its agent asks for that after all (%o)',
    (more) => {
      const seen: Uint8Array[] = [];
      const shell = aShell({
        ...{ ...options, encryption, ...more },
        gateway: (from, frame) => {
          if (from === 'client') seen.push(frame);
          return frame;
        },
      });
      // It comes late, when the client has begun to wonder.
      shell.client.connected('client-token', 0);
      shell.client.resize({ cols: 132, rows: 43 }, 0);
      shell.type(text('secret word'));
      shell.runUntil(() => false, 10_000);
      shell.agent.connected('agent-token', shell.now);
      shell.runUntil(() => shell.typed.length > 0, 60_000);
      expect(said(shell.typed)).toBe('secret word');
      expect(shell.ready).toMatchObject({ encrypted: true });
      expect(said(seen)).not.toContain('secret');
    },
  );

  it('never begins where encryption is demanded', () => {
    const shell = aShell({ ...options, encryption, agentEncrypts: false, demandsEncryption: true }).connect();
    shell.client.resize({ cols: 132, rows: 43 }, 0);
    shell.type(text('secret word'));
    shell.runUntil(() => shell.closed !== undefined, 600_000);
    expect(shell.closed?.cause).toBe('handshake-timeout');
    expect(shell.ready).toBeUndefined();
    expect(shell.client.stats.bytesSent).toBe(0);
  });
});

describe('a command without a terminal', () => {
  const options = { type: 'NonInteractiveCommands', separateOutput: true } as const;

  it('keeps standard output, standard error and the exit status apart', () => {
    const shell = aShell(options).connect();
    expect(shell.runUntil(() => shell.started, 10_000)).toBe(true);
    shell.print(text('out'));
    shell.printError(text('err'));
    shell.print(text('put'));
    shell.exit(7);
    expect(shell.runUntil(() => shell.closed !== undefined, 10_000)).toBe(true);
    expect([said(shell.output), said(shell.errorOutput), shell.exits]).toEqual(['output', 'err', [7]]);
    expect(shell.ready).toMatchObject({ type: 'NonInteractiveCommands', agentVersion: '3.3.987.0' });
  });

  it('fails when its client does not answer the handshake', () => {
    const shell = aShell(options);
    shell.agent.connected('token', 0);
    shell.runUntil(() => shell.finished !== undefined, 60_000);
    expect(shell.finished?.status).toBe('Failed');
    expect(shell.finished?.output).toContain('Handshake timed out');
  });
});

describe('an encrypted session', () => {
  it('asks for encryption as the official agent does', () => {
    const golden =
      '{"AgentVersion":"3.3.987.0","RequestedClientActions":[{"ActionType":"SessionType","ActionParameters":{"SessionType":"Standard_Stream","Properties":null}},' +
      '{"ActionType":"KMSEncryption","ActionParameters":{"KMSKeyId":"arn:aws:kms:us-east-1:111122223333:key/abcd","Challenge":"AAECAwQFBgcICQoLDA0ODw=="}}]}';
    const payload = handshakeRequestPayload({
      agentVersion: '3.3.987.0',
      sessionType: 'Standard_Stream',
      properties: null,
      kmsKeyId: 'arn:aws:kms:us-east-1:111122223333:key/abcd',
      challenge: 'AAECAwQFBgcICQoLDA0ODw==',
    });
    expect(said([payload])).toBe(golden);
  });

  it('shows the gateway nothing of what is typed, printed or returned', () => {
    const seen: Uint8Array[] = [];
    const shell = aShell({
      type: 'NonInteractiveCommands',
      separateOutput: true,
      encryption,
      demandsEncryption: true,
      gateway: (_from, frame) => {
        seen.push(frame);
        return frame;
      },
    }).connect();
    shell.runUntil(() => shell.ready !== undefined, 10_000);
    shell.type(text('secret word'));
    shell.print(text('secret answer'));
    shell.printError(text('secret trouble'));
    shell.runUntil(() => shell.typed.length > 0, 10_000);
    shell.exit(3);
    expect(shell.runUntil(() => shell.closed !== undefined, 10_000)).toBe(true);
    expect(said(shell.output) + said(shell.errorOutput)).toBe('secret answersecret trouble');
    expect(said(shell.typed)).toBe('secret word');
    expect(shell.exits).toEqual([3]);
    expect(shell.ready).toMatchObject({
      encrypted: true,
      customerMessage: 'This session is encrypted using AWS KMS.',
    });
    expect(said(seen)).not.toMatch(/secret|EXIT_CODE/);
  });

  it('names the session, the target and the challenge in the context of both calls to KMS', () => {
    const shell = aShell({ encryption }).connect();
    shell.runUntil(() => shell.started, 10_000);
    expect(shell.contexts).toHaveLength(2);
    expect(shell.contexts[0]).toEqual(shell.contexts[1]);
    expect(Object.keys(shell.contexts[0]!)).toEqual([
      'aws:ssm:SessionId',
      'aws:ssm:TargetId',
      'aws:ssm:RandomChallenge',
    ]);
  });

  it.each(['Standard_Stream', 'NonInteractiveCommands'] as const)(
    'that is demanded never goes on in plain where the agent does not ask for it (%s)',
    (type) => {
      const shell = aShell({ type, encryption, agentEncrypts: false, demandsEncryption: true }).connect();
      shell.print(text('$ '));
      shell.type(text('secret'));
      shell.runUntil(() => shell.closed !== undefined, 10_000);
      expect(shell.closed?.cause).toBe('encryption-demanded');
      expect(shell.output).toEqual([]);
      expect(shell.client.stats.bytesSent).toBe(0);
    },
  );

  it('does not begin when the gateway leaves the challenge out', () => {
    const shell = aShell({
      encryption,
      gateway: (from, frame) => {
        const parsed = parseMessage(frame);
        if (from === 'client' || !parsed.ok) return frame;
        const { payloadType } = parsed.message;
        if (payloadType !== payloadTypes.encChallengeRequest) return frame;
        return forgedOutput(1, payloadTypes.handshakeComplete, text('{"CustomerMessage":"all well"}'));
      },
    }).connect();
    shell.runUntil(() => shell.closed !== undefined, 10_000);
    expect(shell.closed?.cause).toBe('encryption-demanded');
  });

  it('ends when a payload was changed or is plain', () => {
    const shell = aShell({ encryption }).connect();
    shell.runUntil(() => shell.ready !== undefined, 10_000);
    const next = shell.client.stats.messagesReceived;
    shell.client.receive(forgedOutput(next, payloadTypes.output, text('rm -rf /')), shell.now);
    expect(shell.closed?.cause).toBe('not-authentic');
    expect(shell.discarded.client).toContain('SSM_PAYLOAD_NOT_AUTHENTIC');
    expect(shell.output).toEqual([]);
  });

  it.each(['client', 'agent'] as const)('ends with the reason when KMS refuses the %s', (kmsRefuses) => {
    const shell = aShell({ encryption, kmsRefuses }).connect();
    shell.runUntil(() => shell.closed !== undefined && shell.finished !== undefined, 30_000);
    expect(shell.finished?.status).toBe('Failed');
    if (kmsRefuses === 'client') {
      expect(shell.closed).toEqual({
        cause: 'session-key-denied',
        output: 'kms:GenerateDataKey was denied.',
      });
    } else {
      expect(shell.closed?.output).toContain('kms:Decrypt was denied.');
    }
  });

  it('is refused by a client that cannot encrypt', () => {
    const shell = aShell({ encryption });
    const plain = aShell({ type: 'NonInteractiveCommands' });
    shell.agent.connected('token', 0);
    plain.client.connected('token', 0);
    const request = handshakeRequestPayload({
      agentVersion: '3.3.987.0',
      sessionType: 'Standard_Stream',
      properties: null,
      kmsKeyId: 'alias/k',
    });
    plain.client.receive(forgedOutput(0, payloadTypes.handshakeRequest, request), 0);
    expect(plain.closed?.cause).toBe('handshake-refused');
  });

  it('counts nonces up with the carry going to the next word', () => {
    const nonce = Uint8Array.from([255, 255, 255, 255, 255, 0, 0, 0, 7, 0, 0, 0]);
    countUp(nonce);
    expect([...nonce]).toEqual([0, 0, 0, 0, 0, 1, 0, 0, 7, 0, 0, 0]);
  });
});

describe('a shell over a path that loses, repeats, reorders and breaks', () => {
  const kinds = ['Standard_Stream', 'InteractiveCommands', 'NonInteractiveCommands'] as const;

  it('hands on exactly what was typed, printed and returned (300 seeds)', { timeout: 120_000 }, () => {
    let leftBehind = 0;
    for (let seed = 1; seed <= 300; seed += 1) leftBehind += oneLife(seed);
    // The official agent waits two seconds for acknowledgements and then goes; so does ours.
    expect(leftBehind).toBeLessThan(9);
  });

  /** Runs one random session; 1 when the agent left before everything was acknowledged. */
  function oneLife(seed: number): number {
    const chance = new Chance(seed);
    const type = chance.one(kinds);
    const separateOutput = type === 'NonInteractiveCommands';
    const share = () => chance.between(0, 0.12);
    const faults = { drop: share(), duplicate: share(), reorder: share() * 2, reorderMs: 300 };
    const secret = chance.happens(0.5) ? { gcm: aesGcm, randomBytes: randomBytesOf(chance) } : undefined;
    const shell = aShell({ type, separateOutput, faults, encryption: secret }, seed).connect();
    const written = { typed: [] as Uint8Array[], out: [] as Uint8Array[], err: [] as Uint8Array[] };
    for (let step = chance.whole(1, 12); step > 0; step -= 1) {
      const bytes = randomBytesOf(chance)(chance.happens(0.05) ? 30_000 : chance.whole(1, 3000));
      if (chance.happens(0.4)) {
        written.out.push(bytes);
        shell.print(bytes);
      } else if (separateOutput && chance.happens(0.5)) {
        written.err.push(bytes);
        shell.printError(bytes);
      } else {
        written.typed.push(bytes);
        shell.type(bytes);
      }
      if (chance.happens(0.2)) shell.client.resize({ cols: chance.whole(1, 300), rows: 40 }, shell.now);
      if (chance.happens(0.1)) shell.client.pauseReading();
      shell.runUntil(() => false, chance.whole(1, 400));
      shell.client.resumeReading();
      if (chance.happens(0.15)) shell.cut();
    }
    // Every shell prints something at some time; without a handshake the client knows of it by that alone.
    const last = Uint8Array.of(0x24);
    written.out.push(last);
    shell.print(last);
    const up = joinBytes(written.typed);
    const typed = () => shell.agent.stats.bytesReceived >= up.length;
    expect(shell.runUntil(typed, 600_000), `seed ${seed}: typed`).toBe(true);
    shell.exit(seed % 256);
    expect(
      shell.runUntil(() => shell.closed !== undefined, 600_000),
      `seed ${seed}: closed`,
    ).toBe(true);
    expect(toHex(joinBytes(shell.typed)), `seed ${seed}`).toBe(toHex(up));
    const found = [toHex(joinBytes(shell.output)), toHex(joinBytes(shell.errorOutput)), shell.exits];
    const expected = [
      toHex(joinBytes(written.out)),
      toHex(joinBytes(written.err)),
      separateOutput ? [seed % 256] : [],
    ];
    expect(shell.closed, `seed ${seed}`).toEqual({ cause: 'channel-closed', output: '' });
    if (shell.leftBehind > 0) {
      expect(String(expected[0]).startsWith(String(found[0])), `seed ${seed}`).toBe(true);
      return 1;
    }
    expect(found, `seed ${seed}`).toEqual(expected);
    return 0;
  }
});

/** A frame that the gateway made up. */
function forgedOutput(sequenceNumber: number, payloadType: number, payload: Uint8Array): Uint8Array {
  return encodeMessage(
    {
      messageType: 'output_stream_data',
      createdDate: 1_700_000_000_000,
      sequenceNumber,
      flags: 0,
      messageId: '00112233-4455-4677-8899-aabbccddeeff',
      payloadType,
      payload,
    },
    sha256,
  );
}
