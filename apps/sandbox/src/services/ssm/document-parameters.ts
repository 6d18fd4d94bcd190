import type { ParameterDeclaration } from '../../world/session-documents.ts';
import { AwsError } from '../aws-error.ts';

/** @throws AwsError `InvalidParameters` for an undeclared name and for a value its declaration does not admit. */
export function refuseParameters(
  declared: Readonly<Record<string, ParameterDeclaration>>,
  given: Readonly<Record<string, readonly string[]>>,
): void {
  for (const [name, values] of Object.entries(given)) {
    const declaration = Object.hasOwn(declared, name) ? declared[name] : undefined;
    if (declaration === undefined)
      throw AwsError.own('InvalidParameters', `Parameter "${name}" is not defined in the document.`);
    const { allowedPattern, allowedValues } = declaration;
    for (const value of values) {
      if (allowedPattern !== undefined && !new RegExp(allowedPattern).test(value))
        throw AwsError.own('InvalidParameters', `Parameter "${name}" does not match its allowed pattern.`);
      if (allowedValues !== undefined && !allowedValues.includes(value))
        throw AwsError.own('InvalidParameters', `Parameter "${name}" is not one of its allowed values.`);
    }
    if (declaration.type === 'String' && values.length !== 1)
      throw AwsError.own('InvalidParameters', `Parameter "${name}" takes one value.`);
  }
  const missing = Object.entries(declared).find(
    ([name, { default: value }]) => value === undefined && !Object.hasOwn(given, name),
  );
  if (missing !== undefined) throw AwsError.own('InvalidParameters', `Parameter "${missing[0]}" is missing.`);
}
