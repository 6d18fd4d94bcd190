/**
 * Decodes the form of the Query protocols into nested members: `Tags.member.1.Key=a` (STS) and `Filter.1.Value.2=b`
 * (EC2) become arrays by their numbers. Names that clash or numbers out of bounds are dropped.
 */
export function decodeForm(form: URLSearchParams): Record<string, unknown> {
  const root: Node = new Map();
  for (const [name, value] of form) {
    const path = name.split('.').filter((part) => part !== 'member');
    if (path.length > 8) continue;
    place(root, path, value);
  }
  return finish(root) as Record<string, unknown>;
}

type Node = Map<string, Node | string>;

function place(node: Node, path: readonly string[], value: string): void {
  const [first, ...rest] = path;
  if (first === undefined) return;
  if (rest.length === 0) {
    if (!node.has(first)) node.set(first, value);
    return;
  }
  const next = node.get(first) ?? new Map<string, Node | string>();
  if (typeof next === 'string') return;
  node.set(first, next);
  place(next, rest, value);
}

function finish(node: Node | string): unknown {
  if (typeof node === 'string') return node;
  const entries = [...node].map(([key, value]) => [key, finish(value)] as const);
  const numbered = entries.length > 0 && entries.every(([key]) => /^[1-9]\d{0,3}$/.test(key));
  if (numbered) return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, value]) => value);
  return Object.fromEntries(entries);
}
