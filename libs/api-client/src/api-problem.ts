import {
  isProblemDocument,
  kinds,
  type FieldError,
  type ProblemDocument,
  type ProblemKind,
} from '@sallyport/problems';

/** A refusal or failure as the control plane told it. Branch on `code` or `kind`, never on text. */
export class ApiProblem extends Error {
  readonly document: ProblemDocument;

  constructor(document: ProblemDocument) {
    super(document.detail);
    this.name = 'ApiProblem';
    this.document = document;
  }
  get code(): string {
    return this.document.code;
  }
  get kind(): ProblemKind {
    return this.document.kind;
  }
  get title(): string {
    return this.document.title;
  }
  get detail(): string {
    return this.document.detail;
  }
  get advice(): string {
    return this.document.advice;
  }
  get status(): number {
    return this.document.status;
  }
  /** The id of the request, for a report. */
  get instance(): string | undefined {
    return this.document.instance;
  }
  get errors(): readonly FieldError[] {
    return this.document.errors ?? [];
  }
  get retryAfterSeconds(): number | undefined {
    return this.document.retryAfterSeconds;
  }
  /** What a command line ends with. */
  get exitCode(): number {
    return kinds[this.kind].exit;
  }
}

/** Reads a problem out of a parsed body; undefined when it is none. */
export function apiProblemOf(body: unknown): ApiProblem | undefined {
  return isProblemDocument(body) ? new ApiProblem(body) : undefined;
}
