import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a page's inline blocks hash to, in the form of a Content-Security-Policy source. */
export interface InlineHashes {
  readonly scripts: readonly string[];
  readonly styles: readonly string[];
}

// A tag may carry attributes, such as the `id="_R_"` of a hydration script; only `src` makes it not inline.
const inlineScript = /<script\b(?![^>]*\ssrc\s*=)[^>]*>([\s\S]*?)<\/script>/gi;
const inlineStyle = /<style\b[^>]*>([\s\S]*?)<\/style>/gi;

/** Hashes of every inline script and style in an HTML text. */
export function inlineHashes(html: string): InlineHashes {
  const of = (pattern: RegExp) =>
    [...html.matchAll(pattern)].map(([, body = '']) => source(body)).filter(Boolean);
  return { scripts: of(inlineScript), styles: of(inlineStyle) };
}

function source(body: string): string {
  return body === '' ? '' : `'sha256-${createHash('sha256').update(body, 'utf8').digest('base64')}'`;
}

/** The same over every HTML file below a folder, each hash once, sorted; none when the folder does not exist. */
export async function inlineHashesBelow(folder: string): Promise<InlineHashes> {
  const names = await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [] as string[];
    throw error;
  });
  const pages = names.filter((name) => name.endsWith('.html'));
  const found = await Promise.all(
    pages.map(async (name) => inlineHashes(await readFile(join(folder, name), 'utf8'))),
  );
  const once = (lists: readonly (readonly string[])[]) => [...new Set(lists.flat())].sort();
  return {
    scripts: once(found.map(({ scripts }) => scripts)),
    styles: once(found.map(({ styles }) => styles)),
  };
}
