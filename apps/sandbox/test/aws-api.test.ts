import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import {
  DescribeDocumentCommand,
  DescribeInstanceInformationCommand,
  DescribeSessionsCommand,
  GetDocumentCommand,
  StartSessionCommand,
} from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { createHash } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bastion, grantId, refusal, RunningSandbox, runner } from './rig/running-sandbox.ts';

let cloud: RunningSandbox;
beforeAll(async () => {
  cloud = await RunningSandbox.start();
});
afterAll(() => cloud[Symbol.asyncDispose]());

describe('signatures', () => {
  it('says who signed', async () => {
    const who = await cloud.sts(cloud.key('issuer')).send(new GetCallerIdentityCommand({}));
    expect(who.Account).toBe('999988887777');
    expect(who.Arn).toBe('arn:aws:sts::999988887777:assumed-role/JitHub/issuer');
  });

  it.each([
    ['sts', 'SignatureDoesNotMatch'],
    ['ssm', 'InvalidSignatureException'],
    ['ec2', 'SignatureDoesNotMatch'],
  ] as const)('refuses a wrong secret at %s with %s', async (service, code) => {
    expect(await refusal(callOf(service, { ...cloud.key('issuer'), secretAccessKey: 'wrong' }))).toBe(code);
  });

  it.each([
    ['sts', 'InvalidClientTokenId'],
    ['ssm', 'UnrecognizedClientException'],
    ['ec2', 'AuthFailure'],
  ] as const)('refuses an unknown key at %s with %s', async (service, code) => {
    const keys = { accessKeyId: 'AKIAAAAAAAAAAAAAAAAA', secretAccessKey: 'x' };
    expect(await refusal(callOf(service, keys))).toBe(code);
  });

  it.each([
    ['sts', 'SignatureDoesNotMatch'],
    ['ssm', 'InvalidSignatureException'],
    ['ec2', 'RequestExpired'],
  ] as const)('refuses a signature older than five minutes at %s with %s', async (service, code) => {
    await cloud.control('POST', 'clock', { offsetSeconds: 301 });
    try {
      expect(await refusal(callOf(service, cloud.key('issuer')))).toBe(code);
    } finally {
      await cloud.control('POST', 'clock', { offsetSeconds: 0 });
    }
  });

  it('refuses a request without signature', async () => {
    const body = 'Action=GetCallerIdentity&Version=2011-06-15';
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await fetch(cloud.sandbox.endpoint, { method: 'POST', headers, body });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('<Code>MissingAuthenticationToken</Code>');
  });

  it('refuses credentials past their end', async () => {
    const keys = await cloud.lease();
    await cloud.control('POST', 'clock', { offsetSeconds: 901 });
    try {
      const ssm = cloud.ssm(keys);
      // The first answer corrects the client's clock, so that the second is refused for the token alone.
      await refusal(ssm.send(new DescribeSessionsCommand({ State: 'Active' })));
      expect(await refusal(ssm.send(new DescribeSessionsCommand({ State: 'Active' })))).toBe(
        'ExpiredTokenException',
      );
    } finally {
      await cloud.control('POST', 'clock', { offsetSeconds: 0 });
    }
  });

  it('refuses a session token that it did not make', async () => {
    const keys = await cloud.lease();
    const token = Buffer.from(keys.sessionToken!, 'base64');
    token[40]! ^= 1;
    const forged = { ...keys, sessionToken: token.toString('base64') };
    expect(await refusal(callOf('ssm', forged))).toBe('UnrecognizedClientException');
  });
});

describe('AssumeRole', () => {
  const assume = (
    input: Partial<ConstructorParameters<typeof AssumeRoleCommand>[0]>,
    principal = 'issuer',
  ) => {
    const account = cloud.sandbox.world.catalog.accounts[0]!;
    return cloud.sts(cloud.key(principal)).send(
      new AssumeRoleCommand({
        RoleArn: account.roles.connect.arn,
        RoleSessionName: `jit-${grantId}`,
        ExternalId: account.externalId,
        DurationSeconds: 900,
        SourceIdentity: 'u-prs_01JZ8Q4T7M3N5P6R8S9V0W1X2Y',
        Tags: [
          { Key: 'GrantId', Value: grantId },
          { Key: 'Team', Value: 'platform' },
        ],
        ...input,
      }),
    );
  };

  it('gives a role session with tags and source identity', async () => {
    const answer = await assume({});
    expect(answer.AssumedRoleUser?.Arn).toBe(
      `arn:aws:sts::111122223333:assumed-role/JitConnect/jit-${grantId}`,
    );
    expect(answer.SourceIdentity).toBe('u-prs_01JZ8Q4T7M3N5P6R8S9V0W1X2Y');
    expect(answer.SessionTokenUtilization).toBeLessThan(20);
    expect(answer.SessionTokenSize).toBe(answer.Credentials?.SessionToken?.length);
    expect(answer.Credentials?.Expiration?.getTime()).toBeGreaterThan(Date.now() + 890_000);
  });

  it.each([
    ['a wrong external id', { ExternalId: 'other' }],
    ['no external id', { ExternalId: undefined }],
    ['a session name that is not the grant', { RoleSessionName: 'jit-somebody' }],
    ['no source identity', { SourceIdentity: undefined }],
    [
      'a surplus tag',
      {
        Tags: [
          { Key: 'GrantId', Value: grantId },
          { Key: 'Admin', Value: 'yes' },
        ],
      },
    ],
    ['a role that is not there', { RoleArn: 'arn:aws:iam::111122223333:role/jit/Nobody' }],
    ['a role that does not trust it', { RoleArn: 'arn:aws:iam::111122223333:role/jit/JitRevoke' }],
  ])('refuses %s as AccessDenied', async (_what, input) => {
    expect(await refusal(assume(input))).toBe('AccessDenied');
  });

  it.each([
    ['less than 900 s', { DurationSeconds: 899 }],
    ['more than the role admits', { DurationSeconds: 3601 }],
    ['a session policy of more than 2048 characters', { Policy: ' '.repeat(2049) }],
    ['a session name with a slash', { RoleSessionName: 'a/b' }],
  ])('refuses %s as ValidationError', async (_what, input) => {
    expect(await refusal(assume(input))).toBe('ValidationError');
  });

  it('refuses what does not fit when packed', async () => {
    const noise = createHash('sha512').update('noise').digest('base64');
    const Resource = Array.from(
      { length: 18 },
      (_, i) =>
        `arn:aws:ssm:::${createHash('sha512')
          .update(noise + i)
          .digest('base64')}`,
    );
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: '*', Resource }],
    });
    expect(Policy.length).toBeLessThanOrEqual(2048);
    expect(await refusal(assume({ Policy }))).toBe('PackedPolicyTooLargeException');
  });

  it('refuses a policy that is no JSON', async () => {
    expect(await refusal(assume({ Policy: '{' }))).toBe('MalformedPolicyDocumentException');
  });

  it('is the only thing the issuer may do', async () => {
    const keys = cloud.key('issuer');
    expect(await refusal(cloud.ec2(keys).send(new DescribeInstancesCommand({})))).toBe(
      'UnauthorizedOperation',
    );
    expect(await refusal(cloud.ssm(keys).send(new DescribeSessionsCommand({ State: 'Active' })))).toBe(
      'AccessDeniedException',
    );
    expect(await refusal(cloud.ssm(keys).send(new StartSessionCommand({ Target: bastion })))).toBe(
      'AccessDeniedException',
    );
  });
});

describe('inventory', () => {
  it('finds instances by tag and shows whether their agent is connected', async () => {
    const keys = await cloud.inSpoke('inventory');
    const found = await cloud.ec2(keys).send(
      new DescribeInstancesCommand({
        Filters: [
          { Name: 'tag:jit-team', Values: ['platform'] },
          { Name: 'instance-state-name', Values: ['running'] },
        ],
      }),
    );
    const instances = found.Reservations?.flatMap((r) => r.Instances ?? []) ?? [];
    expect(instances.map((i) => i.InstanceId)).toEqual([bastion, 'i-0c6d2e3f4a5b61728']);
    expect(instances[0]?.Tags).toContainEqual({ Key: 'AccessGranted', Value: 'true' });
    await cloud.control('PUT', `instances/${bastion}`, { online: false });
    const information = await cloud
      .ssm(keys)
      .send(new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values: [bastion] }] }));
    expect(information.InstanceInformationList?.map((i) => i.PingStatus)).toEqual(['ConnectionLost']);
    await cloud.control('PUT', `instances/${bastion}`, { online: true });
  });

  it('reads our documents with the hash of their text, and no others', async () => {
    const ssm = cloud.ssm(await cloud.inSpoke('inventory'));
    const Name = cloud.documentOf('prod-rds');
    const { Content } = await ssm.send(new GetDocumentCommand({ Name }));
    const { Document } = await ssm.send(new DescribeDocumentCommand({ Name }));
    expect(Document?.Hash).toBe(createHash('sha256').update(Content!).digest('hex'));
    expect(await refusal(ssm.send(new GetDocumentCommand({ Name: 'AWS-StartSSHSession' })))).toBe(
      'AccessDeniedException',
    );
    expect(await refusal(ssm.send(new GetDocumentCommand({ Name: 'jit-fwd-00000000' })))).toBe(
      'InvalidDocument',
    );
  });

  it('names an instance that does not exist', async () => {
    const ec2 = cloud.ec2(await cloud.inSpoke('inventory'));
    const call = ec2.send(new DescribeInstancesCommand({ InstanceIds: ['i-00000000000000000'] }));
    expect(await refusal(call)).toBe('InvalidInstanceID.NotFound');
  });
});

describe('limits', () => {
  it('throttles one principal on one action', async () => {
    await cloud.control('PUT', 'faults', { calls: { callsPerSecond: 0, burst: 2 } });
    try {
      const ssm = cloud.ssm(cloud.key('operator'));
      const call = () => ssm.send(new DescribeSessionsCommand({ State: 'Active' }));
      await call();
      await call();
      expect(await refusal(call())).toBe('ThrottlingException');
      await cloud.sts(cloud.key('issuer')).send(new GetCallerIdentityCommand({}));
    } finally {
      await cloud.control('PUT', 'faults', {});
    }
  });

  it('refuses a body beyond its bound', async () => {
    const answer = await fetch(cloud.sandbox.endpoint, { method: 'POST', body: 'x'.repeat(200_000) });
    expect(answer.status).toBe(413);
  });

  it.each([
    ['malformed JSON', 'StartSession', '{', 'SerializationException'],
    ['JSON that is no object', 'StartSession', '[]', 'SerializationException'],
    [
      'values nested without end',
      'StartSession',
      '['.repeat(50_000) + ']'.repeat(50_000),
      'SerializationException',
    ],
    [
      'members nested without end',
      'StartSession',
      `{"Target":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
      'ValidationException',
    ],
    ['a target that is a number', 'StartSession', '{"Target":1}', 'ValidationException'],
    [
      'parameters from the prototype',
      'StartSession',
      '{"Target":"i-1","Parameters":{"constructor":["x"]}}',
      'InvalidParameters',
    ],
    ['an operation that is not there', 'DeleteEverything', '{}', 'UnknownOperationException'],
    ['a session id with a slash', 'ResumeSession', '{"SessionId":"../x"}', 'ValidationException'],
  ])('answers %s at SSM with one documented code', async (_what, operation, body, code) => {
    const { accessKeyId, secretAccessKey } = cloud.key('operator');
    const { host } = new URL(cloud.sandbox.endpoint);
    const signed = await new SignatureV4({
      service: 'ssm',
      region: 'eu-west-1',
      sha256: Sha256,
      credentials: { accessKeyId, secretAccessKey },
    }).sign(
      new HttpRequest({
        method: 'POST',
        path: '/',
        headers: {
          host,
          'x-amz-target': `AmazonSSM.${operation}`,
          'content-type': 'application/x-amz-json-1.1',
        },
        body,
      }),
    );
    const answer = await fetch(cloud.sandbox.endpoint, { method: 'POST', headers: signed.headers, body });
    expect(((await answer.json()) as { __type: string }).__type).toBe(code);
  });

  it('does not start on a port that is taken', async () => {
    const port = Number(new URL(cloud.sandbox.endpoint).port);
    await expect(RunningSandbox.start({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('does not offer its controls without the secret', async () => {
    const answer = await fetch(`${cloud.sandbox.endpoint}/_sandbox/state`);
    expect(answer.status).toBe(403);
  });
});

describe('the trail', () => {
  it('holds who did what with the full session policy and no secret', async () => {
    const keys = await cloud.lease();
    await refusal(
      cloud
        .ssm(keys)
        .send(new StartSessionCommand({ Target: runner, DocumentName: cloud.documentOf('prod-rds') })),
    );
    const [issue, attempt] = (await cloud.trail()).slice(-2);
    expect(issue).toMatchObject({
      eventName: 'AssumeRole',
      requestParameters: {
        policy: expect.stringMatching(/"Statement":\[.*ssm:TerminateSession/) as string,
        sourceIdentity: expect.stringMatching(/^u-prs_/) as string,
      },
      responseElements: { credentials: { accessKeyId: keys.accessKeyId } },
    });
    expect(attempt).toMatchObject({
      eventVersion: '1.11',
      eventSource: 'ssm.amazonaws.com',
      eventName: 'StartSession',
      awsRegion: 'eu-west-1',
      errorCode: 'AccessDeniedException',
      readOnly: false,
      eventType: 'AwsApiCall',
      recipientAccountId: '111122223333',
      requestParameters: { target: runner },
      responseElements: null,
      userIdentity: {
        type: 'AssumedRole',
        arn: `arn:aws:sts::111122223333:assumed-role/JitConnect/jit-${grantId}`,
        accessKeyId: keys.accessKeyId,
        sessionContext: {
          sourceIdentity: expect.stringMatching(/^u-prs_/) as string,
          sessionIssuer: { userName: 'JitConnect' },
        },
      },
    });
    const text = JSON.stringify(await cloud.trail());
    expect(text).not.toContain(keys.secretAccessKey);
    expect(text).not.toContain(keys.sessionToken);
  });

  it('keeps credentials good over a restart', async () => {
    const keys = await cloud.lease();
    const { dataDir } = cloud;
    await cloud.sandbox.close();
    cloud = await RunningSandbox.start({ dataDir });
    const who = await cloud.sts(keys).send(new GetCallerIdentityCommand({}));
    expect(who.Arn).toContain(`JitConnect/jit-${grantId}`);
  });
});

function callOf(
  service: 'sts' | 'ssm' | 'ec2',
  keys: { accessKeyId: string; secretAccessKey: string },
): Promise<unknown> {
  if (service === 'sts') return cloud.sts(keys).send(new GetCallerIdentityCommand({}));
  if (service === 'ec2') return cloud.ec2(keys).send(new DescribeInstancesCommand({}));
  return cloud.ssm(keys).send(new DescribeSessionsCommand({ State: 'Active' }));
}
