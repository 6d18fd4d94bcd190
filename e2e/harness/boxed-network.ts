import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import {
  noProxies,
  pushThrough,
  SshReach,
  ssmSessionsThrough,
  Tunnel,
  webSocketsThrough,
  type Lease,
  type TunnelPorts,
} from '@sallyport/connect';
import { AgentReach } from '@sallyport/connect/agent';
import { systemEffects } from '@sallyport/effects/system';
import { signAgentToken, thumbprint, type AgentTokenClaims } from '@sallyport/grant-token';
import { aKeyHolder } from '@sallyport/grant-token/testing';
import {
  leaseSessionName,
  leaseSourceIdentity,
  leaseTags,
  policyText,
  renderLease,
} from '@sallyport/iam-policy';
import {
  bastion,
  grantId,
  region,
  RunningSandbox,
  spoke,
} from '../../apps/sandbox/test/rig/running-sandbox.ts';
import { writeWorld, type WorldAdditions } from '../../apps/sandbox/test/world/written-world.ts';

export { bastion } from '../../apps/sandbox/test/rig/running-sandbox.ts';

const issuer = 'https://sallyport.test';
const personId = 'prs_01JZ8Q4T7M3N5P6R8S9V0W1X2Y';
const everything: AgentTokenClaims['allow'] = [
  { cidr: '10.0.0.0/16', ports: [[1, 65_535]], proto: 'tcp' },
  { cidr: '10.0.0.0/16', ports: [[1, 65_535]], proto: 'udp' },
  { cidr: '10.0.0.0/16', ports: [], proto: 'icmp' },
  { cidr: 'fd00:10:2::/64', ports: [[1, 65_535]], proto: 'tcp' },
];

/** What a gateway with sshd is known by. */
export interface KnownSshd {
  readonly user: string;
  hostKeys: readonly string[];
}

/**
 * AWS in a box and the client's side of a routed network, without a control plane: leases are issued by the sandbox's own STS with the policies that the product
 * renders, agent tokens are signed here.
 */
export class BoxedNetwork implements AsyncDisposable {
  readonly cloud: RunningSandbox;
  readonly #folder: string;
  readonly #signer: Awaited<ReturnType<typeof aKeyHolder>>;
  readonly #tunnels: Tunnel[] = [];
  readonly #reaches: { close(): unknown }[] = [];
  /** What tokens allow from now on. */
  allow: AgentTokenClaims['allow'] = everything;
  sshd: KnownSshd | undefined;

  private constructor(cloud: RunningSandbox, folder: string, signer: Awaited<ReturnType<typeof aKeyHolder>>) {
    this.cloud = cloud;
    this.#folder = folder;
    this.#signer = signer;
  }

  static async start(options: { additions?: WorldAdditions; paced?: boolean } = {}): Promise<BoxedNetwork> {
    const { folder, worldFile } = writeWorld(options.additions ?? {});
    const signer = await aKeyHolder();
    writeFileSync(join(folder, 'signing-keys.json'), JSON.stringify({ issuer, keys: [signer.publicKey] }));
    const cloud = await RunningSandbox.start({
      dataDir: folder,
      worldFile,
      paced: options.paced ?? false,
    });
    return new BoxedNetwork(cloud, folder, signer);
  }

  /** Bytes that the tunnels of this network carried so far, both ways. */
  get bytesCarried(): number {
    return this.#tunnels.reduce((sum, { traffic: { bytesUp, bytesDown } }) => sum + bytesUp + bytesDown, 0);
  }

  /** A tunnel to the agent's port or to sshd of the gateway, carried by real sessions of the sandbox. */
  async tunnel(way: 'agent' | 'ssh', sessionsMax = 8): Promise<Tunnel> {
    const tunnel = await Tunnel.open(
      {
        grantId,
        listen: { on: 'nothing' },
        clientVersion: '0.1.0',
        rules: { controlPlane: new URL('http://127.0.0.1:1') },
        pool: { sessionsMax },
      },
      this.#ports(way),
    );
    this.#tunnels.push(tunnel);
    return tunnel;
  }

  /** The way through the companion agent that runs in the sandbox. */
  async agentReach(tunnel?: Tunnel): Promise<AgentReach> {
    const reach = await AgentReach.open({
      tunnel: tunnel ?? (await this.tunnel('agent')),
      effects: systemEffects(),
      whileDown: 'wait',
      agentTokens: async (publicKey, instanceId) => {
        const now = Math.floor(Date.now() / 1000);
        const claims: AgentTokenClaims = {
          iss: issuer,
          aud: `agent-${instanceId}`,
          jti: `tok_${now}`,
          sub: grantId,
          usr: personId,
          nbf: now - 5,
          exp: now + 55,
          cnf: { jkt: await thumbprint(publicKey) },
          allow: this.allow,
          suffixes: ['internal'],
          max_streams: 256,
        };
        return { token: await signAgentToken(claims, this.#signer.signer) };
      },
    });
    this.#reaches.push(reach);
    return reach;
  }

  /** The way through the sshd of the gateway. */
  async sshReach(tunnel?: Tunnel, connectionsMax?: number): Promise<SshReach> {
    const reach = await SshReach.open({
      tunnel: tunnel ?? (await this.tunnel('ssh')),
      pushKey: pushThrough(noProxies, { controlPlane: new URL('http://127.0.0.1:1') }),
      effects: systemEffects(),
      debug: () => undefined,
      whileDown: 'wait',
      ...(connectionsMax === undefined ? {} : { connectionsMax }),
    });
    this.#reaches.push(reach);
    return reach;
  }

  /** A lease as the issuer makes it, for the gateway's agent or its sshd. */
  async lease(way: 'agent' | 'ssh'): Promise<Lease> {
    const account = this.cloud.sandbox.world.catalog.accounts[0]!;
    const documentName = way === 'agent' ? 'jit-agent-7443' : 'jit-forward-22';
    const endsAt = Date.now() + 120_000;
    const policy = renderLease({
      grantId,
      accountId: spoke,
      region,
      instanceId: bastion,
      documentName,
      leaseEndsAt: endsAt,
      osUser: way === 'ssh' ? (this.sshd?.user ?? 'ec2-user') : null,
    });
    const { Credentials } = await this.cloud.sts(this.cloud.key('issuer')).send(
      new AssumeRoleCommand({
        RoleArn: account.roles.connect.arn,
        RoleSessionName: leaseSessionName(grantId),
        ExternalId: account.externalId,
        DurationSeconds: 900,
        SourceIdentity: leaseSourceIdentity(personId),
        Tags: leaseTags({ grantId, team: 'platform' }),
        Policy: policyText(policy),
      }),
    );
    const { user = 'ec2-user', hostKeys = [] } = this.sshd ?? {};
    const lease = {
      id: `lse_${endsAt}`,
      state: 'issued',
      grantId,
      usefulUntil: new Date(endsAt).toISOString(),
      region,
      accountId: spoke,
      instanceId: bastion,
      documentName,
      way,
      agent: way === 'agent' ? { id: `agent-${bastion}`, port: 7443, instanceId: bastion } : null,
      ssh: way === 'ssh' ? { user, port: 22, zone: 'eu-west-1a', hostKeys: [...hostKeys] } : null,
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

  #ports(way: 'agent' | 'ssh'): TunnelPorts {
    const endsAt = new Date(Date.now() + 3_600_000).toISOString();
    return {
      controlPlane: {
        issueLease: () => this.lease(way),
        openSession: () => Promise.resolve({ id: 'ses_1', endsAt }),
        beat: () => Promise.resolve({ close: null, session: { endsAt } }),
        closeSession: () => Promise.resolve(),
        readGrant: () => Promise.resolve({ state: 'active', endReason: null, endComment: null, endsAt }),
      },
      ssm: ssmSessionsThrough(noProxies),
      transport: webSocketsThrough(noProxies),
      effects: systemEffects(),
      debug: () => undefined,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const reach of this.#reaches) reach.close();
    await Promise.all(this.#tunnels.map((tunnel) => tunnel.close()));
    await this.cloud[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
