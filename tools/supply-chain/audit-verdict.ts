/** What the gate makes of one answer of `npm audit --json`. */
export type AuditVerdict =
  | { readonly kind: 'clear'; readonly lines: readonly string[] }
  | { readonly kind: 'blocked'; readonly lines: readonly string[] }
  | { readonly kind: 'not answered'; readonly lines: readonly string[] };

export interface AuditPolicy {
  /** Severities that close the gate. */
  readonly blocking: readonly string[];
  /** Advisories looked at and accepted until a date, with the reason. */
  readonly accepted: readonly { advisory: string; until: string; reason: string }[];
}

interface Report {
  readonly vulnerabilities?: Readonly<
    Record<string, { readonly severity: string; readonly via: readonly (string | Advisory)[] }>
  >;
  readonly statusCode?: number;
  readonly message?: string;
  readonly error?: { readonly code?: string; readonly summary?: string };
}

interface Advisory {
  readonly url: string;
  readonly title: string;
  readonly severity: string;
  readonly name: string;
}

/**
 * Judges the output of `npm audit --json`. A registry that does not serve advisories gives "not answered", by name:
 * a skip that nobody sees would look like a pass.
 * @param today ISO date, against which acceptances lapse.
 */
export function auditVerdict(output: string, policy: AuditPolicy, today: string): AuditVerdict {
  const report = parseReport(output);
  if (report?.vulnerabilities === undefined) {
    const why = report?.error?.code ?? report?.statusCode ?? 'no report';
    return { kind: 'not answered', lines: [`npm audit: not answered by the registry (${why})`] };
  }
  const advisories = new Map<string, Advisory>();
  for (const { via } of Object.values(report.vulnerabilities)) {
    for (const cause of via) if (typeof cause !== 'string') advisories.set(cause.url, cause);
  }
  const blocking = [...advisories.values()].filter(
    ({ url, severity }) =>
      policy.blocking.includes(severity) &&
      !policy.accepted.some(({ advisory, until }) => url.endsWith(advisory) && today <= until),
  );
  const lines = blocking.map(({ severity, name, title, url }) => `${severity}: ${name}: ${title} (${url})`);
  const summary = `npm audit: ${advisories.size} advisories, ${blocking.length} blocking`;
  return { kind: blocking.length === 0 ? 'clear' : 'blocked', lines: [...lines, summary] };
}

function parseReport(output: string): Report | undefined {
  try {
    return JSON.parse(output) as Report;
  } catch {
    // Some registries answer with a page; npm then prints no JSON.
    return undefined;
  }
}
