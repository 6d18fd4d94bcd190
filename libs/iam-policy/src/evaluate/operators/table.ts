import { arnLike } from './arn.ts';
import { bool } from './bool.ts';
import {
  dateEquals,
  dateGreaterThan,
  dateGreaterThanEquals,
  dateLessThan,
  dateLessThanEquals,
} from './date.ts';
import { ipAddress } from './ip-address.ts';
import {
  numericEquals,
  numericGreaterThan,
  numericGreaterThanEquals,
  numericLessThan,
  numericLessThanEquals,
} from './number.ts';
import { negative, positive, type Operator } from './operator.ts';
import { stringEquals, stringEqualsIgnoreCase, stringLike } from './string.ts';

/**
 * Every operator this evaluator knows, but `Null`, which asks for presence and not for a value.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export const operators: ReadonlyMap<string, Operator> = new Map([
  ['StringEquals', positive(stringEquals)],
  ['StringNotEquals', negative(stringEquals)],
  ['StringEqualsIgnoreCase', positive(stringEqualsIgnoreCase)],
  ['StringNotEqualsIgnoreCase', negative(stringEqualsIgnoreCase)],
  ['StringLike', positive(stringLike)],
  ['StringNotLike', negative(stringLike)],
  ['NumericEquals', positive(numericEquals)],
  ['NumericNotEquals', negative(numericEquals)],
  ['NumericLessThan', positive(numericLessThan)],
  ['NumericLessThanEquals', positive(numericLessThanEquals)],
  ['NumericGreaterThan', positive(numericGreaterThan)],
  ['NumericGreaterThanEquals', positive(numericGreaterThanEquals)],
  ['DateEquals', positive(dateEquals)],
  ['DateNotEquals', negative(dateEquals)],
  ['DateLessThan', positive(dateLessThan)],
  ['DateLessThanEquals', positive(dateLessThanEquals)],
  ['DateGreaterThan', positive(dateGreaterThan)],
  ['DateGreaterThanEquals', positive(dateGreaterThanEquals)],
  ['Bool', positive(bool)],
  ['IpAddress', positive(ipAddress)],
  ['NotIpAddress', negative(ipAddress)],
  ['ArnEquals', positive(arnLike)],
  ['ArnLike', positive(arnLike)],
  ['ArnNotEquals', negative(arnLike)],
  ['ArnNotLike', negative(arnLike)],
]);
