import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import {
  DescribeInstanceInformationCommand,
  DescribeSessionsCommand,
  GetDocumentCommand,
  ResumeSessionCommand,
  StartSessionCommand,
  TerminateSessionCommand,
  type StartSessionCommandInput,
} from '@aws-sdk/client-ssm';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeMessage } from '@sallyport/ssm-protocol';
import {
  closeOf,
  openChannel,
  presignedUrl,
  signedHeaders,
  SmallTunnel,
  wire,
} from './rig/channel-client.ts';
import {
  bastion,
  grantId,
  otherGrantId,
  refusal,
  RunningSandbox,
  runner,
  type Keys,
} from './rig/running-sandbox.ts';

let cloud: RunningSandbox;
let keys: Keys;
let document: string;
beforeAll(async () => {
  cloud = await RunningSandbox.start();
  keys = await cloud.lease();
  document = cloud.documentOf('prod-rds');
});
afterAll(() => cloud[Symbol.asyncDispose]());

async function start(with_: Keys = keys, resource = 'prod-rds') {
  const { SessionId, StreamUrl, TokenValue } = await cloud
    .ssm(with_)
    .send(new StartSessionCommand({ Target: bastion, DocumentName: cloud.documentOf(resource) }));
  return { id: SessionId!, url: StreamUrl!, token: TokenValue! };
}

async function lastRecord() {
  return (await cloud.trail()).at(-1)!;
}

describe('a lease for prod-rds', () => {
  const attempts: [string, (d: string) => Partial<StartSessionCommandInput>, string][] = [
    ['another instance', () => ({ Target: runner }), 'AccessDeniedException'],
    [
      'an enrolled instance that is not the one',
      () => ({ Target: 'i-0c6d2e3f4a5b61728' }),
      'AccessDeniedException',
    ],
    ['an instance that does not exist', () => ({ Target: 'i-00000000000000000' }), 'AccessDeniedException'],
    ['another pinned document', () => ({ DocumentName: 'jit-fwd-00000000' }), 'AccessDeniedException'],
    [
      'the pinned document of prod-web',
      () => ({ DocumentName: cloud.documentOf('prod-web') }),
      'AccessDeniedException',
    ],
    [
      "Amazon's port document",
      () => ({ DocumentName: 'AWS-StartPortForwardingSession' }),
      'AccessDeniedException',
    ],
    ["Amazon's SSH document", () => ({ DocumentName: 'AWS-StartSSHSession' }), 'AccessDeniedException'],
    ['the shell document', () => ({ DocumentName: 'SSM-SessionManagerRunShell' }), 'AccessDeniedException'],
    ['no document, which would be a shell', () => ({ DocumentName: undefined }), 'AccessDeniedException'],
    ['another host', (d) => ({ DocumentName: d, Parameters: { host: ['10.0.2.60'] } }), 'InvalidParameters'],
    ['another port', (d) => ({ DocumentName: d, Parameters: { portNumber: ['22'] } }), 'InvalidParameters'],
  ];

  it.each(attempts)('cannot start a session with %s', async (_what, change, code) => {
    const input = { Target: bastion, DocumentName: document, ...change(document) };
    expect(await refusal(cloud.ssm(keys).send(new StartSessionCommand(input)))).toBe(code);
    expect(await lastRecord()).toMatchObject({ eventName: 'StartSession', errorCode: code });
  });

  it('cannot open a shell by leaving the document out, by the older behaviour of AWS either', async () => {
    await cloud.control('PUT', 'faults', { defaultDocumentCheck: 'by-condition-key' });
    const call = cloud.ssm(keys).send(new StartSessionCommand({ Target: bastion }));
    expect(await refusal(call)).toBe('AccessDeniedException');
    await cloud.control('PUT', 'faults', { defaultDocumentCheck: 'always' });
  });

  it('cannot read, list or assume anything', async () => {
    const ssm = cloud.ssm(keys);
    const account = cloud.sandbox.world.catalog.accounts[0]!;
    const calls = [
      ssm.send(new DescribeSessionsCommand({ State: 'Active' })),
      ssm.send(new DescribeInstanceInformationCommand({})),
      ssm.send(new GetDocumentCommand({ Name: document })),
    ];
    for (const call of calls) expect(await refusal(call)).toBe('AccessDeniedException');
    expect(await refusal(cloud.ec2(keys).send(new DescribeInstancesCommand({})))).toBe(
      'UnauthorizedOperation',
    );
    const assume = new AssumeRoleCommand({
      RoleArn: account.roles.connect.arn,
      RoleSessionName: `jit-${grantId}`,
    });
    expect(await refusal(cloud.sts(keys).send(assume))).toBe('AccessDenied');
  });

  it("cannot end, resume or attach to somebody else's session", async () => {
    const other = await start(await cloud.lease('prod-rds', 120, otherGrantId));
    const ssm = cloud.ssm(keys);
    expect(await refusal(ssm.send(new TerminateSessionCommand({ SessionId: other.id })))).toBe(
      'AccessDeniedException',
    );
    expect(await lastRecord()).toMatchObject({
      eventName: 'TerminateSession',
      errorCode: 'AccessDeniedException',
    });
    expect(await refusal(ssm.send(new ResumeSessionCommand({ SessionId: other.id })))).toBe(
      'AccessDeniedException',
    );
    await expect(openChannel(other.url, await signedHeaders(other.url, keys))).rejects.toThrow(
      'HTTP 403 AccessDeniedException',
    );
    expect(await lastRecord()).toMatchObject({
      eventName: 'OpenDataChannel',
      eventSource: 'ssmmessages.amazonaws.com',
      errorCode: 'AccessDeniedException',
      requestParameters: { sessionId: other.id },
    });
  });

  it('cannot start, resume or open a channel after 120 s, but may end what it began', async () => {
    const lease = await cloud.lease();
    const { id, url } = await start(lease);
    await cloud.control('POST', 'clock', { offsetSeconds: 121 });
    try {
      const ssm = cloud.ssm(lease);
      const again = new StartSessionCommand({ Target: bastion, DocumentName: document });
      expect(await refusal(ssm.send(again))).toBe('AccessDeniedException');
      expect(await refusal(ssm.send(new ResumeSessionCommand({ SessionId: id })))).toBe(
        'AccessDeniedException',
      );
      await expect(openChannel(url, await signedHeaders(url, lease))).rejects.toThrow(
        'HTTP 403 AccessDeniedException',
      );
      await ssm.send(new TerminateSessionCommand({ SessionId: id }));
    } finally {
      await cloud.control('POST', 'clock', { offsetSeconds: 0 });
    }
  });

  it('reaches nothing once the instance loses AccessGranted', async () => {
    const { items } = (await cloud.control('GET', 'instances')) as { items: { id: string; tags: object }[] };
    const { tags } = items.find(({ id }) => id === bastion)!;
    await cloud.control('PUT', `instances/${bastion}`, { tags: { ...tags, AccessGranted: 'false' } });
    expect(await refusal(start())).toBe('AccessDeniedException');
    await cloud.control('PUT', `instances/${bastion}`, { tags });
  });

  it('is told when the agent of the instance is not connected', async () => {
    await cloud.control('PUT', `instances/${bastion}`, { online: false });
    expect(await refusal(start())).toBe('TargetNotConnected');
    await cloud.control('PUT', `instances/${bastion}`, { online: true });
  });
});

describe('a data channel', () => {
  it('is refused without a signature', async () => {
    const { url } = await start();
    await expect(openChannel(url)).rejects.toThrow('HTTP 403 MissingAuthenticationTokenException');
  });

  it('is refused with a signature for another service', async () => {
    const { url } = await start();
    await expect(openChannel(url, await signedHeaders(url, keys, 'ssm'))).rejects.toThrow(
      'HTTP 403 InvalidSignatureException',
    );
  });

  it('is refused with a signature for another session', async () => {
    const [one, other] = [await start(), await start()];
    await expect(openChannel(other.url, await signedHeaders(one.url, keys))).rejects.toThrow(
      'HTTP 403 InvalidSignatureException',
    );
  });

  it('opens by a presigned URL, until that expires', async () => {
    const { url } = await start();
    const presigned = await presignedUrl(url, keys, 10);
    (await openChannel(presigned)).terminate();
    await expect(openChannel(presigned.replace(/.$/, (c) => (c === '0' ? '1' : '0')))).rejects.toThrow(
      /^HTTP 403/,
    );
    await cloud.control('POST', 'clock', { offsetSeconds: 20 });
    await expect(openChannel(presigned)).rejects.toThrow('HTTP 403 InvalidSignatureException');
    await cloud.control('POST', 'clock', { offsetSeconds: 0 });
  });

  it.each([
    ['a wrong token', '{"MessageSchemaVersion":"1.0","RequestId":"r","TokenValue":"wrong","ClientId":"c"}'],
    ['no token', '{"MessageSchemaVersion":"1.0"}'],
    ['no JSON', 'hello'],
    ['a binary frame first', Buffer.alloc(200)],
    ["an agent's opening frame", '{"MessageSchemaVersion":"1.0","TokenValue":"x","ClientInstanceId":"i-0"}'],
  ])('is closed with 1003 for %s', async (_what, first) => {
    const { url } = await start();
    const socket = await openChannel(url, await signedHeaders(url, keys));
    socket.send(first);
    expect((await closeOf(socket)).code).toBe(1003);
  });

  it('is closed when a frame is longer than any may be', async () => {
    const { url, token } = await start();
    const socket = await openChannel(url, await signedHeaders(url, keys));
    socket.send(
      JSON.stringify({ MessageSchemaVersion: '1.0', RequestId: 'r', TokenValue: token, ClientId: 'c' }),
    );
    socket.send(Buffer.alloc(70_000));
    expect((await closeOf(socket)).code).toBe(1009);
  });

  it('lives through frames that are no messages, and through messages that only agents send', async () => {
    const { url, token } = await start();
    const socket = await openChannel(url, await signedHeaders(url, keys));
    const opened = new SmallTunnel(socket, token);
    await using _ = opened;
    await opened.ready;
    for (const length of [0, 1, 119, 120, 121, 4000]) socket.send(Buffer.alloc(length, 0xff));
    for (const messageType of [
      'channel_closed',
      'output_stream_data',
      'agent_task_complete',
      'pause_publication',
    ])
      socket.send(
        encodeMessage(
          {
            messageType,
            createdDate: 1,
            sequenceNumber: 0,
            flags: 0,
            messageId: wire.uuid(),
            payloadType: 1,
            payload: Buffer.from('x'),
          },
          wire.sha256,
        ),
      );
    socket.send('{"text":"late"}');
    const { sessions } = (await cloud.control('GET', 'state')) as {
      sessions: { id: string; state: string }[];
    };
    expect(sessions.find(({ id }) => url.includes(id))?.state).toBe('Connected');
    expect(socket.readyState).toBe(socket.OPEN);
  });

  it('goes to the newer of two clients', async () => {
    const { url, token } = await start();
    const open = JSON.stringify({
      MessageSchemaVersion: '1.0',
      RequestId: 'r',
      TokenValue: token,
      ClientId: 'c',
    });
    const first = await openChannel(url, await signedHeaders(url, keys));
    first.send(open);
    const second = await openChannel(url, await signedHeaders(url, keys));
    second.send(open);
    expect(await closeOf(first)).toEqual({ code: 1000, reason: 'Bye' });
    second.terminate();
  });
});
