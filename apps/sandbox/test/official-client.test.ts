import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DescribeSessionsCommand, StartSessionCommand, TerminateSessionCommand } from '@aws-sdk/client-ssm';
import { connectionsOf, readTranscript, recordOf, type Content } from '@sallyport/ssm-protocol/testing';
import { describe, expect, it } from 'vitest';
import { openChannel } from './rig/channel-client.ts';
import { RecordedClient, RecordedDestinations } from './rig/recorded-client.ts';
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
    const transcript = readTranscript(readFileSync(new URL(`${name}.jsonl`, recordings), 'utf8'));
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

function expectContent(bytes: Uint8Array, content: Content): void {
  if ('hex' in content) expect(Buffer.from(bytes).toString('hex')).toBe(content.hex);
  else
    expect({ length: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }).toEqual({
      ...content,
    });
}
