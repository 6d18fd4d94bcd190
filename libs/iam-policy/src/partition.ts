/**
 * The partitions of AWS: worlds apart, each with accounts, roles and ARNs of its own. A region's name tells which one
 * it belongs to (AWS General Reference, endpoints by partition).
 */
const partitionsByPrefix: readonly (readonly [prefix: string, partition: string])[] = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
  ['us-iso-', 'aws-iso'],
  ['us-isob-', 'aws-iso-b'],
  ['us-isof-', 'aws-iso-f'],
  ['eu-isoe-', 'aws-iso-e'],
  ['eusc-', 'aws-eusc'],
];

/** The partition that a region belongs to: `aws`, `aws-cn`, `aws-us-gov`, `aws-eusc`, ... */
export function partitionOf(region: string): string {
  return partitionsByPrefix.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'aws';
}
