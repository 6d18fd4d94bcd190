import type { Resource, SessionPolicy } from '@sallyport/api-client';
import type { Paint } from './paint.ts';
import { clean } from './text.ts';

/** What a document is for, in a word or two. */
function purposeText({ purpose, command }: SessionPolicy['documents'][number]): string {
  return command === null ? purpose : `${purpose} ${command}`;
}

/** The documents and the session policy of a resource, for a person. */
export function sessionPolicyText(shown: SessionPolicy, paint: Paint): string {
  const { resource, account, region, instanceId, document, documents, sessionPolicy } = shown;
  const facts: [string, string][] = [
    [
      'through',
      `${instanceId ?? 'a gateway that its tags choose'}, ${account.name} ${account.id}, ${region}`,
    ],
    ...documents.map((each, index): [string, string] => [
      index > 0 ? '' : documents.length > 1 ? 'documents' : 'document',
      `${each.name} (${purposeText(each)}), sha256 ${each.sha256}`,
    ]),
  ];
  const about =
    documents.length > 1
      ? `The policy of a lease for ${document.name}; a lease for another document names that one in its place.`
      : 'The policy of each lease, of 120 seconds at most.';
  return [
    paint.bold(clean(resource.name)),
    ...facts.map(([name, value]) => `  ${paint.dim(name.padEnd(12))}${clean(value)}`),
    '',
    clean(about),
    ...JSON.stringify(sessionPolicy, null, 2)
      .split('\n')
      .map((line) => `${/^ */u.exec(line)?.[0] ?? ''}${clean(line)}`),
  ].join('\n');
}

/** What `aws ssm start-session` is told beside the credentials of `tunnel creds`; nothing where those are not given away. */
export function awsCliLines({ documents = [], gateway, shell, network }: Resource): readonly string[] {
  if (gateway.instanceId === null || network || shell?.clientRecording === true) return [];
  const several = documents.length > 1;
  return documents.map(
    (document) =>
      `--target ${gateway.instanceId} --document-name ${document.name}${several ? ` (${purposeText(document)})` : ''}`,
  );
}
