/** AWS principals that a test controls, behind the same sockets as real ones that run as processes of their own. */
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { documentsOf } from '@sallyport/catalog';
import { noLog, type Clock } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { Configuration } from '../configuration.ts';
import type {
  DocumentAsDeployed,
  GatewayInstance,
  BucketAsDeployed,
  LogGroupAsDeployed,
} from '../platform/aws/inventory/gateway-inventory.ts';
import type { IssuedLease, LeaseOrder } from '../platform/aws/issuer/lease-issuer.ts';
import type { HostAnswer, HostOrder } from '../platform/aws/provisioner/host-provisioner.ts';
import { servePrincipal } from '../platform/aws/process/serve-principal.ts';
import { readCatalogFile } from '../platform/aws/read-catalog-file.ts';
import type { DenyOrder, SsmSession } from '../platform/aws/revoker/session-revoker.ts';
import { sha256Hex } from '../platform/aws/sha256.ts';
import { CatalogueSigner, signerOperations } from '../platform/signer/catalogue-signer.ts';
import { KeyFolder } from '../platform/signer/key-folder.ts';

/** Tags of a gateway that is open. */
export const gatewayTags = {
  'jit-managed': 'true',
  'jit-team': 'platform',
  ServerType: 'bastion',
  AccessGranted: 'true',
};

const secrets = { secretAccessKey: 'canary-secret-access-key', sessionToken: 'canary-session-token' };

/** What must appear in no row, log line or event. */
export const leaseCanaries: readonly string[] = Object.values(secrets);

export class TestPrincipals {
  /** What the inventory sees. */
  instances: GatewayInstance[] = [{ instanceId: 'i-0123456789abcdef0', tags: gatewayTags, state: 'online' }];
  /** What the inventory holds under a document's name. */
  documents = new Map<string, DocumentAsDeployed>();
  /** What the inventory sees of a log group by its name; throws Problems to refuse. */
  logGroup: (name: string) => Promise<LogGroupAsDeployed> = () => Promise.resolve({ encrypted: true });
  bucket: (name: string) => Promise<BucketAsDeployed> = () =>
    Promise.resolve({ encrypted: true, refusal: null });
  /** What the issuer was asked for. */
  readonly orders: LeaseOrder[] = [];
  /** What the issuer does; throws Problems to refuse. */
  answer: (order: LeaseOrder) => Promise<void> = () => Promise.resolve();
  /** What a host answers to the provisioner. */
  host: (order: HostOrder) => Promise<HostAnswer> = () =>
    Promise.reject(new Problem('OS_USERS_HOST_UNREADY'));
  /** Sessions that live at AWS. */
  sessions: SsmSession[] = [];
  readonly terminated: string[] = [];
  /** What the revoker was asked to deny, and to deny no longer. */
  readonly denials: DenyOrder[] = [];
  /** A session that AWS refuses to hear of. */
  unheard: string | undefined;
  /** The signing keys, with the clock that the test moves. */
  keys: KeyFolder | undefined;
  readonly #servers: Server[] = [];
  #folder = '';

  /** The signer by a clock: that of the API under test. */
  async startSigner(clock: Clock, catalogFile = 'config/catalog.yaml'): Promise<string> {
    this.#folder ||= await mkdtemp(join(tmpdir(), 'sallyport-principals-'));
    this.keys = await KeyFolder.open(join(this.#folder, 'keys'), clock.now());
    const signer = new CatalogueSigner(this.keys, readCatalogFile(catalogFile), clock);
    const socket = join(this.#folder, 'signer.sock');
    this.#servers.push(await servePrincipal(signerOperations(signer), socket, noLog));
    return socket;
  }

  async start(): Promise<Pick<Configuration, 'principalSockets'>> {
    for (const { name, sha256 } of documentsOf(readCatalogFile('config/catalog.yaml'), sha256Hex))
      this.documents.set(name, { sha256, active: true });
    this.#folder ||= await mkdtemp(join(tmpdir(), 'sallyport-principals-'));
    const socket = (name: string) => join(this.#folder, `${name}.sock`);
    this.#servers.push(
      await servePrincipal({ issue: (input) => this.#issue(input as LeaseOrder) }, socket('issuer'), noLog),
      await servePrincipal(
        {
          list: (input) => Promise.resolve(this.#list((input as { prefix: string }).prefix)),
          deny: async (input) => {
            this.denials.push(input as DenyOrder);
            return { requestId: 'aws-request-2', grants: 1, widened: false };
          },
          terminate: async (input) => this.#terminate((input as SsmSession).ssmSessionId),
        },
        socket('revoker'),
        noLog,
      ),
      await servePrincipal(
        {
          find: () => Promise.resolve(this.instances),
          readDocument: (input) =>
            Promise.resolve(this.documents.get((input as { name: string }).name) ?? null),
          readLogGroup: (input) => this.logGroup((input as { name: string }).name),
          readBucket: (input) => this.bucket((input as { name: string }).name),
        },
        socket('inventory'),
        noLog,
      ),
      await servePrincipal({ run: (input) => this.host(input as HostOrder) }, socket('provisioner'), noLog),
    );
    const principalSockets = {
      issuer: socket('issuer'),
      revoker: socket('revoker'),
      inventory: socket('inventory'),
      provisioner: socket('provisioner'),
    };
    return { principalSockets };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #issue(order: LeaseOrder): Promise<IssuedLease> {
    this.orders.push(order);
    await this.answer(order);
    return {
      accessKeyId: 'ASIAEXAMPLE',
      ...secrets,
      expiresAt: order.leaseEndsAt + 780_000,
      tokenUtilization: 40,
      awsRequestId: 'aws-request-1',
    };
  }

  #list(prefix: string): SsmSession[] {
    return this.sessions.filter(({ ssmSessionId }) => ssmSessionId.startsWith(prefix));
  }

  #terminate(ssmSessionId: string): null {
    if (ssmSessionId === this.unheard) throw new Problem('AWS_DENIED');
    this.terminated.push(ssmSessionId);
    this.sessions = this.sessions.filter((session) => session.ssmSessionId !== ssmSessionId);
    return null;
  }
}
