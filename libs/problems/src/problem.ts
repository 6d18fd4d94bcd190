import { catalogue, type ProblemCode } from './catalogue.ts';
import { kinds, type ProblemKind } from './kind.ts';

/** What varies from one occurrence of a problem to the next. Never put a secret or a foreign message here. */
export interface Occurrence {
  /** What happened this time, in one sentence. */
  readonly detail?: string;
  /** Fields that are wrong, for kind `invalid`. */
  readonly errors?: readonly FieldError[];
  readonly retryAfterSeconds?: number;
  /** Further members of the problem document, such as `endReason`. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** A catalogued refusal or failure (RFC 9457 is its form over HTTP). */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly kind: ProblemKind;
  readonly title: string;
  readonly advice: string;
  readonly status: number;
  readonly exitCode: number;
  readonly occurrence: Occurrence;

  constructor(code: ProblemCode, occurrence: Occurrence = {}) {
    const entry = catalogue[code];
    super(occurrence.detail ?? entry.title, { cause: occurrence.cause });
    this.name = 'Problem';
    this.code = code;
    this.kind = entry.kind;
    this.title = entry.title;
    this.advice = entry.advice;
    this.status = 'status' in entry ? entry.status : kinds[entry.kind].status;
    this.exitCode = kinds[entry.kind].exit;
    this.occurrence = occurrence;
  }

  get detail(): string {
    return this.occurrence.detail ?? this.title;
  }
}

/** A problem as it goes over HTTP. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly kind: ProblemKind;
  readonly advice: string;
  readonly instance?: string;
  readonly errors?: readonly FieldError[];
  readonly retryAfterSeconds?: number;
  readonly [extension: string]: unknown;
}

/** The RFC 9457 document of a problem; `instance` is the id of the request. */
export function toDocument(problem: Problem, instance?: string): ProblemDocument {
  const { errors, retryAfterSeconds, extensions } = problem.occurrence;
  return {
    ...extensions,
    type: `/docs/problems/${problem.code}`,
    title: problem.title,
    status: problem.status,
    detail: problem.detail,
    code: problem.code,
    kind: problem.kind,
    advice: problem.advice,
    ...(instance === undefined ? {} : { instance }),
    ...(errors === undefined ? {} : { errors }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

/** Reads a document back; undefined when the body is not one. An unknown code keeps its kind, title and advice. */
export function isProblemDocument(body: unknown): body is ProblemDocument {
  const document = body as ProblemDocument | null;
  return (
    typeof document === 'object' &&
    document !== null &&
    typeof document.code === 'string' &&
    typeof document.title === 'string' &&
    typeof document.kind === 'string' &&
    Object.hasOwn(kinds, document.kind)
  );
}
