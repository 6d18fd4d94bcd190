/**
 * Replaces `{{ name }}` in every text of a document's value by the caller's parameter or the document's default, as
 * the agent does: by name into the document's own text, and nothing is merged. An unknown name stays as it stands.
 *
 * @param parameters what the caller sent; a list is joined with commas.
 */
export function substitute(
  value: unknown,
  declared: Readonly<Record<string, { readonly default?: string | undefined }>>,
  parameters: Readonly<Record<string, readonly string[]>>,
): unknown {
  if (typeof value === 'string')
    return value.replace(/\{\{\s*([A-Za-z0-9_-]+)\s*\}\}/g, (whole, name: string) => {
      if (!Object.hasOwn(declared, name)) return whole;
      const given = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
      return given?.join(',') ?? declared[name]?.default ?? whole;
    });
  if (Array.isArray(value)) return value.map((entry) => substitute(entry, declared, parameters));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [key, substitute(entry, declared, parameters)]),
    );
  return value;
}
