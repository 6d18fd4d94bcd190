/**
 * Condition keys this evaluator knows, lower-case. A misspelt key would silently be absent from every request, which
 * makes negated and IfExists operators hold, so a key outside these lists makes the whole policy unsupported.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/ (read 2026-09)
 */
const singleValued = new Set([
  'aws:currenttime',
  'aws:epochtime',
  'aws:tokenissuetime',
  'aws:multifactorauthpresent',
  'aws:multifactorauthage',
  'aws:principalaccount',
  'aws:principalarn',
  'aws:principalisawsservice',
  'aws:principalorgid',
  'aws:principalservicename',
  'aws:principaltype',
  'aws:requestedregion',
  'aws:resourceaccount',
  'aws:securetransport',
  'aws:sourceaccount',
  'aws:sourcearn',
  'aws:sourceidentity',
  'aws:sourceip',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:useragent',
  'aws:userid',
  'aws:username',
  'aws:viaawsservice',
  'aws:vpcsourceip',
  'ec2:osuser',
  'iam:permissionsboundary',
  'kms:messagetype',
  'kms:requestalias',
  'kms:signingalgorithm',
  's3:if-none-match',
  's3:prefix',
  'ssm:accessrequestid',
  'ssm:sessiondocumentaccesscheck',
  'sts:externalid',
  'sts:rolesessionname',
  'sts:sourceidentity',
]);

const multivalued = new Set([
  'aws:calledvia',
  'aws:principalorgpaths',
  'aws:tagkeys',
  'kms:encryptioncontextkeys',
  'kms:resourcealiases',
  'sts:transitivetagkeys',
]);

/** Followed by a tag key or an encryption-context key. */
const families = [
  'aws:principaltag/',
  'aws:requesttag/',
  'aws:resourcetag/',
  'ec2:resourcetag/',
  'ssm:resourcetag/',
  'kms:encryptioncontext:',
];

/** Whether a key has one value or several, or undefined for a key this evaluator does not know. */
export function cardinalityOf(key: string): 'one' | 'several' | undefined {
  const lower = key.toLowerCase();
  if (multivalued.has(lower)) return 'several';
  const named = families.some((family) => lower.startsWith(family) && lower.length > family.length);
  return named || singleValued.has(lower) ? 'one' : undefined;
}
