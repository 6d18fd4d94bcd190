import { Unsupported } from './outcome.ts';

/** Values of condition keys as a service presents them; a list belongs to a multivalued key such as aws:TagKeys. */
export type RequestContext = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** Who calls. */
export interface Principal {
  /** For a role session `arn:aws:sts::<account>:assumed-role/<name>/<session>`. */
  readonly arn: string;
  readonly accountId: string;
  /** For a role session the role itself, with its path (the session's ARN has none). */
  readonly roleArn?: string;
  /** `aws:userid`: for a role session `AROA...:<session name>`. */
  readonly userId?: string;
  /** `aws:username`; role sessions have none. */
  readonly userName?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly sourceIdentity?: string;
  readonly organisationId?: string;
  /** For an AWS service, for example `ecs-tasks.amazonaws.com`. */
  readonly service?: string;
}

/** What is acted upon; tags become `aws:ResourceTag/...` and the form of the action's own service. */
export interface Resource {
  readonly arn: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** The values of one condition key. */
export interface Fact {
  readonly values: readonly string[];
  readonly multivalued: boolean;
}

/** What is known about one request, by lower-case condition key: key names are not case-sensitive. */
export class Facts {
  readonly #byKey = new Map<string, Fact>();

  /** Throws Unsupported when a key is given twice: which value counts would be a guess. */
  add(key: string, value: RequestContext[string]): void {
    const lower = key.toLowerCase();
    if (this.#byKey.has(lower)) throw new Unsupported(`context key ${key} is given twice`);
    const fact = Array.isArray(value)
      ? { values: value.map(String), multivalued: true }
      : { values: [String(value)], multivalued: false };
    this.#byKey.set(lower, fact);
  }

  /** Undefined when the request does not have the key, or has it without a value. */
  get(key: string): Fact | undefined {
    const fact = this.#byKey.get(key.toLowerCase());
    return fact === undefined || fact.values.length === 0 ? undefined : fact;
  }
}

/** Joins what principal, resource and request say. Throws Unsupported when they give one key twice. */
export function factsOf(
  principal: Principal,
  action: string,
  resource: Resource,
  context: RequestContext,
): Facts {
  const facts = new Facts();
  addPrincipal(facts, principal);
  const service = action.slice(0, action.indexOf(':'));
  for (const [key, value] of Object.entries(resource.tags ?? {})) {
    facts.add(`aws:ResourceTag/${key}`, value);
    if (service === 'ssm') facts.add(`ssm:resourceTag/${key}`, value);
    if (service === 'ec2') facts.add(`ec2:ResourceTag/${key}`, value);
    if (service === 'ec2-instance-connect') facts.add(`ec2:ResourceTag/${key}`, value);
  }
  for (const [key, value] of Object.entries(context)) facts.add(key, value);
  return facts;
}

function addPrincipal(facts: Facts, principal: Principal): void {
  const { service, userId, userName, sourceIdentity, organisationId } = principal;
  facts.add('aws:PrincipalIsAWSService', service !== undefined);
  // A service is no principal of an account: it has neither ARN nor tags.
  if (service !== undefined) {
    facts.add('aws:PrincipalServiceName', service);
    return;
  }
  facts.add('aws:PrincipalArn', principal.roleArn ?? principal.arn);
  facts.add('aws:PrincipalAccount', principal.accountId);
  if (userId !== undefined) facts.add('aws:userid', userId);
  if (userName !== undefined) facts.add('aws:username', userName);
  if (sourceIdentity !== undefined) facts.add('aws:SourceIdentity', sourceIdentity);
  if (organisationId !== undefined) facts.add('aws:PrincipalOrgID', organisationId);
  for (const [key, value] of Object.entries(principal.tags ?? {})) {
    facts.add(`aws:PrincipalTag/${key}`, value);
  }
}
