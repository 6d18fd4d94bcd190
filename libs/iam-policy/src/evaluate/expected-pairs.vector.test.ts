import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { evaluate, evaluateStartSession, type Principal, type RequestContext } from '../index.ts';

interface Pair {
  readonly says: string;
  readonly identity: readonly string[];
  readonly boundary?: string;
  readonly session?: string;
  readonly principal?: Partial<Principal>;
  readonly context?: RequestContext;
  readonly action?: string;
  readonly resource?: string | readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly start?: {
    readonly instance: string;
    readonly tags?: Readonly<Record<string, string>>;
    readonly document?: string;
    readonly unnamed?: 'checked' | 'legacy';
  };
  readonly expect: 'allow' | 'deny';
  readonly kind?: string;
}

const file = new URL('../../vectors/expected-pairs.yaml', import.meta.url);
const { policies, pairs }: { policies: Record<string, unknown>; pairs: readonly Pair[] } = parse(
  readFileSync(file, 'utf8'),
);

/** A policy of the table; a misspelt name must not stand for "none". */
function named(name: string): unknown {
  if (policies[name] === undefined) throw new Error(`the table has no policy ${name}`);
  return policies[name];
}

function decide(pair: Pair) {
  const principal: Principal = {
    arn: 'arn:aws:sts::111122223333:assumed-role/Example/someone',
    accountId: '111122223333',
    ...pair.principal,
  };
  const layers = {
    principal,
    identityPolicies: pair.identity.map(named),
    ...(pair.boundary === undefined ? {} : { boundary: named(pair.boundary) }),
    ...(pair.session === undefined ? {} : { sessionPolicy: named(pair.session) }),
  };
  const context = pair.context ?? {};
  if (pair.start !== undefined) {
    const { instance, tags, document, unnamed } = pair.start;
    return evaluateStartSession({
      ...layers,
      target: { arn: `arn:aws:ec2:us-east-1:111122223333:instance/${instance}`, tags },
      documentArn: document,
      defaultDocumentArn: 'arn:aws:ssm:us-east-1:111122223333:document/SSM-SessionManagerRunShell',
      unnamedDocument: unnamed ?? 'checked',
      context,
    });
  }
  const arns = [pair.resource ?? '*'].flat();
  const resource = arns.map((arn) => ({ arn, tags: pair.tags }));
  return evaluate({ ...layers, request: { action: pair.action ?? '', resource, context } });
}

it.each(pairs.map((pair) => [pair.says, pair] as const))('%s', (_, pair) => {
  const decision = decide(pair);
  expect(decision).toMatchObject({
    decision: pair.expect,
    kind: pair.kind ?? 'allowed',
  });
});

it('names every pair once and uses every policy', () => {
  expect(new Set(pairs.map(({ says, start }) => `${says} ${start?.unnamed ?? ''}`)).size).toBe(pairs.length);
  const used = new Set(pairs.flatMap(({ identity, boundary, session }) => [...identity, boundary, session]));
  expect(Object.keys(policies).filter((name) => !used.has(name))).toEqual([]);
});
