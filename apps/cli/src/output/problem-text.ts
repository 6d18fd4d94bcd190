import { entryOf, isProblemDocument, kinds, Problem, type ProblemKind } from '@sallyport/problems';
import { clean } from './text.ts';

/** A problem in the form every face of the command line needs, wherever it came from. */
export interface Trouble {
  readonly code: string;
  readonly kind: ProblemKind;
  readonly detail: string;
  readonly advice: string;
  readonly exitCode: number;
  readonly errors?: readonly { field: string; message: string }[];
  readonly retryAfterSeconds?: number;
  readonly instance?: string;
}

/** Any thrown thing as a problem; what is not catalogued is our own fault (INTERNAL_ERROR). */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof Problem) {
    const { errors, retryAfterSeconds, extensions } = error.occurrence;
    const { code, kind, detail, advice, exitCode } = error;
    const instance = typeof extensions?.['instance'] === 'string' ? extensions['instance'] : undefined;
    return { code, kind, detail, advice, exitCode, errors, retryAfterSeconds, instance };
  }
  const document = (error as { document?: unknown } | undefined)?.document;
  if (isProblemDocument(document)) {
    const { code, kind, detail, title, errors, retryAfterSeconds, instance } = document;
    const advice = document.advice ?? entryOf(code)?.advice ?? '';
    return {
      code,
      kind,
      detail: detail ?? title,
      advice,
      exitCode: kinds[kind].exit,
      errors,
      retryAfterSeconds,
      instance,
    };
  }
  const bug = new Problem('INTERNAL_ERROR', { cause: error });
  return { code: bug.code, kind: bug.kind, detail: bug.detail, advice: bug.advice, exitCode: bug.exitCode };
}

/**
 * What happened (with the code), why, what to do next. For example:
 *
 *     prod-rds: the gateway has not been online for 4 min (GATEWAY_OFFLINE)
 *     Ask an administrator, or try: tunnel doctor
 */
export function troubleText(trouble: Trouble): string {
  const lines = [`${clean(trouble.detail).replace(/\.$/u, '')} (${clean(trouble.code)})`];
  for (const { field, message } of trouble.errors ?? []) lines.push(`  ${clean(field)}: ${clean(message)}`);
  const wait = trouble.retryAfterSeconds;
  if (wait !== undefined) lines.push(`Try again in ${Math.max(1, Math.round(wait))} s.`);
  else if (trouble.advice) lines.push(clean(trouble.advice));
  if (trouble.kind === 'bug' && trouble.instance) lines.push(`Quote this id: ${clean(trouble.instance)}`);
  return lines.join('\n');
}
