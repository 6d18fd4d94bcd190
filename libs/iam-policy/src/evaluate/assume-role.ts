import {
  allowed,
  explicitDeny,
  firstAllow,
  firstDeny,
  implicitDeny,
  type Asked,
  type Decision,
  type PlacedPolicy,
} from './decision.ts';
import { ask, decideLayers, failClosed, readLayers, type CallerPolicies, type Layers } from './evaluate.ts';
import type { Principal, RequestContext } from './facts.ts';
import { readPolicy } from './statement.ts';

export interface AssumeRole {
  readonly caller: Principal;
  /** Policies of the caller; absent for an AWS service, which has none. */
  readonly callerPolicies?: CallerPolicies;
  readonly role: { readonly arn: string; readonly accountId: string; readonly trustPolicy: unknown };
  readonly roleSessionName: string;
  readonly externalId?: string;
  readonly sourceIdentity?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly transitiveTagKeys?: readonly string[];
  /** Further keys of the request, such as `aws:CurrentTime`. */
  readonly context?: RequestContext;
}

/**
 * Whether a caller may take on a role, with the session tags and the source identity asked for: each of sts:AssumeRole,
 * sts:TagSession and sts:SetSourceIdentity that the call needs must be allowed by the role's trust policy and, unless
 * the trust names the caller itself in the same account, by the caller's own policies. Never throws.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
 */
export function evaluateAssumeRole(call: AssumeRole): Decision {
  return failClosed(() => {
    const trust: PlacedPolicy = {
      layer: 'trust',
      position: 0,
      statements: readPolicy(call.role.trustPolicy, 'trust'),
    };
    const layers = readLayers(call.callerPolicies ?? { identityPolicies: [] });
    let decision = implicitDeny('trust', 'sts:AssumeRole');
    for (const action of actionsOf(call)) {
      const asked = ask(call.caller, action, { arn: call.role.arn }, contextOf(call));
      decision = decideBoth(call, trust, layers, asked);
      if (decision.decision === 'deny') return decision;
    }
    return decision;
  });
}

function decideBoth(call: AssumeRole, trust: PlacedPolicy, layers: Layers, asked: Asked): Decision {
  const denied = firstDeny([trust, ...layers.flatMap(([, policies]) => policies)], asked);
  if (denied !== undefined) return explicitDeny(denied);
  const admitted = firstAllow([trust], asked);
  if (admitted === undefined) return implicitDeny('trust', asked.action);
  if (call.caller.service !== undefined) return allowed(admitted);
  const sameAccount = call.caller.accountId === call.role.accountId;
  const byName = trust.statements[admitted.statement]?.principals?.(call.caller) === 'caller';
  if (sameAccount && byName && layers.length === 1) return allowed(admitted);
  const own = decideLayers(layers, asked);
  return own.decision === 'deny' ? own : allowed(admitted);
}

function actionsOf(call: AssumeRole): string[] {
  return [
    'sts:AssumeRole',
    ...(Object.keys(call.tags ?? {}).length === 0 ? [] : ['sts:TagSession']),
    ...(call.sourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
  ];
}

function contextOf(call: AssumeRole): RequestContext {
  const tags = Object.entries(call.tags ?? {});
  return {
    ...call.context,
    'sts:RoleSessionName': call.roleSessionName,
    ...(call.externalId === undefined ? {} : { 'sts:ExternalId': call.externalId }),
    ...(call.sourceIdentity === undefined ? {} : { 'sts:SourceIdentity': call.sourceIdentity }),
    ...(call.transitiveTagKeys === undefined ? {} : { 'sts:TransitiveTagKeys': call.transitiveTagKeys }),
    ...(tags.length === 0 ? {} : { 'aws:TagKeys': tags.map(([key]) => key) }),
    ...Object.fromEntries(tags.map(([key, value]) => [`aws:RequestTag/${key}`, value])),
  };
}
