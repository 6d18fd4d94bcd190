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
  /** The guard of the organisation; undefined leaves it out. */
  readonly guard: GuardSettings | undefined;
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
    instanceType: text('instanceType', /^[a-z0-9-]+\.[a-z0-9]+$/) ?? 't4g.nano',
  };
}
