import { readCondition, type Condition } from './condition.ts';
import { Unsupported } from './outcome.ts';
import { readPrincipals, type PrincipalTest } from './principal.ts';
import { readTemplate, type Template } from './template.ts';

/** A checked statement. */
export interface ReadStatement {
  readonly effect: 'Allow' | 'Deny';
  readonly sid: string | undefined;
  readonly index: number;
  readonly actions: Patterns;
  /** Undefined in a trust policy, whose resource is the role itself. */
  readonly resources: Patterns | undefined;
  /** Undefined in an identity policy, whose principal is whoever it hangs on. */
  readonly principals: PrincipalTest | undefined;
  readonly conditions: readonly Condition[];
}

export interface Patterns {
  readonly negated: boolean;
  readonly templates: readonly Template[];
}

export type PolicyUse = 'identity' | 'trust';

const elements = {
  identity: ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'],
  trust: ['Sid', 'Effect', 'Principal', 'Action', 'NotAction', 'Condition'],
} as const;

/** Checks a policy document. Throws Unsupported for whatever this evaluator does not know, anywhere in it. */
export function readPolicy(document: unknown, use: PolicyUse): ReadStatement[] {
  const policy = asRecord(document, 'policy');
  refuseOthers(policy, ['Version', 'Id', 'Statement'], 'policy');
  // Older versions do not know variables: the same text would mean something else.
  if (policy.Version !== '2012-10-17') throw new Unsupported('policy version');
  if (policy.Id !== undefined && typeof policy.Id !== 'string') throw new Unsupported('policy Id');
  const statements = Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement];
  if (statements.length === 0) throw new Unsupported('policy without statement');
  return statements.map((statement, index) => readStatement(statement, index, use));
}

function readStatement(value: unknown, index: number, use: PolicyUse): ReadStatement {
  const statement = asRecord(value, `statement ${index}`);
  refuseOthers(statement, elements[use], `statement ${index}`);
  const { Sid: sid, Effect: effect } = statement;
  if (sid !== undefined && typeof sid !== 'string') throw new Unsupported('Sid');
  if (effect !== 'Allow' && effect !== 'Deny') throw new Unsupported('Effect');
  return {
    effect,
    sid,
    index,
    actions: readPatterns(statement, 'Action', readActionPattern),
    resources: use === 'identity' ? readPatterns(statement, 'Resource', readResourcePattern) : undefined,
    principals: use === 'trust' ? readPrincipals(statement.Principal) : undefined,
    conditions: readConditions(statement.Condition),
  };
}

function readPatterns(
  statement: Record<string, unknown>,
  element: 'Action' | 'Resource',
  read: (text: string) => Template,
): Patterns {
  const plain = statement[element];
  const negated = statement[`Not${element}`];
  if ((plain === undefined) === (negated === undefined)) {
    throw new Unsupported(`${element} and Not${element} both or neither`);
  }
  const templates = asTexts(plain ?? negated, element).map(read);
  return { negated: plain === undefined, templates };
}

/** Action names have no variables and are compared without regard to case. */
function readActionPattern(text: string): Template {
  if (text !== '*' && !/^[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+$/.test(text)) throw new Unsupported(`action ${text}`);
  return readTemplate(text.toLowerCase(), 'wildcards');
}

function readResourcePattern(text: string): Template {
  if (text !== '*' && !/^arn:[^:]*:[^:]*:[^:]*:.+$/s.test(text)) throw new Unsupported(`resource ${text}`);
  return readTemplate(text, 'wildcards');
}

function readConditions(block: unknown): Condition[] {
  if (block === undefined) return [];
  return Object.entries(asRecord(block, 'Condition')).flatMap(([operator, keys]) =>
    Object.entries(asRecord(keys, operator)).map(([key, values]) =>
      readCondition(operator, key, asTexts(values, key, 'scalars')),
    ),
  );
}

/** A text or a list of texts, never empty; conditions may also hold plain numbers and booleans. */
export function asTexts(value: unknown, what: string, kind: 'texts' | 'scalars' = 'texts'): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw new Unsupported(`${what} without value`);
  return list.map((entry) => {
    if (typeof entry === 'string') return entry;
    if (kind === 'scalars' && (typeof entry === 'boolean' || Number.isFinite(entry))) return String(entry);
    throw new Unsupported(`${what} with a value that is no text`);
  });
}

export function asRecord(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Unsupported(`${what} that is no object`);
  }
  return value as Record<string, unknown>;
}

function refuseOthers(record: Record<string, unknown>, known: readonly string[], what: string): void {
  const other = Object.keys(record).find((key) => !known.includes(key));
  if (other !== undefined) throw new Unsupported(`${what} with element ${other}`);
}
