import { databaseUserOf, documentsByPurpose, pushedUserOf, type Resource } from '@sallyport/catalog';
import { previewLease } from '@sallyport/iam-policy';
import { sha256Hex } from '../../platform/aws/sha256.ts';

/** Literals that the renderer accepts, replaced by words afterwards: neither grant nor gateway is chosen yet. */
const grantStandIn = 'grt_00000000000000000000000000';
const instanceStandIn = 'i-00000000000000000';

/**
 * The session policy of a lease of a resource, for people to read before there is one; AWS would refuse its placeholders.
 * @param entry as seen by whoever would hold the lease.
 * @param instanceId the gateway, where one is known.
 */
export function sessionPolicyShown(entry: Resource, documentName: string, instanceId: string | null): object {
  const policy = previewLease({
    grantId: grantStandIn,
    accountId: entry.account.id,
    region: entry.region,
    instanceId: instanceId ?? instanceStandIn,
    documentName,
    databaseUser: databaseUserOf(entry),
    osUser: pushedUserOf(entry),
    keyArn: entry.shell?.keyArn ?? null,
  });
  const text = JSON.stringify(policy)
    .replaceAll(grantStandIn, '${grant id}')
    .replaceAll(instanceStandIn, '${gateway chosen by its tags}');
  return JSON.parse(text) as object;
}

/** The Session documents that a grant of a resource leads through, with what each is for; none of what is not connectable. */
export function documentsShown(entry: Resource) {
  if (!entry.connectable) return [];
  return documentsByPurpose(entry, sha256Hex).map(({ purpose, command, document: { name, sha256 } }) => ({
    ...{ purpose, command },
    ...{ name, sha256 },
  }));
}
