/** A control plane with two shells, one of which is recorded, for `.api.test.ts` of recordings. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { documentsOf } from '@sallyport/catalog';
import { expect } from 'vitest';
import { readCatalogFile } from '../platform/aws/read-catalog-file.ts';
import { sha256Hex } from '../platform/aws/sha256.ts';
import { testAccount, type AccountName } from './accounts.ts';
import { aTestApi, type TestApi } from './api.ts';
import { gatewayTags, TestPrincipals } from './principals.ts';

export const dayMs = 86_400_000;
export const mib = 1024 * 1024;
/** Shells in a world of two: one is recorded, the other not. */
const shells = ['web-1-open', 'web-1-shell'];
const open = {
  ...{ name: 'web-1-open', kind: 'shell', environment: 'production', team: 'web', gateway: 'web-1' },
  ...{ connectable: true, title: 'A host', description: 'A host.', runAs: 'web-ops' },
  ...{ encryption: 'none', logs: 'none', recording: { recorded: false, statement: 'No.' } },
};
const policy = (name: string, given: object) => ({
  ...{ name, requesters: ['engineers'], approval: 'automatic', reviewers: ['production-owners'] },
  ...{ duration: { longest: '8h', default: '1h' }, reason: { required: false, example: 'x' } },
  ...{ answerWithin: '1h', resources: { names: shells } },
  ...given,
});

export interface RecordedSession {
  readonly grantId: string;
  readonly sessionId: string;
}

export class RecordedShells {
  readonly api: TestApi;
  /** Where the control plane keeps its files. */
  readonly folder: string;
  readonly #principals: TestPrincipals;

  private constructor(api: TestApi, folder: string, principals: TestPrincipals) {
    this.api = api;
    this.folder = folder;
    this.#principals = principals;
  }

  static async start(): Promise<RecordedShells> {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-recordings-'));
    const [catalogFile, policiesFile] = [join(folder, 'catalog.yaml'), join(folder, 'policies.yaml')];
    const committed = await readFile('config/catalog.yaml', 'utf8');
    await writeFile(
      catalogFile,
      committed.replace('resources:\n', `resources:\n  - ${JSON.stringify(open)}\n`),
    );
    const policies = [
      policy('recorded', {
        resources: { names: ['web-1-shell'] },
        sessions: { clientRecording: 'required' },
      }),
      policy('open', { resources: { names: ['web-1-open'] } }),
    ];
    await writeFile(policiesFile, JSON.stringify({ version: 1, policies }));
    const principals = new TestPrincipals();
    const recordings = { days: 30, personBytesMax: 6 * mib, totalBytesMax: 64 * mib };
    const configuration = { ...(await principals.start()), catalogFile, policiesFile, recordings };
    for (const { name, sha256 } of documentsOf(readCatalogFile(catalogFile), sha256Hex))
      principals.documents.set(name, { sha256, active: true });
    const tags = { ...gatewayTags, 'jit-team': 'web', 'jit-host': 'web-1', Name: 'web-1' };
    principals.instances = [{ instanceId: 'i-0aaaaaaaaaaaaaaaa', tags, state: 'online', zone: 'eu-west-1a' }];
    const api = await aTestApi({ configuration: { ...configuration, dataDirectory: folder } });
    return new RecordedShells(api, folder, principals);
  }

  async stop(): Promise<void> {
    await this.api.stop();
    await this.#principals.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  engineer = () => this.api.as('engineer');
  auditor = () => this.api.as('auditor');

  async aSession(name = 'web-1-shell'): Promise<RecordedSession> {
    const { items } = await this.engineer().submitAccessRequest({
      resources: [name],
      durationSeconds: 600,
      reason: '',
    });
    const grantId = items[0]?.grantId ?? '';
    const { id: leaseId } = await this.engineer().issueLease(grantId);
    const { id } = await this.engineer().openSession({ grantId, leaseId, clientVersion: '0.1.0' });
    return { grantId, sessionId: id };
  }

  /** Ends a session and its grant, so that the next may be asked for. */
  async end({ grantId, sessionId }: RecordedSession): Promise<void> {
    await this.engineer().closeSession(sessionId, { reason: 'client_exit', bytesUp: 0, bytesDown: 1 });
    await this.engineer().returnGrant(grantId);
  }

  aRecording(sessionId: string, body = Buffer.from('an encrypted text')) {
    const startedAt = new Date(this.api.effects.clock.now()).toISOString();
    const sha256 = createHash('sha256').update(body).digest('hex');
    return {
      id: randomUUID(),
      sessionId,
      startedAt,
      endedAt: null,
      bytes: body.length,
      sha256,
      complete: true,
    };
  }

  async send(
    id: string,
    body: string | Buffer<ArrayBuffer> | ReadableStream<Uint8Array>,
    given: { who?: AccountName; type?: string } = {},
  ): Promise<{ status: number; code?: string }> {
    const answer = await fetch(`${this.api.url}/api/recordings/${id}/body`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${testAccount(given.who ?? 'engineer').token}`,
        'content-type': given.type ?? 'application/octet-stream',
      },
      body,
      ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
    });
    if (answer.status === 204) return { status: 204 };
    const { code } = (await answer.json()) as { code: string };
    return { status: answer.status, code };
  }

  async openBody(id: string, who: AccountName = 'auditor'): Promise<Response> {
    const headers = { authorization: `Bearer ${testAccount(who).token}` };
    return fetch(`${this.api.url}/api/recordings/${id}/body`, { headers });
  }

  async events(type: string) {
    return (await this.auditor().listAuditEvents({ type, limit: 200 })).items;
  }

  /** Announces and sends a recording of a session. */
  async delivered(session: RecordedSession, body?: Buffer<ArrayBuffer>) {
    const head = this.aRecording(session.sessionId, body);
    const { upload } = await this.engineer().announceRecording(session.grantId, head);
    expect(upload).toBe(`/api/recordings/${head.id}/body`);
    expect(await this.send(head.id, body ?? Buffer.from('an encrypted text'))).toEqual({ status: 204 });
    return head;
  }
}
