/** One line of the block: names that lead to an address. */
export interface HostsEntry {
  readonly address: string;
  readonly names: readonly string[];
}

const beginOf = (owner: string) => `# sallyport ${owner} begin (removed when the tunnel ends)`;
const endOf = (owner: string) => `# sallyport ${owner} end`;
const begins = /^# sallyport (sally\d+) begin\b/;

/**
 * The text of /etc/hosts with the block of `owner` (a device's name) replaced by these entries, or taken out when there are none. Every other
 * byte stays as it is. A block whose end is missing (somebody edited it) ends before the first line that is not of our form.
 */
export function withBlock(text: string, owner: string, entries: readonly HostsEntry[]): string {
  const rest = without(text, (found) => found === owner);
  if (entries.length === 0) return rest;
  const joined = rest === '' || rest.endsWith('\n') ? rest : `${rest}\n`;
  const glue = joined === rest ? '' : glued;
  const lines = entries.map(({ address, names }) => `${address} ${names.join(' ')}`);
  return `${joined}${[`${beginOf(owner)}${glue}`, ...lines, endOf(owner)].join('\n')}\n`;
}

/** Added to the first line when the file had no newline at its end, so that taking the block out gives the very same bytes back. */
const glued = ' (+newline)';

/** The text without any block of ours. */
export function withoutBlocks(text: string): string {
  return without(text, () => true);
}

/** The devices whose blocks are in the text. */
export function blockOwners(text: string): string[] {
  return text.split('\n').flatMap((line) => begins.exec(line)?.[1] ?? []);
}

const ownForm = /^[0-9a-f:.]+ [a-z0-9_.-]+( [a-z0-9_.-]+)*$/;

function without(text: string, isMeant: (owner: string) => boolean): string {
  const kept: string[] = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!;
    const owner = begins.exec(line)?.[1];
    if (owner === undefined || !isMeant(owner)) {
      kept.push(line);
      continue;
    }
    while (ownForm.test(lines[at + 1] ?? '')) at += 1;
    if (lines[at + 1] === endOf(owner)) at += 1;
    // The newline that was put before the block goes with it; it stays when somebody wrote below meanwhile.
    if (line.endsWith(glued) && at + 1 === lines.length - 1 && lines[at + 1] === '') at += 1;
  }
  return kept.join('\n');
}
