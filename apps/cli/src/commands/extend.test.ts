import { beforeEach, expect, it } from 'vitest';
import { aGrant, type ApiDouble, aRequest, aReview } from '../../test/api-double.ts';
import { eachTestHas } from '../../test/desk.ts';
import type { Person } from '../../test/world-double.ts';

let api: ApiDouble;
let person: Person;
let signedIn: () => Promise<void>;
eachTestHas((desk) => ({ api, person, signedIn } = desk));

const extension = {
  grantId: 'grt_1',
  startedAt: '2026-01-01T00:00:00.000Z',
  endsAt: '2026-01-01T01:00:00.000Z',
  until: '2026-01-01T01:30:00.000Z',
};
const held = aGrant({ id: 'grt_1', endsAt: extension.endsAt });
const asked = (given: object = {}) => ({
  ...aRequest({ id: 'req_1', ...given }),
  durationSeconds: 1800,
  extension,
});
const grants = () =>
  api.on('GET /grants', { body: { items: [aGrant({ id: 'grt_0', endsAt: extension.startedAt }), held] } });
const ends = (endsAt: string) => api.on('GET /grants/grt_1', { body: { ...held, endsAt } });

beforeEach(async () => {
  await signedIn();
  grants();
});

it('extends the grant that lasts longest, from the end that was seen', async () => {
  api.on('POST /grants/grt_1/extensions', { status: 201, body: asked({ state: 'approved' }) });
  ends(extension.until);
  const { code, out } = await person.types('extend', 'prod-rds', '30m', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    id: 'req_1',
    state: 'approved',
    grantId: 'grt_1',
    endsAt: extension.until,
  });
  const post = api.asked.find(({ path }) => path.endsWith('/extensions'));
  expect(post?.body).toEqual({ durationSeconds: 1800, seenEndsAt: extension.endsAt });
});

it('waits for the answer, and says until when the grant lasts then', async () => {
  api.on('POST /grants/grt_1/extensions', { status: 201, body: asked() });
  api.on('GET /access-requests/req_1', { body: asked({ state: 'approved', reviews: [aReview('approve')] }) });
  ends(extension.until);
  const { code, out, err } = await person.types('extend', 'prod-rds', '30m', '--reason', 'still at it');
  expect({ code, out }).toEqual({ code: 0, out: 'req_1\n' });
  expect(err).toContain('asked to extend prod-rds by 30 min (req_1)');
  expect(err).toContain('open tunnels go on');
});

it('exits 5 when it is denied, and 9 when it is asked for too often', async () => {
  api.on('POST /grants/grt_1/extensions', { status: 201, body: asked() });
  const review = aReview('deny', 'enough');
  api.on('GET /access-requests/req_1', { body: asked({ state: 'denied', reviews: [review] }) });
  expect(await person.types('extend', 'prod-rds', '30m')).toMatchObject({ code: 5 });
  api.refuse('POST /grants/grt_1/extensions', 429, 'REQUEST_LIMITED', 'limited', 'too often');
  expect(await person.types('extend', 'prod-rds', '30m')).toMatchObject({ code: 9 });
});

it('returns once the request is recorded with --no-wait', async () => {
  api.on('POST /grants/grt_1/extensions', { status: 201, body: asked() });
  ends(extension.endsAt);
  const { code, err } = await person.types('extend', 'prod-rds', '30m', '--no-wait');
  expect(code).toBe(0);
  expect(err).toContain('It waits for 1 of db-owners');
});

it('asks nothing without a grant, or for no time', async () => {
  expect(await person.types('extend', 'prod-web', '30m')).toMatchObject({ code: 6 });
  expect(await person.types('extend', 'prod-rds', 'soon')).toMatchObject({ code: 2 });
  expect(await person.types('extend', 'prod-rds')).toMatchObject({ code: 2 });
  expect(api.asked.some(({ path }) => path.endsWith('/extensions'))).toBe(false);
});

it('shows reviewers what would move', async () => {
  api.on('GET /access-requests', { body: { items: [asked()] } });
  person.terminal = true;
  const { out } = await person.types('requests', '--to-review');
  expect(out).toContain('30 min more: ends 2026-01-01 01:00 UTC now, 2026-01-01 01:30 UTC then (grt_1)');
});
