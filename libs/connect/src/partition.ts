/** One of AWS's separate clouds, and the names its endpoints end in. */
export interface Partition {
  readonly id: string;
  /** Suffix of the usual endpoints. */
  readonly classic: string;
  /** Suffix of the endpoints that speak IPv4 and IPv6. */
  readonly dualStack: string;
  /** Whether the usual endpoints are the FIPS ones already (SSM's own endpoint rules say so of GovCloud). */
  readonly alwaysFips: boolean;
}

const partition = (id: string, classic: string, dualStack: string, alwaysFips = false): Partition => ({
  id,
  classic,
  dualStack,
  alwaysFips,
});

/** Regions of a partition and its suffixes (botocore's partitions.json, 2026-06); the last one takes what is left. */
const partitions: readonly (readonly [RegExp, Partition])[] = [
  [/^cn-/u, partition('aws-cn', 'amazonaws.com.cn', 'api.amazonwebservices.com.cn')],
  [/^us-gov-/u, partition('aws-us-gov', 'amazonaws.com', 'api.aws', true)],
  [/^us-iso-/u, partition('aws-iso', 'c2s.ic.gov', 'api.aws.ic.gov')],
  [/^us-isob-/u, partition('aws-iso-b', 'sc2s.sgov.gov', 'api.aws.scloud')],
  [/^eu-isoe-/u, partition('aws-iso-e', 'cloud.adc-e.uk', 'api.cloud-aws.adc-e.uk')],
  [/^us-isof-/u, partition('aws-iso-f', 'csp.hci.ic.gov', 'api.aws.hci.ic.gov')],
  [/^eusc-/u, partition('aws-eusc', 'amazonaws.eu', 'api.amazonwebservices.eu')],
  [/^/u, partition('aws', 'amazonaws.com', 'api.aws')],
];

/** Whether a text has the form of a region, so that it cannot change the host it becomes part of. */
export function isRegion(text: string): boolean {
  return text.length <= 32 && /^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/u.test(text);
}

/** The partition a region belongs to. */
export function partitionOf(region: string): Partition {
  const found = partitions.find(([regions]) => regions.test(region));
  if (!found) throw new RangeError('the last pattern fits every region');
  return found[1];
}

/** Whether a host name is in a domain of any partition, and so is AWS's to give out. */
export function isAwsHost(host: string): boolean {
  return partitions.some(([, { classic, dualStack }]) =>
    [classic, dualStack].some((suffix) => host === suffix || host.endsWith(`.${suffix}`)),
  );
}
