import { expect } from 'vitest';
import type { CloudTrailRecord, Product } from './product.ts';

/** How long AWS takes a lease. */
const leaseSeconds = 120;

type Call = CloudTrailRecord & { readonly eventTime: string };

/** Calls of that name about a session of Session Manager, in their order. */
function callsAbout(product: Product, eventName: string, session: string): Call[] {
  return product
    .cloudTrail()
    .filter(
      (record) =>
        record.eventName === eventName &&
        JSON.stringify([record.requestParameters, record.responseElements]).includes(session),
    ) as Call[];
}

/** The access key that a call was signed with. */
export function keyOf(record: CloudTrailRecord | undefined): string | undefined {
  return (record?.userIdentity as { accessKeyId?: string } | undefined)?.accessKeyId;
}

/** Calls that AWS allowed. */
export function allowedAbout(product: Product, eventName: string, session: string): Call[] {
  return callsAbout(product, eventName, session).filter(({ errorCode }) => errorCode === undefined);
}

/**
 * AWS takes the lease that a session was last started or resumed with for over, by its own clock, and not one that is issued now; then it closes the connection with
 * 1000 "Bye", as it does hourly. Waits until the lease is `agedSeconds` old, which is what a new one has left, and tells that call. The clock stays where it is for the
 * caller to reset: no second lease can be outlived before that.
 */
export async function outliveLease(product: Product, sessionId: string, agedSeconds = 30): Promise<Call> {
  const last = () => {
    const [started] = allowedAbout(product, 'StartSession', sessionId);
    const call = allowedAbout(product, 'ResumeSession', sessionId).at(-1) ?? started;
    if (call === undefined) throw new Error(`no ${sessionId} was started`);
    return call;
  };
  const age = () => (Date.now() - Date.parse(last().eventTime)) / 1000;
  await expect.poll(age, { timeout: 60_000 }).toBeGreaterThan(agedSeconds);
  const ahead = leaseSeconds + 1 - age();
  const outlived = last();
  if (ahead > 0) await product.sandbox.advanceClock(ahead);
  await product.sandbox.event({ kill: { side: 'client', sessionId, how: 'bye' } });
  return outlived;
}
