import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { ControlPlaneDouble } from '../test/control-plane-double.ts';
import { endpointFor, noProxies, ssmSessionsThrough } from './index.ts';

afterEach(() => vi.useRealTimers());

it('a call that AWS takes and never answers fails with SSM_UNREACHABLE, so that it can be tried again', async () => {
  const silent = createServer(() => undefined);
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  const { port } = silent.address() as AddressInfo;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { clock } = simulatedEffects();
  const issued = await new ControlPlaneDouble(() => clock.now()).issueLease('grt_1');
  const lease = { ...issued, endpoint: `http://127.0.0.1:${port}` };
  const endpoint = endpointFor(lease, { controlPlane: new URL('http://localhost:3000') });
  const taken = once(silent, 'request');
  let refusal: unknown;
  ssmSessionsThrough(noProxies)
    .start(lease, endpoint, new AbortController().signal)
    .catch((error: unknown) => (refusal = error));
  await taken;
  // Before the far end gives up: it never does.
  await vi.waitFor(
    async () => {
      await vi.advanceTimersByTimeAsync(5_000);
      expect(refusal).toMatchObject({ code: 'SSM_UNREACHABLE' });
    },
    { timeout: 45_000 },
  );
  silent.closeAllConnections();
  await new Promise((done) => silent.close(done));
});
