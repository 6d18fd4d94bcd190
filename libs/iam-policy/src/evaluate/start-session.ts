import type { Decision } from './decision.ts';
import { evaluate, type CallerPolicies } from './evaluate.ts';
import type { Principal, RequestContext, Resource } from './facts.ts';

/** The document that opens an interactive shell; used when a call names none. */
export const defaultSessionDocument = 'SSM-SessionManagerRunShell';

export interface StartSession extends CallerPolicies {
  readonly principal: Principal;
  /** The instance, managed instance or task, with its tags. */
  readonly target: Resource;
  /** ARN of the document that the call names; undefined when it names none. */
  readonly documentArn: string | undefined;
  /** ARN of the account's default document in the target's region. */
  readonly defaultDocumentArn: string;
  /**
   * What AWS does with a call that names no document; both are documented. `checked`: the default document must be
   * allowed as any other. `legacy`: it need not be, unless the policy demands `ssm:SessionDocumentAccessCheck`.
   */
  readonly unnamedDocument: 'checked' | 'legacy';
  readonly context: RequestContext;
}

/**
 * Whether a StartSession call is allowed: target and document are authorised separately and both must be allowed.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-default-session-document.html
 */
export function evaluateStartSession(call: StartSession): Decision {
  if (call.documentArn === undefined && call.unnamedDocument === 'legacy') {
    const unasked = authorise(call, [call.target], false);
    if (unasked.decision === 'allow' || unasked.kind !== 'implicit-deny') return unasked;
  }
  return authorise(call, [call.target, { arn: call.documentArn ?? call.defaultDocumentArn }], true);
}

function authorise(call: StartSession, resource: readonly Resource[], documentChecked: boolean): Decision {
  const { principal, identityPolicies, boundary, sessionPolicy } = call;
  return evaluate({
    principal,
    identityPolicies,
    ...(boundary === undefined ? {} : { boundary }),
    ...(sessionPolicy === undefined ? {} : { sessionPolicy }),
    request: {
      action: 'ssm:StartSession',
      resource,
      context: { ...call.context, 'ssm:SessionDocumentAccessCheck': documentChecked },
    },
  });
}
