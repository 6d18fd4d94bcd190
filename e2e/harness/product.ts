import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startInstallation, type Installation } from '../../tools/start/installation.ts';
import { Sandbox } from './sandbox.ts';
import { Person } from './person.ts';

export type PersonName = 'engineer' | 'approver' | 'admin' | 'auditor' | 'outsider';

export interface ProductOptions {
  /** Send at the real agent's pace; default false. */
  readonly pacing?: boolean;
  readonly sandboxArgs?: readonly string[];
  readonly apiEnvironment?: Readonly<Record<string, string>>;
}

/** The whole product in a temporary folder: what a newcomer has after `npm start`. */
export class Product {
  readonly installation: Installation;
  readonly sandbox: Sandbox;
  private constructor(installation: Installation) {
    this.installation = installation;
    this.sandbox = new Sandbox(installation);
  }

  static async start(options: ProductOptions = {}): Promise<Product> {
    const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-e2e-'));
    try {
      return new Product(
        await startInstallation({
          dataDir,
          port: 0,
          environment: process.env,
          sandboxArgs: [
            '--control',
            ...(options.pacing ? [] : ['--no-pacing']),
            ...(options.sandboxArgs ?? []),
          ],
          ...(options.apiEnvironment && { apiEnvironment: options.apiEnvironment }),
        }),
      );
    } catch (error) {
      rmSync(dataDir, { recursive: true, force: true });
      throw error;
    }
  }

  get apiUrl(): string {
    return this.installation.apiUrl;
  }
  get dataDir(): string {
    return this.installation.dataDir;
  }

  /** A person with a token, as `sandbox.json` gives it. */
  as(name: PersonName): Person {
    const account = this.installation.accounts.find((known) => known.name === name);
    if (!account) throw new Error(`no account ${name}`);
    return new Person(this.apiUrl, account);
  }

  /** Every AWS call that the sandbox served so far, in CloudTrail's record form. */
  cloudTrail(): CloudTrailRecord[] {
    return readFileSync(join(this.dataDir, 'cloudtrail.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line) as CloudTrailRecord);
  }

  /** The long-lived keys of the sandbox's principals. */
  principals(): { principals: readonly SandboxPrincipal[] } {
    return JSON.parse(readFileSync(join(this.dataDir, 'sandbox/principals.json'), 'utf8')) as {
      principals: SandboxPrincipal[];
    };
  }

  /** Stops everything and removes the folder. */
  async remove(): Promise<void> {
    await this.installation.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

export interface SandboxPrincipal {
  readonly name: string;
  readonly arn: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface CloudTrailRecord {
  readonly eventName: string;
  readonly errorCode?: string;
  readonly requestParameters?: Record<string, unknown> | null;
  readonly responseElements?: Record<string, unknown> | null;
  readonly userIdentity: {
    readonly arn?: string;
    readonly sessionContext?: { readonly sourceIdentity?: string };
  };
}
