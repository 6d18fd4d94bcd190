/** The IAM policy language as this library writes it. What it reads is `unknown` until the evaluator has checked it. */
export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: '*' | Readonly<Record<string, OneOrMore>>;
  readonly Action?: OneOrMore;
  readonly NotAction?: OneOrMore;
  readonly Resource?: OneOrMore;
  readonly NotResource?: OneOrMore;
  /** Operator, then key, then values: all keys must hold, one value suffices. */
  readonly Condition?: ConditionBlock;
}

export type OneOrMore = string | readonly string[];
export type ConditionBlock = Readonly<Record<string, Readonly<Record<string, OneOrMore>>>>;
