import { cardinalityOf } from './condition-keys.ts';
import type { Facts } from './facts.ts';
import { Unsupported, type Fit } from './outcome.ts';

const anyText = Symbol('any number of characters');
const oneCharacter = Symbol('one character');
type Token = string | typeof anyText | typeof oneCharacter;

/** A policy variable, with the value it takes when the request does not have the key. */
interface Variable {
  readonly key: string;
  readonly fallback: string | undefined;
}

type Part = { readonly token: Token } | { readonly variable: Variable };

/** Text of a policy with its wildcards and variables. The value of a variable is never read as a wildcard. */
export interface Template {
  readonly parts: readonly Part[];
}

/**
 * Reads `*`, `?` (when asked to) and `${...}`. Throws Unsupported for variables in another form.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export function readTemplate(text: string, wildcards: 'wildcards' | 'literal'): Template {
  const parts: Part[] = [];
  let at = 0;
  while (at < text.length) {
    if (text.startsWith('${', at)) {
      const end = text.indexOf('}', at);
      if (end < 0) throw new Unsupported(`policy variable without end in ${text}`);
      parts.push(readVariable(text.slice(at + 2, end)));
      at = end + 1;
      continue;
    }
    // Whole code points, so that ? stands for one character.
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    parts.push({ token: wildcards === 'wildcards' ? wildcardOf(character) : character });
    at += character.length;
  }
  return { parts };
}

function wildcardOf(character: string): Token {
  if (character === '*') return anyText;
  return character === '?' ? oneCharacter : character;
}

function readVariable(inner: string): Part {
  if (inner === '*' || inner === '?' || inner === '$') return { token: inner };
  const match = /^([a-zA-Z0-9-]+:[^\s,'${}]+)(?:\s*,\s*'([^'{}]*)')?$/.exec(inner);
  const key = match?.[1];
  if (key === undefined || cardinalityOf(key) !== 'one') {
    throw new Unsupported(`policy variable \${${inner}}`);
  }
  return { variable: { key, fallback: match?.[2] } };
}

/** Puts the request's values in place; undefined when one is missing. */
function resolve(template: Template, facts: Facts): Token[] | undefined {
  const tokens: Token[] = [];
  for (const part of template.parts) {
    if ('token' in part) {
      tokens.push(part.token);
      continue;
    }
    const fact = facts.get(part.variable.key);
    const value = fact === undefined ? part.variable.fallback : fact.values[0];
    if (value === undefined || fact?.multivalued === true) return undefined;
    tokens.push(...value);
  }
  return tokens;
}

/** Compares a text with a template, code point by code point. */
export function fitsTemplate(
  actual: string,
  template: Template,
  facts: Facts,
  letters: 'exact case' | 'any case' = 'exact case',
): Fit {
  const tokens = resolve(template, facts);
  if (tokens === undefined) return 'unresolved';
  const fold = (text: string) => (letters === 'any case' ? text.toLowerCase() : text);
  const wanted = tokens.map((token) => (typeof token === 'string' ? fold(token) : token));
  return matchTokens([...fold(actual)], wanted) ? 'yes' : 'no';
}

/** Glob matching without recursion: on a mismatch only the last `*` takes one character more, so it is O(n*m). */
function matchTokens(actual: readonly string[], wanted: readonly Token[]): boolean {
  let a = 0;
  let w = 0;
  let starAt = -1;
  let starTook = 0;
  while (a < actual.length) {
    const token = wanted[w];
    if (token === anyText) {
      starAt = w;
      starTook = a;
      w += 1;
    } else if (w < wanted.length && (token === oneCharacter || token === actual[a])) {
      a += 1;
      w += 1;
    } else if (starAt >= 0) {
      starTook += 1;
      a = starTook;
      w = starAt + 1;
    } else {
      return false;
    }
  }
  while (wanted[w] === anyText) w += 1;
  return w === wanted.length;
}
