import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signKeySet } from '@sallyport/grant-token';
import { aKeyHolder, testIssuer } from '@sallyport/grant-token/testing';
import { Trust } from '../trust.ts';
import { readConfiguration } from './configuration.ts';
import { enrol, EnrolmentStore } from './enrolment.ts';
import { prometheusMeters } from './prometheus.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sallyport-agent-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the configuration', () => {
  const written = (value: unknown, mode = 0o644) => {
    const path = join(folder, 'agent.json');
    writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
    chmodSync(path, mode);
    return path;
  };
  const good = { controlPlane: 'https://sallyport.example' };

  it('needs the control plane and nothing else', () => {
    expect(readConfiguration(written(good))).toMatchObject({
      port: 7443,
      stateFolder: '/var/lib/sallyport-agent',
      recordsMiBMax: 64,
    });
  });

  it.each<[string, unknown, number?]>([
    ['that others may write', good, 0o666],
    ['that is no JSON', 'x'],
    ['without a control plane', {}],
    ['with a setting that nobody knows', { ...good, port7443: 1 }],
    ['with a control plane that is no web address', { controlPlane: 'file:///etc/passwd' }],
    ['with a name for a resolver', { ...good, resolver: { address: 'dns.internal' } }],
    ['with an instance of another form', { ...good, instanceId: 'web-1' }],
    ['with a relative folder', { ...good, stateFolder: 'state' }],
  ])('%s is refused', (_, value, mode) => {
    expect(() => readConfiguration(written(value, mode))).toThrow(
      expect.objectContaining({ code: 'AGENT_CONFIGURATION_INVALID' }),
    );
  });

  it('that is not there is refused', () => {
    expect(() => readConfiguration(join(folder, 'none.json'))).toThrow(
      expect.objectContaining({ code: 'AGENT_CONFIGURATION_INVALID' }),
    );
  });
});

describe('the enrolment', () => {
  it('makes the key once, for this user alone, and refuses one that others can read', async () => {
    const store = new EnrolmentStore(join(folder, 'state'));
    expect(store.readKey()).toBeUndefined();
    const key = await store.key();
    expect(await store.key()).toEqual(key);
    expect(statSync(store.keyPath).mode & 0o777).toBe(0o600);
    chmodSync(store.keyPath, 0o640);
    expect(() => store.readKey()).toThrow(expect.objectContaining({ code: 'AGENT_CONFIGURATION_INVALID' }));
  });

  it('shows the join token and the public key, and keeps whose signatures it obeys', async () => {
    const issuer = await aKeyHolder();
    const asked: string[] = [];
    const server = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => asked.push(`${request.url ?? ''} ${text}`));
      request.on('end', () =>
        response.end(
          JSON.stringify({
            agentId: 'agt_9',
            issuer: testIssuer,
            keys: [{ ...issuer.publicKey, use: 'sig' }],
          }),
        ),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    try {
      const controlPlane = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
      const store = new EnrolmentStore(join(folder, 'state'));
      const given = { controlPlane, instanceId: 'i-0123456789abcdef0', joinToken: 'once' };
      await enrol(store, given, AbortSignal.timeout(30_000));
      expect(store.read()).toEqual({
        agentId: 'agt_9',
        issuer: testIssuer,
        serial: 0,
        keys: [issuer.publicKey],
      });
      expect(asked).toHaveLength(1);
      expect(asked[0]).toContain(
        '/api/agents/enrolments {"joinToken":"once","instanceId":"i-0123456789abcdef0"',
      );
      expect(asked[0]).not.toContain((await store.key()).d);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('fails as unreachable when nobody answers', async () => {
    const store = new EnrolmentStore(join(folder, 'state'));
    const nowhere = {
      controlPlane: 'http://127.0.0.1:1',
      instanceId: 'i-0123456789abcdef0',
      joinToken: 'once',
    };
    await expect(enrol(store, nowhere, AbortSignal.timeout(30_000))).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
    });
  });

  it('follows a rotation of the signing keys, keeps it, and takes no set twice', async () => {
    const [old, next] = await Promise.all([aKeyHolder(), aKeyHolder()]);
    const store = new EnrolmentStore(join(folder, 'state'));
    store.write({ agentId: 'agt_9', issuer: testIssuer, serial: 0, keys: [old.publicKey] });
    const trust = await Trust.of(testIssuer, { serial: 0, keys: [old.publicKey] }, (set) =>
      store.saveKeys(set),
    );
    const set = await signKeySet(
      { issuer: testIssuer, serial: 1, keys: [old.publicKey, next.publicKey] },
      old.signer,
    );
    expect(await trust.follow(set)).toBe(true);
    expect(await trust.follow(set)).toBe(false);
    expect([...trust.keys.keys()]).toContain(next.publicKey.kid);
    expect(store.read()).toMatchObject({ serial: 1, keys: [old.publicKey, next.publicKey] });
    const stranger = await aKeyHolder();
    const forged = await signKeySet(
      { issuer: testIssuer, serial: 2, keys: [stranger.publicKey] },
      stranger.signer,
    );
    await expect(trust.follow(forged)).rejects.toMatchObject({ code: 'SIGNED_TOKEN_KEY_UNKNOWN' });
  });
});

it('counts what happens as Prometheus metrics', async () => {
  const meters = prometheusMeters();
  meters.clients(2);
  meters.refusedFlow('refused_forever');
  meters.recordsDropped(500);
  const text = await meters.text();
  expect(text).toContain('sallyport_agent_clients 2');
  expect(text).toContain('sallyport_agent_destinations_refused_total{why="refused_forever"} 1');
  expect(text).toContain('sallyport_agent_records_dropped_total 500');
});
