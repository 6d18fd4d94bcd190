import { z } from 'zod';

export const gatewaySearchForm = z.strictObject({
  accountId: z.string(),
  region: z.string(),
  /** Tags that an instance must carry. */
  selector: z.record(z.string(), z.string()),
  /** Nodes outside EC2, which Session Manager alone knows. */
  hybrid: z.boolean().optional(),
});
export type GatewaySearch = z.infer<typeof gatewaySearchForm>;

export const gatewayInstanceForm = z.strictObject({
  instanceId: z.string(),
  tags: z.record(z.string(), z.string()),
  /** `online`: its agent answers; `lost`: it runs and the agent does not; `stopped`: it does not run. */
  state: z.enum(['online', 'lost', 'stopped']),
  /** Availability zone, such as eu-west-1a; absent where AWS does not say. */
  zone: z.string().optional(),
});
export type GatewayInstance = z.infer<typeof gatewayInstanceForm>;

export const documentSearchForm = z.strictObject({
  accountId: z.string(),
  region: z.string(),
  name: z.string().regex(/^jit-/),
});
export type DocumentSearch = z.infer<typeof documentSearchForm>;

export const deployedDocumentForm = z.strictObject({ sha256: z.string(), active: z.boolean() }).nullable();
/** What AWS holds under the name of a document; null when nothing. */
export type DocumentAsDeployed = z.infer<typeof deployedDocumentForm>;

export const logGroupSearchForm = z.strictObject({
  accountId: z.string(),
  region: z.string(),
  name: z.string(),
});
export type LogGroupSearch = z.infer<typeof logGroupSearchForm>;

export const logGroupForm = z.strictObject({ encrypted: z.boolean() }).nullable();
/** What CloudWatch holds under the name of a log group, and whether a KMS key encrypts it; null when nothing. */
export type LogGroupAsDeployed = z.infer<typeof logGroupForm>;

export const bucketSearchForm = z.strictObject({
  accountId: z.string(),
  region: z.string(),
  name: z.string(),
});
export type BucketSearch = z.infer<typeof bucketSearchForm>;

export const bucketForm = z
  .strictObject({
    /** Null: S3 does not say. */
    encrypted: z.boolean().nullable(),
    /** By what name S3 refuses to say, such as AccessDenied. */
    refusal: z.string().nullable(),
  })
  .nullable();
/** What S3 holds under the name of a bucket; null when nothing. */
export type BucketAsDeployed = z.infer<typeof bucketForm>;

/** Sees instances and documents: what the inventory principal can do. */
export abstract class GatewayInventory {
  /** Instances that carry the tags, by id, terminated ones left out. Refuses with AWS_* codes. */
  abstract find(search: GatewaySearch): Promise<GatewayInstance[]>;
  /** The document by its name. Refuses with AWS_* codes. */
  abstract readDocument(search: DocumentSearch): Promise<DocumentAsDeployed>;
  /** The log group of a shell by its name. Refuses with AWS_* codes. */
  abstract readLogGroup(search: LogGroupSearch): Promise<LogGroupAsDeployed>;
  /** The bucket of a shell by its name. Refuses with AWS_* codes; that S3 tells this principal nothing of it is an answer. */
  abstract readBucket(search: BucketSearch): Promise<BucketAsDeployed>;
}
