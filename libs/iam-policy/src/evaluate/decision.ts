import type { Facts, Principal } from './facts.ts';
import { allHold, fitsOneOf, type Holds } from './outcome.ts';
import type { Patterns, ReadStatement } from './statement.ts';
import { fitsTemplate } from './template.ts';

export type Layer = 'identity' | 'boundary' | 'session' | 'trust';

/** Where a decision comes from. */
export interface StatementRef {
  readonly layer: Layer;
  /** Position of the policy among those of its layer, and of the statement in it, from 0. */
  readonly policy: number;
  readonly statement: number;
  readonly sid?: string;
}

export type Decision =
  | {
      readonly decision: 'allow';
      readonly kind: 'allowed';
      readonly why: string;
      readonly statement: StatementRef;
    }
  | {
      readonly decision: 'deny';
      readonly kind: 'explicit-deny' | 'implicit-deny' | 'unsupported';
      /** In the words of AWS: "because no session policy allows the ssm:StartSession action". */
      readonly why: string;
      readonly statement?: StatementRef;
      /** The resource that was refused, when a call names several. */
      readonly resource?: string;
    };

/** One request as statements see it. */
export interface Asked {
  readonly principal: Principal;
  readonly action: string;
  readonly resource: string;
  readonly facts: Facts;
}

/** The statements of one policy with their place. */
export interface PlacedPolicy {
  readonly layer: Layer;
  readonly position: number;
  readonly statements: readonly ReadStatement[];
}

/** Whether a statement speaks of the request and its conditions hold. */
export function applies(statement: ReadStatement, asked: Asked): Holds {
  const named = statement.principals?.(asked.principal) ?? 'caller';
  if (named === 'no') return 'no';
  return allHold([
    covers(statement.actions, asked.action.toLowerCase(), asked.facts),
    statement.resources === undefined ? 'yes' : covers(statement.resources, asked.resource, asked.facts),
    ...statement.conditions.map((condition) => condition(asked.facts)),
  ]);
}

function covers({ templates, negated }: Patterns, actual: string, facts: Facts): Holds {
  return fitsOneOf(
    templates.map((template) => fitsTemplate(actual, template, facts)),
    negated,
  );
}

/** The first Deny that holds, or that cannot be ruled out. */
export function firstDeny(policies: readonly PlacedPolicy[], asked: Asked): StatementRef | undefined {
  return firstWhere(
    policies,
    (statement) => statement.effect === 'Deny' && applies(statement, asked) !== 'no',
  );
}

/** The first Allow that holds for certain. */
export function firstAllow(policies: readonly PlacedPolicy[], asked: Asked): StatementRef | undefined {
  return firstWhere(
    policies,
    (statement) => statement.effect === 'Allow' && applies(statement, asked) === 'yes',
  );
}

function firstWhere(
  policies: readonly PlacedPolicy[],
  test: (statement: ReadStatement) => boolean,
): StatementRef | undefined {
  for (const { layer, position, statements } of policies) {
    const found = statements.find(test);
    if (found !== undefined) {
      const sid = found.sid === undefined ? {} : { sid: found.sid };
      return { layer, policy: position, statement: found.index, ...sid };
    }
  }
  return undefined;
}

const layerNames: Record<Layer, { an: string; no: string }> = {
  identity: { an: 'an identity-based policy', no: 'identity-based policy' },
  boundary: { an: 'a permissions boundary', no: 'permissions boundary' },
  session: { an: 'a session policy', no: 'session policy' },
  trust: { an: 'a resource-based policy', no: 'resource-based policy' },
};

export function explicitDeny(statement: StatementRef): Decision {
  const why = `with an explicit deny in ${layerNames[statement.layer].an}`;
  return { decision: 'deny', kind: 'explicit-deny', why, statement };
}

export function implicitDeny(layer: Layer, action: string): Decision {
  const why = `because no ${layerNames[layer].no} allows the ${action} action`;
  return { decision: 'deny', kind: 'implicit-deny', why };
}

export function unsupported(reason: string): Decision {
  return { decision: 'deny', kind: 'unsupported', why: `because it cannot be judged: ${reason}` };
}

export function allowed(statement: StatementRef): Decision {
  return {
    decision: 'allow',
    kind: 'allowed',
    why: `allowed by ${layerNames[statement.layer].an}`,
    statement,
  };
}
