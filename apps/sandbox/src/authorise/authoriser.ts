import type { Clock } from '@sallyport/effects';
import {
  evaluate,
  evaluateAssumeRole,
  evaluateStartSession,
  type CallerPolicies,
  type Decision,
  type Principal,
  type RequestContext,
  type Resource,
} from '@sallyport/iam-policy';
import type { Caller } from '../principals/caller.ts';
import type { PrincipalRegistry } from '../principals/registry.ts';
import { AwsError } from '../services/aws-error.ts';
import type { Call } from '../services/operation.ts';
import { defaultDocumentName, documentArn } from '../world/session-documents.ts';
import type { Role } from '../world/principals-of-catalog.ts';
import type { World } from '../world/world.ts';

/** Further condition keys of one request. */
export type Context = RequestContext;

/** What is needed of a call to authorise it. */
export type Asking = Pick<Call, 'caller' | 'region' | 'sourceIp' | 'userAgent'>;

/** What AssumeRole asks for. */
export interface Assumption {
  readonly roleArn: string;
  readonly roleSessionName: string;
  readonly externalId?: string | undefined;
  readonly sourceIdentity?: string | undefined;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly transitiveTagKeys: readonly string[];
}

/** Holds every call against IAM, by the product's one evaluator. */
export class Authoriser {
  readonly #world: World;
  readonly #registry: PrincipalRegistry;
  readonly #clock: Clock;

  constructor(world: World, registry: PrincipalRegistry, clock: Clock) {
    this.#world = world;
    this.#registry = registry;
    this.#clock = clock;
  }

  /** @throws AwsError `access-denied` in AWS's wording. */
  require(asking: Asking, action: string, resource: string | Resource, context: Context = {}): void {
    const decision = evaluate({
      principal: this.#principal(asking.caller),
      ...this.#policies(asking.caller),
      request: { action, resource, context: { ...this.#context(asking), ...context } },
    });
    refuse(asking.caller, action, typeof resource === 'string' ? resource : resource.arn, decision);
  }

  /** StartSession: target and document are authorised apart. @throws AwsError `access-denied`. */
  requireStart(asking: Asking, target: Resource, documentName: string | undefined): void {
    const { account } = asking.caller;
    const defaultDocumentArn = documentArn(defaultDocumentName, account, asking.region);
    const decision = evaluateStartSession({
      principal: this.#principal(asking.caller),
      ...this.#policies(asking.caller),
      target,
      documentArn: documentName === undefined ? undefined : documentArn(documentName, account, asking.region),
      defaultDocumentArn,
      unnamedDocument: this.#world.sessionManager.defaultDocumentCheck === 'always' ? 'checked' : 'legacy',
      context: this.#context(asking),
    });
    const resource = decision.decision === 'deny' ? (decision.resource ?? target.arn) : target.arn;
    refuse(asking.caller, 'ssm:StartSession', resource, decision);
  }

  /** AssumeRole: the role's trust and the caller's own policies. @throws AwsError `access-denied`. */
  requireAssumption(asking: Asking, role: Role | undefined, input: Assumption): Role {
    const { roleArn, roleSessionName, externalId, sourceIdentity, tags, transitiveTagKeys } = input;
    // A role that is not there answers like one that trusts nobody, so that names cannot be probed.
    if (role === undefined) throw denied(asking.caller, 'sts:AssumeRole', roleArn, '');
    const decision = evaluateAssumeRole({
      caller: this.#principal(asking.caller),
      callerPolicies: this.#policies(asking.caller),
      role: { arn: role.arn, accountId: role.account, trustPolicy: role.trust },
      roleSessionName,
      ...(externalId === undefined ? {} : { externalId }),
      ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
      ...(tags.length === 0 ? {} : { tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])) }),
      ...(transitiveTagKeys.length === 0 ? {} : { transitiveTagKeys }),
      context: this.#context(asking),
    });
    // AWS does not tell an outsider which of the two sides refused an assumption.
    if (decision.decision === 'deny') throw denied(asking.caller, 'sts:AssumeRole', roleArn, '');
    return role;
  }

  #policies(caller: Caller): CallerPolicies {
    const { identity, boundary, session } = this.#registry.policiesOf(caller);
    return {
      identityPolicies: identity,
      ...(boundary === undefined ? {} : { boundary }),
      ...(session === undefined ? {} : { sessionPolicy: session }),
    };
  }

  #principal({ type, arn, account, principalArn, userId, name, session }: Caller): Principal {
    const organisationId = this.#world.catalog.hub.organisationId;
    return {
      arn,
      accountId: account,
      userId,
      ...(type === 'IAMUser' ? { userName: name } : { roleArn: principalArn }),
      ...(session === undefined ? {} : { tags: session.tags }),
      ...(session?.sourceIdentity === undefined ? {} : { sourceIdentity: session.sourceIdentity }),
      ...(organisationId === null ? {} : { organisationId }),
    };
  }

  #context({ caller, region, sourceIp, userAgent }: Asking): Context {
    const iso = (at: number) => new Date(at).toISOString().replace(/\.\d{3}/, '');
    const now = this.#clock.now();
    return {
      'aws:CurrentTime': iso(now),
      'aws:EpochTime': Math.floor(now / 1000),
      'aws:PrincipalType': caller.type === 'IAMUser' ? 'User' : 'AssumedRole',
      'aws:RequestedRegion': region,
      'aws:SourceIp': sourceIp,
      'aws:SecureTransport': false,
      'aws:UserAgent': userAgent,
      ...(caller.session === undefined ? {} : { 'aws:TokenIssueTime': iso(caller.session.issuedAt) }),
    };
  }
}

function refuse(caller: Caller, action: string, resource: string, decision: Decision): void {
  if (decision.decision === 'deny') throw denied(caller, action, resource, ` ${decision.why}`);
}

function denied({ arn }: Caller, action: string, resource: string, why: string): AwsError {
  const on = resource === '*' ? '' : ` on resource: ${resource}`;
  return AwsError.common('access-denied', `User: ${arn} is not authorized to perform: ${action}${on}${why}`);
}
