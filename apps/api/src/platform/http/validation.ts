import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { Problem, type FieldError } from '@sallyport/problems';

/** Checks request classes; what they do not name is refused, so a misspelt field is not silently dropped. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) =>
      new Problem('INPUT_INVALID', { errors: errors.flatMap((error) => fields(error)) }),
  });
}

function fields(error: ValidationError, parent = ''): FieldError[] {
  const field = parent === '' ? error.property : `${parent}.${error.property}`;
  const own = Object.values(error.constraints ?? {}).map((message) => ({ field, message }));
  return [...own, ...(error.children ?? []).flatMap((child) => fields(child, field))];
}
