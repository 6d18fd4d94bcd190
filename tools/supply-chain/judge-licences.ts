/** A package with the licence it claims, as an SPDX expression or whatever its manifest says. */
export interface LicencedPackage {
  /** `name@version`. */
  readonly id: string;
  readonly licence: string | undefined;
}

export interface LicencePolicy {
  readonly allowed: readonly string[];
  /** For packages whose id begins so, one further licence, with the reason why it may be. */
  readonly exceptions: readonly { package: string; licence: string; reason: string }[];
}

export interface Finding {
  readonly id: string;
  readonly licence: string;
}

/** The packages whose licence is neither allowed nor excepted. What is unknown is a finding: silence is no consent. */
export function judgeLicences(packages: readonly LicencedPackage[], policy: LicencePolicy): Finding[] {
  return packages.flatMap(({ id, licence = 'UNKNOWN' }) => {
    const excepted = policy.exceptions.some(
      (exception) =>
        id.startsWith(exception.package) && isAllowed(licence, [exception.licence, ...policy.allowed]),
    );
    return excepted || isAllowed(licence, policy.allowed) ? [] : [{ id, licence }];
  });
}

/** Whether an SPDX expression can be met by allowed licences: one side of OR, every side of AND. */
function isAllowed(expression: string, allowed: readonly string[]): boolean {
  if (allowed.includes(expression)) return true;
  const inner = stripParentheses(expression.trim());
  const either = splitTop(inner, ' OR ');
  if (either.length > 1) return either.some((part) => isAllowed(part, allowed));
  const every = splitTop(inner, ' AND ');
  if (every.length > 1) return every.every((part) => isAllowed(part, allowed));
  return allowed.includes(inner);
}

function stripParentheses(text: string): string {
  if (!text.startsWith('(') || !text.endsWith(')')) return text;
  let depth = 0;
  for (const [at, character] of [...text].entries()) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth === 0 && at < text.length - 1) return text;
  }
  return stripParentheses(text.slice(1, -1).trim());
}

/** Splits at a word that stands outside of parentheses. */
function splitTop(text: string, word: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
    if (depth === 0 && text.startsWith(word, at)) {
      parts.push(text.slice(from, at));
      from = at + word.length;
    }
  }
  return [...parts, text.slice(from)];
}
