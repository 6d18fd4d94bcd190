import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { DescribeSessionsCommand, StartSessionCommand, TerminateSessionCommand } from '@aws-sdk/client-ssm';
import {
  connectionsOf,
  readTranscript,
  recordOf,
  type Content,
  type Transcript,
} from '@sallyport/ssm-protocol/testing';
import { describe, expect, it } from 'vitest';
import { openChannel } from './rig/channel-client.ts';
import { RecordedClient, RecordedDestination, RecordedDestinations } from './rig/recorded-client.ts';
import { RunningSandbox } from './rig/running-sandbox.ts';

const worldFile = fileURLToPath(new URL('./world/transcripts.yaml', import.meta.url));
const recordings = new URL('../../../libs/ssm-protocol/transcripts/', import.meta.url);
const target = 'mi-0123456789abcdef0';

const scenarios = [
  ['02-port-mux', 'AWS-StartPortForwardingSession', { portNumber: ['7000'], localPortNumber: ['22022'] }],
  [
    '03-port-mux-parallel',
    'AWS-StartPortForwardingSession',
    { portNumber: ['7000'], localPortNumber: ['22022'] },
  ],
  [
    '05-remote-host',
    'AWS-StartPortForwardingSessionToRemoteHost',
    { host: ['db.example.internal'], portNumber: ['5432'], localPortNumber: ['22022'] },
  ],
  [
    '06-remote-host-denied',
    'AWS-StartPortForwardingSessionToRemoteHost',
    { host: ['169.254.169.254'], portNumber: ['80'], localPortNumber: ['22022'] },
  ],
  ['12-terminate', 'AWS-StartPortForwardingSession', { portNumber: ['7000'], localPortNumber: ['22022'] }],
] as const;

describe('the official client, as recorded, over real sockets', () => {
  it.each(scenarios)('is served in %s', async (name, DocumentName, Parameters) => {
    const transcript = recorded(name);
    const destinations = new RecordedDestinations(transcript);
    await using cloud = await RunningSandbox.start({
      worldFile,
      allowUnsigned: true,
      openBacking: destinations.open,
    });
    const ssm = cloud.ssm(cloud.key('operator'));
    const start = {
      Target: target,
      DocumentName,
      Parameters: Object.fromEntries(Object.entries(Parameters).map(([k, v]) => [k, [...v]])),
    };
    const { SessionId, StreamUrl, TokenValue } = await ssm.send(new StartSessionCommand(start));
    expect(SessionId).toMatch(/^demo-user-0[0-9a-f]{16}$/);
    const socket = await openChannel(StreamUrl!);
    const client = new RecordedClient(socket);
    await client.play(transcript, TokenValue!);
    if (name === '12-terminate') await ssm.send(new TerminateSessionCommand({ SessionId }));
    const denied = name === '06-remote-host-denied';
    expect(await client.closed).toBe(denied ? 'Forwarding to IP address 169.254.169.254 is forbidden.' : '');

    const official = recordOf(transcript, 'agent');
    expect(client.record.violations).toEqual([]);
    expect(client.record.handshake.map(({ type }) => type)).toEqual(
      official.handshake.map(({ type }) => type),
    );
    expect(client.record.handshake[0]!.body['RequestedClientActions']).toEqual(
      official.handshake[0]!.body['RequestedClientActions'],
    );
    for (const [index, { name: connection }] of connectionsOf(transcript).entries()) {
      const { sent, received } = transcript.metadata.destination[connection]!;
      expectContent(destinations.received[index]!, received);
      expectContent(client.record.bytes(recordOf(transcript, 'client').opened[index]), sent);
    }
    const { Sessions } = await ssm.send(new DescribeSessionsCommand({ State: 'History' }));
    expect(Sessions?.map(({ Status }) => Status)).toEqual([denied ? 'Failed' : 'Terminated']);
  });
});

describe('the official client without smux, as recorded, over real sockets', () => {
  /** Plays the recording against this sandbox's agent; what the client heard, and the words the session ended with. */
  async function played(name: string, order: object, openBacking?: () => Promise<Duplex>) {
    const transcript = recorded(name);
    await using cloud = await RunningSandbox.start({
      worldFile,
      allowUnsigned: true,
      ...(openBacking && { openBacking }),
    });
    const ssm = cloud.ssm(cloud.key('operator'));
    const { StreamUrl, TokenValue } = await ssm.send(new StartSessionCommand({ Target: target, ...order }));
    const client = new RecordedClient(await openChannel(StreamUrl!), 'raw');
    await client.play(transcript, TokenValue!);
    expect(await client.closed).toBe('');
    const official = recordOf(transcript, 'agent');
    expect(client.record.violations).toEqual([]);
    const types = (record: typeof official) => record.handshake.map(({ type }) => type);
    expect(types(client.record)).toEqual(types(official));
    expect(client.record.handshake[0]?.body['RequestedClientActions']).toEqual(
      official.handshake[0]?.body['RequestedClientActions'],
    );
    return { heard: client.record, official, transcript };
  }

  it('is served in 08-ssh-type', async () => {
    const transcript = recorded('08-ssh-type');
    const down = recordOf(transcript, 'agent').bytes();
    const sent = transcript.metadata.actions.filter(({ who, op }) => who === 'destination' && op === 'send');
    const [greeting = 0, rest = 0] = sent.map(({ hex, length }) => length ?? (hex ?? '').length / 2);
    expect(greeting + rest).toBe(down.length);
    const destination = new RecordedDestination([
      { after: 22, bytes: down.subarray(0, greeting) },
      { after: 322, bytes: down.subarray(greeting) },
    ]);
    const order = { DocumentName: 'AWS-StartSSHSession', Parameters: { portNumber: ['2022'] } };
    const { heard } = await played('08-ssh-type', order, destination.open);
    const { sent: up, received } = transcript.metadata.application['stdio']!;
    expectContent(destination.received, up);
    expectContent(heard.bytes(), received);
  });

  it('is served in 09-shell', async () => {
    const { heard, official } = await played('09-shell', {});
    // Another shell prompts otherwise; what was typed to it was done.
    expect(Buffer.from(official.bytes()).toString()).toContain('hi\r\n');
    expect(Buffer.from(heard.bytes()).toString()).toMatch(/\nhi\r\n/);
  });

  it('is served in 10-noninteractive', async () => {
    const command = "sh -c 'echo to-stdout; sleep 0.2; echo to-stderr >&2; sleep 0.2; exit 3'";
    const order = { DocumentName: 'AWS-StartNonInteractiveCommand', Parameters: { command: [command] } };
    const { heard, official } = await played('10-noninteractive', order);
    const hex = (pieces: readonly Uint8Array[]) => Buffer.concat(pieces).toString('hex');
    expect(hex([heard.bytes()])).toBe(hex([official.bytes()]));
    expect(hex(heard.errorOutput)).toBe(hex(official.errorOutput));
    expect(heard.exitCodes).toEqual(official.exitCodes);
  });
});

function recorded(name: string): Transcript {
  return readTranscript(readFileSync(new URL(`${name}.jsonl`, recordings), 'utf8'));
}

function expectContent(bytes: Uint8Array, content: Content): void {
  if ('hex' in content) expect(Buffer.from(bytes).toString('hex')).toBe(content.hex);
  else
    expect({ length: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }).toEqual({
      ...content,
    });
}
