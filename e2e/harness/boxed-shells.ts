import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { documentOf } from '@sallyport/catalog';
import {
  noProxies,
  RemoteShell,
  sessionKeysThrough,
  ssmSessionsThrough,
  webSocketsThrough,
  type CloseOrder,
  type Lease,
  type LeaseWish,
  type ShellOptions,
  type ShellPorts,
} from '@sallyport/connect';
import { systemEffects } from '@sallyport/effects/system';
import {
  leaseSessionName,
  leaseSourceIdentity,
  leaseTags,
  policyText,
  renderLease,
} from '@sallyport/iam-policy';
import { grantId, region, RunningSandbox, spoke } from '../../apps/sandbox/test/rig/running-sandbox.ts';
import { writeWorld, type WorldAdditions } from '../../apps/sandbox/test/world/written-world.ts';

/** The instance behind the gateway `web-1`. */
export const webHost = 'i-0a1b2c3d4e5f60718';

const personId = 'prs_01JZ8Q4T7M3N5P6R8S9V0W1X2Y';
const sha256Hex = (text: string) => createHash('sha256').update(text).digest('hex');
const types = {
  shell: 'Standard_Stream',
  interactive: 'InteractiveCommands',
  command: 'NonInteractiveCommands',
} as const;

/** What differs from the lease that a control plane would issue. */
export interface LeaseChanges {
  /** Account of the session tag. */
  readonly runAs?: string;
  /** The lease may have no data key. */
  readonly withoutKey?: true;
  /** What the lease demands, whatever its document says. */
  readonly demands?: { readonly encrypted: true } | { readonly keyArn: string };
}

/** A shell with everything it showed. */
export class OpenedShell {
  shell!: RemoteShell;
  output = '';
  errorOutput = '';
  readonly events: string[] = [];
  readonly #waiting = new Set<() => void>();

  readonly sink = {
    output: (bytes: Uint8Array) => {
      this.output += Buffer.from(bytes).toString('utf8');
      this.#told();
    },
    errorOutput: (bytes: Uint8Array) => {
      this.errorOutput += Buffer.from(bytes).toString('utf8');
    },
    ready: ({ encrypted }: { encrypted: boolean }) => this.#event(`ready encrypted:${encrypted}`),
    reconnecting: (reason: string) => this.#event(`reconnecting ${reason}`),
    recovered: () => this.#event('recovered'),
  };

  type(text: string): void {
    const bytes = Buffer.from(text);
    if (this.shell.write(bytes) !== bytes.length) throw new Error('not taken wholly');
  }

  /** Resolves when the output, or the events, match; rejects when the shell ends without. */
  async shows(pattern: RegExp): Promise<void> {
    let over = false;
    void this.shell.ended.then(() => {
      over = true;
      this.#told();
    });
    while (!pattern.test(this.output) && !this.events.some((event) => pattern.test(event))) {
      if (over) throw new Error(`ended after ${JSON.stringify(this.output)}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #event(event: string): void {
    this.events.push(event);
    this.#told();
  }

  #told(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** AWS in a box and the client's side of shells, without a control plane: leases by the sandbox's own STS, with the product's policies. */
export class BoxedShells implements AsyncDisposable {
  readonly cloud: RunningSandbox;
  readonly #folder: string;
  readonly closed: unknown[] = [];
  /** What the control plane orders with the next beat. */
  order: CloseOrder | null = null;
  leases = 0;
  #hint: (() => void) | undefined;

  private constructor(cloud: RunningSandbox, folder: string) {
    this.cloud = cloud;
    this.#folder = folder;
  }

  static async start(additions: WorldAdditions = {}): Promise<BoxedShells> {
    const { folder, worldFile } = writeWorld({ base: 'usual', ...additions });
    return new BoxedShells(await RunningSandbox.start({ dataDir: folder, worldFile }), folder);
  }

  async open(
    resource: string,
    wish: Pick<ShellOptions, 'purpose' | 'command' | 'commandLine'>,
    changes: LeaseChanges = {},
  ): Promise<OpenedShell> {
    const opened = new OpenedShell();
    opened.shell = await RemoteShell.open(
      {
        ...wish,
        grantId,
        clientVersion: '0.1.0',
        size: { cols: 100, rows: 30 },
        rules: { controlPlane: new URL('http://127.0.0.1:1') },
      },
      this.#ports(resource, changes),
      opened.sink,
    );
    return opened;
  }

  /** Tells the client that something about its session changed, as the live connection of the control plane does. */
  hint(): void {
    this.#hint?.();
  }

  async #lease(resource: string, wish: LeaseWish, changes: LeaseChanges): Promise<Lease> {
    const { catalog } = this.cloud.sandbox.world;
    const found = catalog.resources.find(({ name }) => name === resource);
    const shell = found?.shell;
    const purpose = wish.purpose as keyof typeof types;
    const chosen = { purpose, command: wish.command ?? null };
    const document = found === undefined ? null : documentOf(found, sha256Hex, chosen);
    if (shell == null || document === null) throw new Error(`${resource} has no such document`);
    this.leases += 1;
    const endsAt = Date.now() + 120_000;
    const account = catalog.accounts[0]!;
    const policy = renderLease({
      grantId,
      accountId: spoke,
      region,
      instanceId: webHost,
      documentName: document.name,
      leaseEndsAt: endsAt,
      keyArn: changes.withoutKey === true ? null : shell.keyArn,
    });
    const { Credentials } = await this.cloud.sts(this.cloud.key('issuer')).send(
      new AssumeRoleCommand({
        RoleArn: account.roles.connect.arn,
        RoleSessionName: leaseSessionName(grantId),
        ExternalId: account.externalId,
        DurationSeconds: 900,
        SourceIdentity: leaseSourceIdentity(personId),
        Tags: leaseTags({ grantId, team: 'web', runAs: changes.runAs ?? shell.runAs }),
        Policy: policyText(policy),
      }),
    );
    const lease = {
      id: `lse_${this.leases}`,
      state: 'issued',
      grantId,
      usefulUntil: new Date(endsAt).toISOString(),
      region,
      accountId: spoke,
      instanceId: webHost,
      documentName: document.name,
      purpose,
      way: 'shell',
      agent: null,
      ssh: null,
      session: {
        type: types[purpose],
        encrypted: shell.keyArn !== null,
        keyArn: shell.keyArn,
        runAs: shell.runAs,
        writesCommand: purpose !== 'shell' && shell.commands === 'any',
        clientRecording: {
          required: shell.clientRecording,
          recipients: shell.clientRecording ? [account.auditorsKey] : [],
        },
        ...changes.demands,
      },
      sessionReason: `grant:${grantId}`,
      sessionNamePrefix: `jit-${grantId}`,
      endpoint: this.cloud.sandbox.endpoint,
      credentials: {
        accessKeyId: Credentials!.AccessKeyId!,
        secretAccessKey: Credentials!.SecretAccessKey!,
        sessionToken: Credentials!.SessionToken!,
        expiration: Credentials!.Expiration!.toISOString(),
      },
    };
    return lease as unknown as Lease;
  }

  #ports(resource: string, changes: LeaseChanges): ShellPorts {
    const endsAt = new Date(Date.now() + 3_600_000).toISOString();
    return {
      controlPlane: {
        issueLease: (_grant, wish = {}) => this.#lease(resource, wish, changes),
        openSession: () => Promise.resolve({ id: 'ses_1', endsAt }),
        beat: () => Promise.resolve({ close: this.order, session: { endsAt } }),
        closeSession: (_id, end) => {
          this.closed.push(end);
          return Promise.resolve();
        },
        readGrant: () => Promise.resolve({ state: 'active', endReason: null, endComment: null, endsAt }),
      },
      ssm: ssmSessionsThrough(noProxies),
      transport: webSocketsThrough(noProxies),
      keys: sessionKeysThrough(noProxies),
      effects: systemEffects(),
      debug: () => undefined,
      onHint: (listener) => {
        this.#hint = () => listener({ topic: 'grant', id: grantId });
        return () => (this.#hint = undefined);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cloud[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
