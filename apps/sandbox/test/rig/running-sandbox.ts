import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import {
  leaseSessionName,
  leaseSourceIdentity,
  leaseTags,
  renderLease,
  policyText,
} from '@sallyport/iam-policy';
import { systemEffects } from '@sallyport/effects/system';
import { databaseUserOf, documentOf } from '@sallyport/catalog';
import { createHash } from 'node:crypto';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox.ts';

export const transferWorld = fileURLToPath(new URL('../world/transfer.yaml', import.meta.url));
export const usualWorld = fileURLToPath(new URL('../../../../config/world.yaml', import.meta.url));

export const region = 'eu-west-1';
export const spoke = '111122223333';
export const bastion = 'i-0b5c1d2e3f4a50617';
export const runner = 'i-0d7e3f4a5b6c72839';
export const grantId = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y';
export const otherGrantId = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Z';
const personId = 'prs_01JZ8Q4T7M3N5P6R8S9V0W1X2Y';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A sandbox in a temporary folder, with clients for it. */
export class RunningSandbox implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly dataDir: string;

  private constructor(sandbox: Sandbox, dataDir: string) {
    this.sandbox = sandbox;
    this.dataDir = dataDir;
  }

  static async start(options: Partial<SandboxOptions> = {}): Promise<RunningSandbox> {
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'sandbox-')));
    const sandbox = await startSandbox(
      {
        dataDir,
        port: 0,
        worldFile: usualWorld,
        paced: false,
        allowUnsigned: false,
        control: true,
        databases: false,
        ...options,
      },
      systemEffects(),
    );
    return new RunningSandbox(sandbox, dataDir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox.close();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  key(name: string): Keys {
    const key = this.sandbox.installation.principals.find((principal) => principal.name === name);
    if (key === undefined) throw new Error(`no principal ${name}`);
    return { accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey };
  }

  #settings(credentials: Keys) {
    // The SDK takes the clock from answers; kept small so that no test waits for a retry.
    return { region, endpoint: this.sandbox.endpoint, credentials, maxAttempts: 1 };
  }
  sts(keys: Keys): STSClient {
    return new STSClient(this.#settings(keys));
  }
  ssm(keys: Keys): SSMClient {
    return new SSMClient(this.#settings(keys));
  }
  ec2(keys: Keys): EC2Client {
    return new EC2Client(this.#settings(keys));
  }

  /** Name of the pinned document of a resource. */
  documentOf(resourceName: string): string {
    const resource = this.sandbox.world.catalog.resources.find(({ name }) => name === resourceName);
    const document =
      resource && documentOf(resource, (text) => createHash('sha256').update(text).digest('hex'));
    if (!document) throw new Error(`no document for ${resourceName}`);
    return document.name;
  }

  /** A lease as the issuer makes it: 120 s for one instance and one document. */
  async lease(resourceName = 'prod-rds', useful = 120, grant = grantId): Promise<Keys> {
    const { catalog } = this.sandbox.world;
    const account = catalog.accounts[0]!;
    const resource = catalog.resources.find(({ name }) => name === resourceName);
    const policy = renderLease({
      grantId: grant,
      accountId: spoke,
      region,
      instanceId: bastion,
      documentName: this.documentOf(resourceName),
      leaseEndsAt: Date.now() + useful * 1000,
      databaseUser: resource ? databaseUserOf(resource) : null,
    });
    const { Credentials } = await this.sts(this.key('issuer')).send(
      new AssumeRoleCommand({
        RoleArn: account.roles.connect.arn,
        RoleSessionName: leaseSessionName(grant),
        ExternalId: account.externalId,
        DurationSeconds: 900,
        SourceIdentity: leaseSourceIdentity(personId),
        Tags: leaseTags({ grantId: grant, team: 'platform' }),
        Policy: policyText(policy),
      }),
    );
    return {
      accessKeyId: Credentials!.AccessKeyId!,
      secretAccessKey: Credentials!.SecretAccessKey!,
      sessionToken: Credentials!.SessionToken!,
    };
  }

  /** A hub principal's credentials inside the spoke. */
  async inSpoke(principal: 'revoker' | 'inventory' | 'provisioner'): Promise<Keys> {
    const account = this.sandbox.world.catalog.accounts[0]!;
    const { revoke: revoker, inventory, provision: provisioner } = account.roles;
    const role = { revoker, inventory, provisioner }[principal]!;
    const { Credentials } = await this.sts(this.key(principal)).send(
      new AssumeRoleCommand({
        RoleArn: role.arn,
        RoleSessionName: principal,
        ExternalId: account.externalId,
      }),
    );
    return {
      accessKeyId: Credentials!.AccessKeyId!,
      secretAccessKey: Credentials!.SecretAccessKey!,
      sessionToken: Credentials!.SessionToken!,
    };
  }

  async control(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const answer = await fetch(`${this.sandbox.endpoint}/_sandbox/${path}`, {
      method,
      headers: { 'x-sandbox-control': this.sandbox.installation.controlSecret },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`control answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  }

  /** The records of the trail so far. */
  async trail(): Promise<Record<string, unknown>[]> {
    const text = await readFile(this.sandbox.trailFile, 'utf8');
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

/** The name of the error an AWS call is refused with; fails when it is not refused. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return (error as Error).name;
  }
  throw new Error('the call was not refused');
}
