import type { PolicyDocument } from '@sallyport/iam-policy';

/** Who signs a call, once the signature was found good. */
export interface Caller {
  readonly type: 'IAMUser' | 'AssumedRole';
  readonly account: string;
  /** ARN of the user or of the role session (`arn:aws:sts::...:assumed-role/ROLE/SESSION`). */
  readonly arn: string;
  /** What `aws:PrincipalArn` and trust policies see: the user, or the role behind the session. */
  readonly principalArn: string;
  /** `aws:userid`: `AIDA...` or `AROA...:SESSION`. */
  readonly userId: string;
  /** User name, or role session name: the beginning of session ids. */
  readonly name: string;
  readonly accessKeyId: string;
  /** Present when the call came with temporary credentials. */
  readonly session?: RoleSession;
}

/** What STS sealed into the token of temporary credentials. */
export interface RoleSession {
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly sessionPolicy?: PolicyDocument;
  readonly sourceIdentity?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly transitiveTagKeys: readonly string[];
}
