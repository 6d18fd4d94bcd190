/** A value handed to a renderer does not have its form. Policies are never rendered from unchecked text. */
export class PolicyInputError extends Error {
  readonly field: string;

  constructor(field: string, message: string) {
    super(`${field} ${message}`);
    this.name = 'PolicyInputError';
    this.field = field;
  }
}

const forms = {
  /** `grt_` and a ULID, the same literal everywhere. */
  grantId: /^grt_[0-7][0-9A-HJKMNP-TV-Z]{25}$/,
  personId: /^prs_[0-7][0-9A-HJKMNP-TV-Z]{25}$/,
  accountId: /^\d{12}$/,
  region: /^[a-z]{2,4}(-[a-z]+)+-\d$/,
  partition: /^aws(-[a-z]+){0,2}$/,
  /** An instance of EC2, or a node outside it. */
  instanceId: /^(?:i-[0-9a-f]{8,17}|mi-[0-9a-f]{17})$/,
  documentName: /^jit-[a-z0-9-]{1,60}$/,
  /** What IAM calls an RDS instance, cluster or proxy. */
  rdsResourceId: /^((db|cluster)-[A-Z0-9]{8,40}|prx-[a-z0-9]{8,40})$/,
  /** Roles that leases may sign in as are named for it: never the owner of a database. */
  databaseUser: /^jit_\w{1,28}$/,
  roleArn: /^arn:aws(?:-[a-z]+){0,2}:iam::\d{12}:role(\/[\w+=,.@-]+)+$/,
  policyArn: /^arn:aws(?:-[a-z]+){0,2}:iam::\d{12}:policy(\/[\w+=,.@-]+)+$/,
  keyArn: /^arn:aws(?:-[a-z]+){0,2}:kms:[a-z0-9-]+:\d{12}:key\/(?:[0-9a-f-]{36}|mrk-[0-9a-f]{32})$/,
  /** Of a key that tokens are signed with. */
  signingAlias: /^alias\/sallyport-signing-[a-z][a-z0-9-]{0,39}$/,
  logGroupArn: /^arn:aws(?:-[a-z]+){0,2}:logs:[a-z0-9-]+:\d{12}:log-group:[\w./#-]{1,512}$/,
  logObjectArn: /^arn:aws(?:-[a-z]+){0,2}:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/[\w./=-]*\*$/,
  bucketArn: /^arn:aws(?:-[a-z]+){0,2}:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  externalId: /^[\w+=,.@:/-]{2,1224}$/,
  organisationId: /^o-[a-z0-9]{10,32}$/,
  service: /^[a-z0-9-]+\.amazonaws\.com(\.cn)?$/,
  team: /^[\w.:/=+@-]{1,128}$/,
  tagKey: /^(?!aws:)[\w.:/=+@-]{1,128}$/,
  tagValue: /^[\w .:/=+@-]{1,256}$/,
  osUser: /^[a-z_][a-z0-9_-]{0,31}$/,
  /** Whom a session runs as: never whom the role's trust refuses. */
  runAs: /^(?!(?:root|toor|ssm-user)$)[a-z_][a-z0-9_-]{0,31}$/,
} as const;

/** Gives a value back when it has the form of its field. Throws PolicyInputError. The value is not repeated. */
export function checked(field: keyof typeof forms, value: string): string {
  if (typeof value !== 'string' || !forms[field].test(value)) {
    throw new PolicyInputError(field, 'does not have its form');
  }
  return value;
}

/** Gives a list back when it is not empty and each entry has the form. Throws PolicyInputError. */
export function checkedAll(field: keyof typeof forms, values: readonly string[]): string[] {
  if (values.length === 0) throw new PolicyInputError(field, 'is missing');
  return values.map((value) => checked(field, value));
}

/** Gives a tag map back when its keys and values cannot be read as patterns or variables. Throws PolicyInputError. */
export function checkedTags(tags: Readonly<Record<string, string>>): [key: string, value: string][] {
  return Object.entries(tags).map(([key, value]) => [checked('tagKey', key), checked('tagValue', value)]);
}
