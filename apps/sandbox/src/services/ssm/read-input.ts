import type { z } from 'zod';
import { AwsError } from '../aws-error.ts';

/** Checks a call's members against their documented constraints. @throws AwsError `validation` in AWS's wording. */
export function readInput<T>(form: z.ZodType<T>, input: unknown): T {
  const read = form.safeParse(input);
  if (read.success) return read.data;
  const count = read.error.issues.length;
  const said = read.error.issues.map(({ path, message }) => {
    const name = path.join('.');
    return `Value at '${name.charAt(0).toLowerCase()}${name.slice(1)}' failed to satisfy constraint: ${message}`;
  });
  throw AwsError.common(
    'validation',
    `${count} validation error${count === 1 ? '' : 's'} detected: ${said.slice(0, 5).join('; ')}`,
  );
}
