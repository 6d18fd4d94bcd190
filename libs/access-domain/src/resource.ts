import type { ResourceId } from './ids.ts';

/** A resource as other things mention it. */
export interface ResourceRef {
  readonly id: ResourceId;
  readonly name: string;
  readonly kind: 'database' | 'port' | 'cluster' | 'ssh' | 'shell' | 'subnet';
}

/** A resource with what decisions about it rest on. */
export interface OfferedResource extends ResourceRef {
  readonly environment: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Why it cannot be connected to, or null. */
  readonly notConnectable: string | null;
  /** Nothing holds those who reach it to it: they reach everything that its gateway reaches. */
  readonly reachesEverything?: boolean;
  /** Its sessions are encrypted with a KMS key from end to end; ports never are. */
  readonly encrypted?: boolean;
  /** What it shows can be recorded by the client for auditors: shells and commands, where the auditors have a key. */
  readonly clientRecordable?: boolean;
}
