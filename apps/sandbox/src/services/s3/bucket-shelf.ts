import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Effects } from '@sallyport/effects';
import { z } from 'zod';
import { limits } from '../../limits.ts';
import type { Bucket } from '../../world/world.ts';
import { AwsError } from '../aws-error.ts';

const dayMs = 86_400_000;

const versionForm = z.object({
  bucket: z.string(),
  key: z.string(),
  version: z.string(),
  bytes: z.int(),
  /** Hex. */
  sha256: z.string(),
  at: z.number(),
  retainUntil: z.number().nullable(),
  /** `removed` takes a version away; `hidden` is a delete marker over the others. */
  state: z.enum(['kept', 'hidden', 'removed']),
});
export type ObjectVersion = z.infer<typeof versionForm>;

/** A body that is not yet an object. */
export interface Arrived {
  readonly file: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/**
 * Objects of the buckets, in files; what there is stands in an index that is only added to. Versions of a locked bucket
 * cannot be removed before their time; when it is over the bucket's lifecycle has removed them.
 */
export class BucketShelf {
  readonly #folder: string;
  readonly #buckets: ReadonlyMap<string, Bucket>;
  readonly #effects: Effects;
  readonly #versions = new Map<string, ObjectVersion[]>();

  /** @param folder of the installation. */
  constructor(folder: string, buckets: ReadonlyMap<string, Bucket>, effects: Effects) {
    this.#folder = join(folder, 'objects');
    this.#buckets = buckets;
    this.#effects = effects;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const index = this.#index();
    const lines = existsSync(index) ? readFileSync(index, 'utf8').split('\n').filter(Boolean) : [];
    for (const line of lines) this.#remember(versionForm.parse(JSON.parse(line)));
  }

  /** Takes a body in. @throws AwsError when it is not what its caller declared. */
  async arrive(
    body: AsyncIterable<Uint8Array>,
    declared: { readonly bytes: number; readonly sha256: string; readonly checksum: string | undefined },
  ): Promise<Arrived> {
    if (declared.bytes > limits.objectBytesMax)
      throw AwsError.common('too-large', 'Your proposed upload exceeds the maximum allowed object size.');
    const file = join(this.#folder, `${this.#effects.random.uuid()}.part`);
    const hash = createHash('sha256');
    let bytes = 0;
    const out = createWriteStream(file, { flags: 'wx', mode: 0o600 });
    try {
      for await (const chunk of body) {
        bytes += chunk.length;
        if (bytes > declared.bytes) break;
        hash.update(chunk);
        if (!out.write(chunk)) await once(out, 'drain');
      }
      out.end();
      await once(out, 'finish');
      const digest = hash.digest();
      if (bytes !== declared.bytes)
        throw AwsError.own('IncompleteBody', 'You did not provide the number of bytes of the header.');
      if (digest.toString('hex') !== declared.sha256)
        throw AwsError.own(
          'XAmzContentSHA256Mismatch',
          "The provided 'x-amz-content-sha256' header does not match what was computed.",
        );
      if (declared.checksum !== undefined && digest.toString('base64') !== declared.checksum)
        throw AwsError.own('BadDigest', 'The SHA256 you specified did not match the calculated checksum.');
      return { file, bytes, sha256: declared.sha256 };
    } catch (error) {
      out.destroy();
      rmSync(file, { force: true });
      throw error;
    }
  }

  /** Makes an object of it, or nothing. @throws AwsError `PreconditionFailed` when it is to be the first and is not. */
  put(bucket: Bucket, key: string, arrived: Arrived, onlyFirst: boolean): ObjectVersion {
    if (onlyFirst && this.current(bucket, key) !== undefined) {
      rmSync(arrived.file, { force: true });
      throw AwsError.own(
        'PreconditionFailed',
        'At least one of the pre-conditions you specified did not hold',
        412,
      );
    }
    const at = this.#effects.clock.now();
    const version: ObjectVersion = {
      bucket: bucket.name,
      key,
      version: this.#effects.random.uuid().replaceAll('-', ''),
      bytes: arrived.bytes,
      sha256: arrived.sha256,
      at,
      retainUntil: bucket.lockDays === undefined ? null : at + bucket.lockDays * dayMs,
      state: 'kept',
    };
    renameSync(arrived.file, this.fileOf(version));
    this.#add(version);
    return version;
  }

  /** The version that a read without a version gives. */
  current(bucket: Bucket, key: string): ObjectVersion | undefined {
    const last = this.#there(bucket.name, key).at(-1);
    return last?.state === 'kept' ? last : undefined;
  }

  version(bucket: Bucket, key: string, version: string): ObjectVersion | undefined {
    return this.#there(bucket.name, key).find((kept) => kept.version === version && kept.state === 'kept');
  }

  /** With a version: removes it for good. Without: hides what lies there. @throws AwsError `access-denied` by the lock. */
  remove(bucket: Bucket, key: string, version: string | undefined): void {
    const found = version === undefined ? this.current(bucket, key) : this.version(bucket, key, version);
    if (found === undefined) return;
    if (version === undefined)
      return this.#add({
        ...found,
        ...{ state: 'hidden', version: this.#effects.random.uuid().replaceAll('-', ''), retainUntil: null },
        at: this.#effects.clock.now(),
      });
    if (found.retainUntil !== null)
      throw AwsError.common('access-denied', 'Access Denied because object protected by object lock.');
    this.#add({ ...found, state: 'removed' });
    rmSync(this.fileOf(found), { force: true });
  }

  fileOf({ version }: ObjectVersion): string {
    return join(this.#folder, version);
  }

  /** Versions that are there now, the oldest first. */
  #there(bucket: string, key: string): ObjectVersion[] {
    const now = this.#effects.clock.now();
    const all = this.#versions.get(`${bucket}/${key}`) ?? [];
    const removed = new Set(all.filter(({ state }) => state === 'removed').map(({ version }) => version));
    return all.filter(
      ({ version, retainUntil }) => !removed.has(version) && (retainUntil === null || now < retainUntil),
    );
  }

  #add(version: ObjectVersion): void {
    appendFileSync(this.#index(), `${JSON.stringify(version)}\n`, { mode: 0o600 });
    this.#remember(version);
  }

  #remember(version: ObjectVersion): void {
    if (!this.#buckets.has(version.bucket)) return;
    const path = `${version.bucket}/${version.key}`;
    this.#versions.set(path, [...(this.#versions.get(path) ?? []), version]);
  }

  #index(): string {
    return join(this.#folder, 'index.jsonl');
  }
}
