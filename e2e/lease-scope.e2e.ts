import { ResumeSessionCommand, StartSessionCommand, TerminateSessionCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataChannel } from './harness/data-channel.ts';
import { leaseOf, ssmOf, type Lease } from './harness/lease.ts';
import { grantOf } from './harness/person.ts';
import { Product } from './harness/product.ts';

/** What one lease for prod-rds can do with the plain AWS SDK, and all it cannot. Each attempt is in the trail. */
let product: Product;
beforeAll(async () => {
  product = await Product.start();
});
afterAll(() => product.remove());

async function leaseFor(resource: string): Promise<Lease> {
  const engineer = product.as('engineer');
  const mine = await engineer.get('/grants?view=mine&state=active');
  const grants = (mine.body as { items: { id: string; resource: { name: string } }[] }).items;
  const held = grants.find((grant) => grant.resource.name === resource)?.id;
  return leaseOf(engineer, held ?? (await grantOf(engineer, product.as('approver'), resource)));
}

const start = (
  lease: Lease,
  change: Partial<{
    Target: string;
    DocumentName: string | undefined;
    Parameters: Record<string, string[]>;
  }> = {},
) =>
  ssmOf(lease).send(
    new StartSessionCommand({ Target: lease.instanceId, DocumentName: lease.documentName, ...change }),
  );

/** The attempt must stand in the trail as the last of its kind, with its error. */
function expectTrail(eventName: string, errorCode: string | undefined): void {
  const last = product.cloudTrail().findLast((record) => record.eventName === eventName);
  expect(last?.errorCode).toBe(errorCode);
}

describe('a lease for prod-rds', () => {
  it('starts, opens, and ends its own session', async () => {
    const lease = await leaseFor('prod-rds');
    const session = await start(lease);
    expectTrail('StartSession', undefined);
    const channel = await dataChannel(session.StreamUrl ?? '', session.TokenValue ?? '', lease);
    expect(channel.status).toBe('open');
    channel.close();
    await ssmOf(lease).send(new TerminateSessionCommand({ SessionId: session.SessionId }));
    expectTrail('TerminateSession', undefined);
  });

  it.each([
    ['another instance', { Target: 'i-0decafbadc0ffee00' }, 'AccessDeniedException'],
    ['an Amazon document', { DocumentName: 'AWS-StartPortForwardingSession' }, 'AccessDeniedException'],
    ['another document of ours', { DocumentName: 'jit-fwd-00000000' }, 'AccessDeniedException'],
    ['a shell, by leaving the document out', { DocumentName: undefined }, 'AccessDeniedException'],
    ['another host', { Parameters: { host: ['staging-db.internal'] } }, 'InvalidParameters'],
    ['another port', { Parameters: { portNumber: ['22'] } }, 'InvalidParameters'],
  ])('cannot reach %s', async (_what, change, code) => {
    const lease = await leaseFor('prod-rds');
    await expect(start(lease, change)).rejects.toMatchObject({ name: code });
    expectTrail('StartSession', code);
  });

  it('cannot reach the other resource’s instance with the other resource’s document', async () => {
    const lease = await leaseFor('prod-rds');
    const other = await leaseFor('prod-web');
    await expect(start(lease, { DocumentName: other.documentName })).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });

  it('cannot end, resume or open somebody else’s session', async () => {
    const lease = await leaseFor('prod-rds');
    const foreign = await leaseFor('prod-web');
    const session = await start(foreign);
    const SessionId = session.SessionId;
    await expect(ssmOf(lease).send(new TerminateSessionCommand({ SessionId }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    expectTrail('TerminateSession', 'AccessDeniedException');
    await expect(ssmOf(lease).send(new ResumeSessionCommand({ SessionId }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    expectTrail('ResumeSession', 'AccessDeniedException');
    const channel = await dataChannel(session.StreamUrl ?? '', session.TokenValue ?? '', lease);
    expect(channel.status).toBe(403);
    expectTrail('OpenDataChannel', 'AccessDeniedException');
    await ssmOf(foreign).send(new TerminateSessionCommand({ SessionId }));
  });

  it('cannot start, resume or open a channel after 120 s, and can still clean up', async () => {
    const lease = await leaseFor('prod-rds');
    const session = await start(lease);
    const SessionId = session.SessionId;
    await product.sandbox.advanceClock(121);
    try {
      const late = { ...lease, clockOffsetMs: 121_000 };
      const client = ssmOf(lease, 121_000);
      const again = { Target: lease.instanceId, DocumentName: lease.documentName };
      await expect(client.send(new StartSessionCommand(again))).rejects.toMatchObject({
        name: 'AccessDeniedException',
      });
      await expect(client.send(new ResumeSessionCommand({ SessionId }))).rejects.toMatchObject({
        name: 'AccessDeniedException',
      });
      const channel = await dataChannel(session.StreamUrl ?? '', session.TokenValue ?? '', late);
      expect(channel.status).toBe(403);
      await client.send(new TerminateSessionCommand({ SessionId }));
    } finally {
      await product.sandbox.resetClock();
    }
  });

  it('opens no channel unsigned', async () => {
    const lease = await leaseFor('prod-rds');
    const session = await start(lease);
    const channel = await dataChannel(session.StreamUrl ?? '', session.TokenValue ?? '', undefined);
    expect(channel.status).toBe(403);
    await ssmOf(lease).send(new TerminateSessionCommand({ SessionId: session.SessionId }));
  });

  it('shows in the trail who asked: the grant in the session name, the person as source identity', async () => {
    await leaseFor('prod-rds');
    const assumed = product.cloudTrail().findLast((record) => record.eventName === 'AssumeRole');
    expect(assumed?.requestParameters).toMatchObject({
      roleSessionName: expect.stringMatching(/^jit-grt_[0-9A-Z]{26}$/) as string,
      sourceIdentity: expect.stringMatching(/^u-prs_/) as string,
      durationSeconds: 900,
    });
    expect(JSON.stringify(assumed?.requestParameters)).toContain('aws:CurrentTime');
  });
});
