import { fromIni } from '@aws-sdk/credential-providers';

/** How the SDK asks for credentials. */
export type CredentialProvider = ReturnType<typeof fromIni>;

export const principalNames = ['issuer', 'revoker', 'inventory', 'provisioner'] as const;
export type PrincipalName = (typeof principalNames)[number];
/**
 * Whoever calls AWS has a profile of the SDK: the principals; the signer, which calls KMS alone; and the two of the bucket
 * of recordings, one that puts and one that reads.
 */
export type ProfileName = PrincipalName | 'signer' | 'recorder' | 'reader';

/** A call that takes longer is given up; AWS's own answers come within a second. */
const timeouts = { connectionTimeout: 2_000, requestTimeout: 8_000 };

/** Reads are safe to repeat; what changes something is sent once and reported honestly. */
export const attempts = { reading: 3, changing: 1 } as const;

/** The credentials of a principal: the SDK's profile of that name and nothing else. */
export function profileCredentials(principal: ProfileName): CredentialProvider {
  return fromIni({ profile: `sallyport-${principal}` });
}

/** What every client is made with. The endpoint comes from the SDK's own settings (AWS_ENDPOINT_URL, the profile). */
export function clientSettings(given: {
  readonly principal: PrincipalName;
  readonly region: string;
  readonly credentials?: CredentialProvider;
  readonly maxAttempts: number;
}) {
  return {
    region: given.region,
    profile: `sallyport-${given.principal}`,
    credentials: given.credentials ?? profileCredentials(given.principal),
    maxAttempts: given.maxAttempts,
    requestHandler: timeouts,
  };
}
