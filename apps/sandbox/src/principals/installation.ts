import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '@sallyport/effects';
import { z } from 'zod';
import { writePrivateText } from './private-file.ts';
import { base32Of } from './unique-id.ts';

/** A long-lived key of one sandbox principal. */
export interface PrincipalKey {
  readonly name: string;
  readonly arn: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The secrets of one installation: made at its first start, kept over restarts, each file 0600. */
export interface Installation {
  readonly folder: string;
  readonly principalsFile: string;
  readonly principals: readonly PrincipalKey[];
  /** 32 bytes that seal session tokens. */
  readonly sealingKey: Uint8Array;
  /** Guards the control endpoints; also in `control.json`. */
  readonly controlSecret: string;
  /** Superuser password of the sandbox's own databases. */
  readonly databasePassword: string;
}

const principalsForm = z.object({
  principals: z.array(
    z.object({ name: z.string(), arn: z.string(), accessKeyId: z.string(), secretAccessKey: z.string() }),
  ),
});
const secretsForm = z.object({ sealingKey: z.string(), databasePassword: z.string() });
const controlForm = z.object({ secret: z.string() });

/** Reads the installation of `dataDir/sandbox`, making what is missing. `wanted` are names and ARNs of principals. */
export async function openInstallation(
  dataDir: string,
  wanted: readonly { readonly name: string; readonly arn: string }[],
  random: Random,
): Promise<Installation> {
  const folder = join(dataDir, 'sandbox');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const principalsFile = join(folder, 'principals.json');
  const secret = (bytes: number) => Buffer.from(random.bytes(bytes)).toString('base64url');
  const secrets = await keep(join(folder, 'secrets.json'), secretsForm, () => ({
    sealingKey: Buffer.from(random.bytes(32)).toString('base64'),
    databasePassword: secret(24),
  }));
  const control = await keep(join(folder, 'control.json'), controlForm, () => ({ secret: secret(24) }));
  const held = existsSync(principalsFile)
    ? principalsForm.parse(JSON.parse(await readFile(principalsFile, 'utf8'))).principals
    : [];
  const principals = wanted.map(
    ({ name, arn }) =>
      held.find((key) => key.name === name && key.arn === arn) ?? {
        name,
        arn,
        accessKeyId: `AKIA${base32Of(random.bytes(16), 16)}`,
        secretAccessKey: secret(30),
      },
  );
  await writePrivate(principalsFile, { principals });
  return {
    folder,
    principalsFile,
    principals,
    sealingKey: Buffer.from(secrets.sealingKey, 'base64'),
    controlSecret: control.secret,
    databasePassword: secrets.databasePassword,
  };
}

async function keep<T>(file: string, form: z.ZodType<T>, make: () => T): Promise<T> {
  if (existsSync(file)) return form.parse(JSON.parse(await readFile(file, 'utf8')));
  const made = make();
  await writePrivate(file, made);
  return made;
}

async function writePrivate(file: string, content: unknown): Promise<void> {
  await writePrivateText(file, JSON.stringify(content, null, 2) + '\n');
}
