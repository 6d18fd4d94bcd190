import { inAnyGroup, type Person } from './actor.ts';
import { limits } from './limits.ts';
import type { OfferedResource } from './resource.ts';

/** One rule, which favours or does not favour as a whole: no two policies together grant what neither grants alone. */
export interface AccessPolicy {
  readonly name: string;
  /** Which resources: every given condition must hold. */
  readonly resources: {
    readonly names?: readonly string[];
    readonly kinds?: readonly string[];
    readonly environments?: readonly string[];
    readonly tags?: Readonly<Record<string, string>>;
  };
  /** Groups whose members may ask. */
  readonly requesters: readonly string[];
  readonly approval: 'review' | 'automatic';
  /** Groups of which one member, never the requester, answers. */
  readonly reviewers: readonly string[];
  readonly longestSeconds: number;
  readonly defaultSeconds: number;
  readonly reasonRequired: boolean;
  readonly reasonExample: string;
  /** After which a request without an answer lapses. */
  readonly answerWithinSeconds: number;
  /** Admits a network whose far side holds nobody to it; the reviewer is shown so. */
  readonly everythingBehindGateway?: boolean;
  /** How the sessions of a grant must be kept; what cannot be kept so is not granted by this policy. */
  readonly demands?: SessionDemands;
  /** How grants are extended; null: never; left out: as they are granted, up to the longest grant. */
  readonly extension?: ExtensionRule | null;
}

/** What a policy demands of the sessions of its grants. */
export interface SessionDemands {
  /** Encrypted with a KMS key, on top of TLS. */
  readonly encryption: boolean;
  /** Recorded by the client, sealed to the auditors' key. */
  readonly clientRecording: boolean;
}

/** The approval rule and the budget of extensions. */
export interface ExtensionRule {
  /** What is approved by itself: so much at a time, so many times; null: a person answers each. */
  readonly automatic: { readonly longestSeconds: number; readonly times: number } | null;
  /** Groups of which one member, never the requester, answers the others. */
  readonly reviewers: readonly string[];
  /** From the grant's start to its last end. */
  readonly totalSecondsMax: number;
}

/** The rule of extensions, with what holds where the policy says nothing. */
export function extensionRuleOf(policy: AccessPolicy): ExtensionRule | null {
  if (policy.extension !== undefined) return policy.extension;
  const { approval, reviewers, longestSeconds } = policy;
  const automatic = approval === 'automatic' ? { longestSeconds, times: limits.extensionsMax } : null;
  return { automatic, reviewers, totalSecondsMax: longestSeconds };
}

/** The policies in force and the digest of their content. */
export interface PolicySet {
  readonly digest: string;
  readonly policies: readonly AccessPolicy[];
}

export function covers(policy: AccessPolicy, resource: OfferedResource): boolean {
  const { names, kinds, environments, tags } = policy.resources;
  return (
    (names?.includes(resource.name) ?? true) &&
    (kinds?.includes(resource.kind) ?? true) &&
    (environments?.includes(resource.environment) ?? true) &&
    Object.entries(tags ?? {}).every(([key, value]) => resource.tags[key] === value)
  );
}

/**
 * The policies that let this person ask for this resource, in the order of the file. A resource whose far side holds
 * nobody to it takes a policy that says so, and one that cannot be kept as a policy demands is not given by it.
 */
export function favouring(set: PolicySet, person: Person, resource: OfferedResource): AccessPolicy[] {
  return covering(set, person, resource).filter((policy) => hindrance(policy, resource) === undefined);
}

/** Why a policy that covers a resource does not let anybody have it as it is; undefined when it does. */
export function hindrance(
  policy: AccessPolicy,
  resource: OfferedResource,
): 'REQUEST_REACHES_EVERYTHING' | 'REQUEST_ENCRYPTION_DEMANDED' | 'REQUEST_RECORDING_DEMANDED' | undefined {
  if (resource.reachesEverything === true && policy.everythingBehindGateway !== true)
    return 'REQUEST_REACHES_EVERYTHING';
  if (policy.demands?.encryption === true && resource.encrypted !== true)
    return 'REQUEST_ENCRYPTION_DEMANDED';
  if (policy.demands?.clientRecording === true && resource.clientRecordable !== true)
    return 'REQUEST_RECORDING_DEMANDED';
  return undefined;
}

/** The policies that would let this person ask for it, were it held to what it names. */
export function covering(set: PolicySet, person: Person, resource: OfferedResource): AccessPolicy[] {
  return set.policies.filter((policy) => covers(policy, resource) && inAnyGroup(person, policy.requesters));
}

/** May the person know that the resource exists? Who may ask, review, administer or audit it may. */
export function maySee(set: PolicySet, person: Person, resource: OfferedResource): boolean {
  return (
    person.roles.includes('admin') ||
    person.roles.includes('auditor') ||
    covering(set, person, resource).length > 0 ||
    set.policies.some((policy) => covers(policy, resource) && inAnyGroup(person, policy.reviewers))
  );
}

export interface Wish {
  readonly durationSeconds: number;
  readonly reason: string;
}

/** Why a policy, taken whole, does not admit a wish; undefined when it does. */
export function objection(
  policy: AccessPolicy,
  wish: Wish,
): 'REQUEST_DURATION_TOO_LONG' | 'REASON_REQUIRED' | undefined {
  if (wish.durationSeconds > policy.longestSeconds) return 'REQUEST_DURATION_TOO_LONG';
  if (policy.reasonRequired && wish.reason.trim() === '') return 'REASON_REQUIRED';
  return undefined;
}

/** The policy to apply among those that favour: one that admits the wish by itself, an automatic one first. */
export function choosePolicy(policies: readonly AccessPolicy[], wish: Wish): AccessPolicy | undefined {
  const admitting = policies.filter((policy) => objection(policy, wish) === undefined);
  return admitting.find((policy) => policy.approval === 'automatic') ?? admitting[0];
}
