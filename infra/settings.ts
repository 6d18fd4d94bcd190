/** What a deployment may choose; everything else comes from the catalogue. */
export interface Settings {
  readonly catalogPath: string | undefined;
  /** The AWS service that runs the control plane and hands it the hub roles. */
  readonly hubService: string;
  /** An existing private subnet for gateways; undefined makes a small VPC of its own. */
  readonly subnet: { readonly subnetId: string; readonly vpcId: string } | undefined;
  /** The network that gateways may reach names in, and the one of a VPC made here. */
  readonly vpcCidr: string;
  /** Where the control plane is, which companion agents speak to; undefined lets none out to it. */
  readonly controlPlaneCidr: string | undefined;
  readonly instanceType: string;
  /** What gateways of whole networks install by their user data; undefined leaves that to the command document. */
  readonly agent: AgentSettings | undefined;
  /** The guard of the organisation; undefined leaves it out. */
  readonly guard: GuardSettings | undefined;
}

/** A release of the companion agent, and whom it obeys. None of it is secret. */
export interface AgentSettings {
  /** Address of the control plane, HTTPS. */
  readonly controlPlane: string;
  /** Where the release lies, `https://` or `s3://`, and its name there. */
  readonly from: string;
  readonly file: string;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly version: string;
  /** Signs later releases, base64url; undefined: nothing is updated. */
  readonly releaseKey: string | undefined;
  /** Where HTTPS to the release leads, when that is not the control plane; undefined lets none out. */
  readonly releaseCidr: string | undefined;
}

/** Where the service control policy is made and hung, and whom it spares. */
export interface GuardSettings {
  readonly managementAccount: string;
  /** Organisational units or accounts. */
  readonly targets: readonly string[];
  /** Empty, as of `deployers`: the roles that `cdk bootstrap` makes. */
  readonly enrollers: readonly string[];
  readonly deployers: readonly string[];
  readonly exempt: readonly string[];
}

/**
 * Reads settings from CDK context (`-c key=value`).
 * @param contextOf gives the value of a context key, or undefined. Throws Error for a value without its form.
 */
export function settingsOf(contextOf: (key: string) => unknown): Settings {
  const text = (key: string, form: RegExp): string | undefined => {
    const value = contextOf(key);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string' || !form.test(value))
      throw new Error(`context ${key} does not have its form`);
    return value;
  };
  const subnetId = text('subnetId', /^subnet-[0-9a-f]{8,17}$/);
  const vpcId = text('vpcId', /^vpc-[0-9a-f]{8,17}$/);
  if ((subnetId === undefined) !== (vpcId === undefined)) throw new Error('subnetId and vpcId go together');
  const list = (key: string, form: RegExp) =>
    (text(key, form) ?? '').split(',').filter((part) => part !== '');
  const roles = /^arn:aws(?:-[a-z]+){0,2}:iam::[^,]+(,arn:aws(?:-[a-z]+){0,2}:iam::[^,]+)*$/;
  const managementAccount = text('managementAccount', /^\d{12}$/);
  const targets = list('guardTargets', /^(ou-[a-z0-9-]+|\d{12})(,(ou-[a-z0-9-]+|\d{12}))*$/);
  if ((managementAccount === undefined) !== (targets.length === 0)) {
    throw new Error('managementAccount and guardTargets go together');
  }
  const enrollers = list('enrollerRoles', roles);
  const deployers = list('deployerRoles', roles);
  return {
    guard:
      managementAccount === undefined
        ? undefined
        : {
            managementAccount,
            targets,
            deployers,
            enrollers,
            exempt: list('exemptRoles', roles),
          },
    catalogPath: text('catalog', /./),
    hubService: text('hubService', /^[a-z0-9-]+\.amazonaws\.com$/) ?? 'ecs-tasks.amazonaws.com',
    subnet: subnetId === undefined || vpcId === undefined ? undefined : { subnetId, vpcId },
    vpcCidr: text('vpcCidr', /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/) ?? '10.0.0.0/16',
    controlPlaneCidr: text('controlPlaneCidr', /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/),
    agent: agentOf(text),
    instanceType: text('instanceType', /^[a-z0-9-]+\.[a-z0-9]+$/) ?? 't4g.nano',
  };
}

type TextOf = (key: string, form: RegExp) => string | undefined;

/** The companion agent's settings: all of them or none. */
function agentOf(text: TextOf): AgentSettings | undefined {
  const controlPlane = text('agentControlPlane', /^https:\/\/[A-Za-z0-9.:/_-]{1,200}$/);
  const from = text('agentFrom', /^(https|s3):\/\/[A-Za-z0-9.:/_-]{1,300}$/);
  const file = text('agentFile', /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
  const sha256 = text('agentSha256', /^[0-9a-f]{64}$/);
  const version = text('agentVersion', /^\d{1,5}\.\d{1,5}\.\d{1,5}$/);
  const releaseKey = text('agentReleaseKey', /^[A-Za-z0-9_-]{43}$/);
  const releaseCidr = text('agentReleaseCidr', /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/);
  const needed = [controlPlane, from, file, sha256, version];
  if (needed.every((value) => value === undefined)) return undefined;
  if (!controlPlane || !from || !file || !sha256 || !version)
    throw new Error('agentControlPlane, agentFrom, agentFile, agentSha256 and agentVersion go together');
  return { controlPlane, from, file, sha256, version, releaseKey, releaseCidr };
}
