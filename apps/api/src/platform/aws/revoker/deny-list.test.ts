import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { readRevokedGrants, renderRevokedGrants, revokedGrantsMax } from '@sallyport/iam-policy';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readCatalogFile } from '../read-catalog-file.ts';
import type { SpokeCredentials } from '../spoke-credentials.ts';
import { deniedForSeconds, DenyList } from './deny-list.ts';

const [account] = readCatalogFile('config/catalog.yaml').accounts;
if (!account) throw new Error('the catalogue is empty');
const region = 'eu-west-1';
const grantOf = (n: number) => `grt_01JZ8Q4T7M3N5P6R8S9V0${String(n).padStart(5, '0')}`;
const credentials = {
  of: () => () => Promise.resolve({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not-a-secret' }),
} as unknown as SpokeCredentials;

let policy: string | undefined;
/** How often IAM answers with what stood before the last write. */
let stale = 0;
let before: string | undefined;
let server: Server;
let writes = 0;
beforeEach(async () => {
  [policy, before, stale, writes] = [undefined, undefined, 0, 0];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      const action = form.get('Action');
      if (action === 'GetRolePolicy') {
        const shown = stale-- > 0 ? before : policy;
        response.statusCode = shown === undefined ? 404 : 200;
        response.end(
          shown === undefined
            ? '<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>'
            : `<X><PolicyDocument>${encodeURIComponent(shown)}</PolicyDocument></X>`,
        );
        return;
      }
      writes++;
      before = policy;
      policy = action === 'PutRolePolicy' ? (form.get('PolicyDocument') ?? '') : undefined;
      response.end('<X/>');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => void server.close());

const endpoint = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const standing = () => readRevokedGrants(policy === undefined ? undefined : JSON.parse(policy));

it('becomes one denial of everything issued before now where the grants are too many to name, once for all of them', async () => {
  const effects = simulatedEffects();
  const grantIds = Array.from({ length: revokedGrantsMax }, (_, n) => grantOf(n));
  policy = JSON.stringify(renderRevokedGrants({ grantIds, issuedBefore: null }));
  const list = new DenyList(credentials, endpoint, effects);
  const now = effects.clock.now();
  expect(await list.deny(account, region, grantOf(900))).toMatchObject({ grants: 0, widened: true });
  const issuedBefore = Math.floor(now / 1000) * 1000 + 1000;
  expect(standing()).toEqual({ grantIds: [], issuedBefore });
  // The same again changes nothing: nobody's leases end a second time.
  effects.time.advance(15_000);
  expect(await list.deny(account, region, grantOf(900))).toMatchObject({ requestId: null });
  expect(writes).toBe(1);
  // One that comes later is named beside it.
  await list.deny(account, region, grantOf(901));
  expect(standing()).toEqual({ grantIds: [grantOf(901)], issuedBefore });
  // And it goes when no credential of before can live.
  effects.time.advance((deniedForSeconds + 1) * 1000);
  await list.deny(account, region, grantOf(902));
  expect(standing()).toMatchObject({ issuedBefore: null });
});

it('loses no grant to an IAM that still shows what stood before', async () => {
  const list = new DenyList(credentials, endpoint, simulatedEffects());
  await list.deny(account, region, grantOf(1));
  stale = 1;
  await list.deny(account, region, grantOf(2));
  expect(standing()?.grantIds).toEqual([grantOf(1), grantOf(2)]);
  // Where the reading back shows nothing of it, whoever asked is told to ask again.
  stale = 2;
  await expect(list.deny(account, region, grantOf(3))).rejects.toMatchObject({ code: 'AWS_ANSWER_LOST' });
  await list.deny(account, region, grantOf(3));
  expect(standing()?.grantIds).toHaveLength(3);
});

it('writes over what is not of its making under its name, and takes an empty list away', async () => {
  policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';
  const list = new DenyList(credentials, endpoint, simulatedEffects());
  await list.deny(account, region, grantOf(1));
  expect(standing()?.grantIds).toEqual([grantOf(1)]);
  await list.forget(account, region, grantOf(1));
  expect(policy).toBeUndefined();
});
