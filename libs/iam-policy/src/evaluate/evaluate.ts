import {
  allowed,
  explicitDeny,
  firstAllow,
  firstDeny,
  implicitDeny,
  unsupported,
  type Asked,
  type Decision,
  type Layer,
  type PlacedPolicy,
} from './decision.ts';
import { factsOf, type Principal, type RequestContext, type Resource } from './facts.ts';
import { Unsupported } from './outcome.ts';
import { readPolicy } from './statement.ts';

/** The policies that hang on a caller. They are read as they come and need not be well-formed. */
export interface CallerPolicies {
  /** Policies of the user or role; one Allow among them suffices. */
  readonly identityPolicies: readonly unknown[];
  /** Absent: no boundary. */
  readonly boundary?: unknown;
  /** Absent: the session was made without one. */
  readonly sessionPolicy?: unknown;
}

export interface Request {
  /** For example `ssm:StartSession`. */
  readonly action: string;
  /** One or several concrete resources, each of which must be allowed; `*` for actions that know none. */
  readonly resource: string | Resource | readonly (string | Resource)[];
  /** Condition keys of the request, `aws:CurrentTime` among them; those of principal and tags are added here. */
  readonly context: RequestContext;
}

export interface Evaluation extends CallerPolicies {
  readonly principal: Principal;
  readonly request: Request;
}

/**
 * Decides as IAM does: an explicit Deny anywhere wins; else identity policies, boundary and session policy must each
 * allow each resource. Whatever is unknown (element, operator, key, version, form of a value) makes the answer deny.
 * Never throws.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function evaluate(evaluation: Evaluation): Decision {
  return failClosed(() => {
    const layers = readLayers(evaluation);
    const { principal, request } = evaluation;
    const resources = resourcesOf(request);
    let decision: Decision | undefined;
    for (const resource of resources) {
      const asked = ask(principal, request.action, resource, request.context);
      decision = decideLayers(layers, asked);
      if (decision.decision === 'deny') {
        return resources.length === 1 ? decision : { ...decision, resource: resource.arn };
      }
    }
    return decision ?? unsupported('a request without resource');
  });
}

/** What one layer of policies says, by itself. */
export type Layers = readonly (readonly [Layer, readonly PlacedPolicy[]])[];

/** Reads the policies of a caller, one entry per layer. Throws Unsupported. */
export function readLayers(policies: CallerPolicies): Layers {
  const read = (layer: Layer, documents: readonly unknown[]) =>
    [
      layer,
      documents.map((document, position) => ({
        layer,
        position,
        statements: readPolicy(document, 'identity'),
      })),
    ] as const;
  return [
    read('identity', policies.identityPolicies),
    ...(policies.boundary === undefined ? [] : [read('boundary', [policies.boundary])]),
    ...(policies.sessionPolicy === undefined ? [] : [read('session', [policies.sessionPolicy])]),
  ];
}

/** Explicit deny in any layer, then an allow in each. */
export function decideLayers(layers: Layers, asked: Asked): Decision {
  const denied = firstDeny(
    layers.flatMap(([, policies]) => policies),
    asked,
  );
  if (denied !== undefined) return explicitDeny(denied);
  let decision: Decision = implicitDeny('identity', asked.action);
  for (const [layer, policies] of layers) {
    const statement = firstAllow(policies, asked);
    if (statement === undefined) return implicitDeny(layer, asked.action);
    if (layer === 'identity') decision = allowed(statement);
  }
  return decision;
}

/** Checks the form of a request and gathers its facts. Throws Unsupported. */
export function ask(
  principal: Principal,
  action: string,
  resource: Resource,
  context: RequestContext,
): Asked {
  if (!/^[a-zA-Z0-9-]+:[a-zA-Z0-9]+$/.test(action)) throw new Unsupported('an action that is not concrete');
  // Asking about a pattern would answer for whatever part of it happens to be allowed.
  if (resource.arn !== '*' && !/^arn:[^*?]+$/.test(resource.arn)) {
    throw new Unsupported('a resource that is not concrete');
  }
  return { principal, action, resource: resource.arn, facts: factsOf(principal, action, resource, context) };
}

/** Runs a judgement; what cannot be judged is denied. */
export function failClosed(judge: () => Decision): Decision {
  try {
    return judge();
  } catch (error) {
    if (error instanceof Unsupported) return unsupported(error.message);
    throw error;
  }
}

function resourcesOf({ resource }: Request): Resource[] {
  const list = Array.isArray(resource) ? resource : [resource];
  return list.map((entry: string | Resource) => (typeof entry === 'string' ? { arn: entry } : entry));
}
