import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../testing/database.ts';
import { aStage, type Stage } from '../../testing/stage.ts';
import { OsAccountStore } from './os-account.prisma-store.ts';

let server: TestServer;
let stage: Stage;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server?.stop());
beforeEach(async () => {
  stage = await aStage(server);
});
afterEach(() => stage?.close());

it('is open to leases for as long as the host tells of it as open, and not once it is gone from there', async () => {
  const store = new OsAccountStore(stage.client);
  const { engineer, approver } = stage.staff;
  const account = (name: string, personId: string) =>
    ({ name, personId, uid: 20_000, state: 'open', processes: 0 }) as const;
  const told = (instanceId: string, ...accounts: ReturnType<typeof account>[]) =>
    stage.unitOfWork.commit({
      writes: [store.told({ instanceId, gateway: 'web-1' }, accounts, stage.effects.clock.now())],
      events: [],
    });
  const [ada, bob] = [account('ada', engineer.id), account('bob', approver.id)];
  await told('i-0aaaaaaaaaaaaaaaa', ada, bob);
  await told('i-0bbbbbbbbbbbbbbbb', ada);
  await told('i-0aaaaaaaaaaaaaaaa', bob);
  const isOpen = (instanceId: string, name: string, personId: string) =>
    store.isOpen(instanceId, name, personId);
  expect(await isOpen('i-0aaaaaaaaaaaaaaaa', 'ada', engineer.id)).toBe(false);
  expect(await isOpen('i-0aaaaaaaaaaaaaaaa', 'bob', approver.id)).toBe(true);
  expect(await isOpen('i-0bbbbbbbbbbbbbbbb', 'ada', engineer.id)).toBe(true);
  await told('i-0aaaaaaaaaaaaaaaa', ada, bob);
  expect(await isOpen('i-0aaaaaaaaaaaaaaaa', 'ada', engineer.id)).toBe(true);
});
