import { catalogue, kinds, type CatalogueEntry } from '../../libs/problems/src/index.ts';

/** One page per code, where a problem's `type` points, and an index. */
export function problemPages(): { name: string; text: string }[] {
  const codes = Object.entries(catalogue as Record<string, CatalogueEntry>).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const pages = codes.map(([code, entry]) => ({ name: `${code}.md`, text: page(code, entry) }));
  const rows = codes.map(([code, { kind, title }]) => `| [${code}](${code}.md) | ${kind} | ${title} |`);
  const index = [
    '# Problems',
    '',
    '| code | kind | what happened |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
  return [...pages, { name: 'README.md', text: index }];
}

function page(code: string, entry: CatalogueEntry): string {
  const kind = kinds[entry.kind];
  return [
    `# ${code}`,
    '',
    entry.title,
    '',
    `**What to do.** ${entry.advice}`,
    '',
    '| kind | meaning | HTTP status | exit code of `tunnel` |',
    '| --- | --- | --- | --- |',
    `| ${entry.kind} | ${kind.meaning} | ${entry.status ?? kind.status} | ${kind.exit} |`,
    '',
  ].join('\n');
}
