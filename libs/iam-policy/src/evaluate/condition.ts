import { cardinalityOf } from './condition-keys.ts';
import type { Fact, Facts } from './facts.ts';
import { readBool } from './operators/bool.ts';
import type { Matcher } from './operators/operator.ts';
import { operators } from './operators/table.ts';
import { allHold, anyHolds, fitsOneOf, Unsupported, type Holds } from './outcome.ts';

/** One operator and key with their values, ready to be judged. */
export type Condition = (facts: Facts) => Holds;

type Quantifier = 'single' | 'ForAllValues' | 'ForAnyValue';

/**
 * Reads one line of a Condition block. Throws Unsupported for an operator, key or value outside this evaluator.
 * @param name such as `StringEquals`, `ForAllValues:StringLike`, `BoolIfExists`, `Null`.
 */
export function readCondition(name: string, key: string, values: readonly string[]): Condition {
  const cardinality = cardinalityOf(key);
  if (cardinality === undefined) throw new Unsupported(`condition key ${key}`);
  if (name === 'Null') return readNull(key, values);

  const { quantifier, operatorName, ifExists } = readOperatorName(name);
  const operator = operators.get(operatorName);
  if (operator === undefined) throw new Unsupported(`condition operator ${name}`);
  if (quantifier === 'single' && cardinality === 'several') {
    throw new Unsupported(`${name} on ${key}, which has several values, without ForAllValues or ForAnyValue`);
  }
  const matchers = values.map((value) => operator.read(value));
  const { negated } = operator;
  return (facts) => {
    const fact = facts.get(key);
    if (fact === undefined) return whenAbsent(quantifier, negated, ifExists);
    return judge(fact, quantifier, (actual) => fitsEither(actual, matchers, negated, facts));
  };
}

function readOperatorName(name: string): {
  quantifier: Quantifier;
  operatorName: string;
  ifExists: boolean;
} {
  const match = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(name);
  if (match === null) throw new Unsupported(`condition operator ${name}`);
  return {
    quantifier: (match[1] as Quantifier | undefined) ?? 'single',
    operatorName: match[2] ?? '',
    ifExists: match[3] !== undefined,
  };
}

function fitsEither(actual: string, matchers: readonly Matcher[], negated: boolean, facts: Facts): Holds {
  return fitsOneOf(
    matchers.map((matcher) => matcher(actual, facts)),
    negated,
  );
}

function judge(fact: Fact, quantifier: Quantifier, holds: (actual: string) => Holds): Holds {
  // Several values for a key that should have one: which one counts is not ours to guess.
  if (quantifier === 'single') return fact.multivalued ? 'unknown' : holds(fact.values[0] ?? '');
  const parts = fact.values.map(holds);
  return quantifier === 'ForAllValues' ? allHold(parts) : anyHolds(parts);
}

/**
 * What AWS says of a key that the request does not have: ForAllValues holds, ForAnyValue does not, a negated operator
 * holds, any other does not; and IfExists always holds.
 */
function whenAbsent(quantifier: Quantifier, negated: boolean, ifExists: boolean): Holds {
  if (ifExists || quantifier === 'ForAllValues') return 'yes';
  if (quantifier === 'ForAnyValue') return 'no';
  return negated ? 'yes' : 'no';
}

/** `true`: the key must be absent; `false`: it must be there with a value. */
function readNull(key: string, values: readonly string[]): Condition {
  const wanted = values.map((value) => {
    const absent = readBool(value);
    if (absent === undefined) throw new Unsupported(`Null with ${value}`);
    return absent;
  });
  return (facts) => (wanted.includes(facts.get(key) === undefined) ? 'yes' : 'no');
}
