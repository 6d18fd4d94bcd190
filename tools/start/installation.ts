import { appendFileSync, existsSync, mkdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Problem } from '@sallyport/problems';
import { awsEnvironment, withoutAws } from './aws-profiles.ts';
import { auditedCatalogue } from './audited-catalogue.ts';
import { startChild, type Child } from './child.ts';
import { startDatabase } from './database.ts';
import { lockInstallation } from './lock.ts';
import { PartsFile } from './orphans.ts';
import { signerSocketIn, startSigner } from './signer.ts';
import { freePort, installationSecrets, writePrivate, type Account } from './secrets.ts';
import { assertPortFree } from './settings.ts';

export const repository = resolve(import.meta.dirname, '../..');

export interface InstallationOptions {
  readonly dataDir: string;
  /** Port of API and dashboard; 0 takes a free one. */
  readonly port: number;
  readonly environment: NodeJS.ProcessEnv;
  /** Builds what is out of date, once nothing can refuse the start any more. Default: nothing to build. */
  readonly build?: () => Promise<void>;
  /** Further switches of the sandbox, such as `--no-pacing` or `--control`. */
  readonly sandboxArgs?: readonly string[];
  /** Further environment of the API. */
  readonly apiEnvironment?: Readonly<Record<string, string>>;
  /** Told each step as it begins. */
  readonly onStep?: (step: string) => void;
  /** Told when a part ended by itself and was started again. */
  readonly onRestart?: (part: string, how: string) => void;
}

type Part = 'api' | 'sandbox' | 'signer';

interface SandboxReady {
  readonly awsEndpoint: string;
  readonly region: string;
  readonly principalsFile: string;
}

/** A running product: signer, sandbox, database and API, in this order. */
export interface Installation {
  readonly apiUrl: string;
  readonly awsEndpoint: string;
  readonly region: string;
  readonly accounts: readonly Account[];
  readonly dataDir: string;
  /** The private key that opens what clients record; null where a catalogue of one's own is used. */
  readonly auditorsKeyFile: string | null;
  /** Connection URLs of the embedded database, or the server's given one. */
  readonly databaseEnvironment: Readonly<Record<string, string>>;
  pid(part: Part): number;
  /** Resolves when the part, after its process ended, serves again. */
  restarted(part: Part): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Keeps one part running: one that was ready and ends by itself is started again. A start that fails is the end of the
 * installation, so a broken part cannot loop.
 */
class Kept<Ready> {
  readonly #note: (name: string, pid: number) => void;
  #child: Child<Ready> | undefined;
  #stopping = false;
  #waiting: (() => void)[] = [];
  readonly #start: () => Promise<Child<Ready>>;
  readonly #onRestart: (part: string, how: string) => void;
  constructor(
    start: () => Promise<Child<Ready>>,
    onRestart: (part: string, how: string) => void,
    note: (name: string, pid: number) => void,
  ) {
    this.#start = start;
    this.#onRestart = onRestart;
    this.#note = note;
  }
  async start(): Promise<Ready> {
    const child = await this.#start();
    this.#child = child;
    this.#note(child.name, child.pid);
    if (this.#stopping) await child.stop();
    void child.ended.then((how) => this.#ended(child, how));
    return child.ready;
  }
  get pid(): number {
    return this.#child?.pid ?? 0;
  }
  nextStart(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#child?.stop();
  }
  async #ended(child: Child<Ready>, how: string): Promise<void> {
    if (this.#stopping) return;
    this.#onRestart(child.name, how);
    await this.start();
    for (const tell of this.#waiting.splice(0)) tell();
  }
}

/** Starts the whole product in a folder of its own. Everything it started has ended when it throws. */
export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const dataDir = realpathSync(options.dataDir);
  const undo: (() => Promise<unknown> | void)[] = [lockInstallation(dataDir)];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return await startParts({ ...options, dataDir }, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(
  options: InstallationOptions,
  undo: (() => Promise<unknown> | void)[],
  stop: () => Promise<void>,
): Promise<Installation> {
  const { dataDir, onStep = () => undefined, onRestart = () => undefined } = options;
  const parts = new PartsFile(dataDir);
  await parts.endOrphans();
  undo.push(() => parts.clear());
  if (options.port !== 0) await assertPortFree(options.port);
  if (options.build) {
    onStep('build');
    await options.build();
  }
  const secrets = await installationSecrets(dataDir);
  // Some shells export HOST; the product listens on loopback whatever they say.
  const audited = await auditedCatalogue(repository, dataDir, {
    ...options.environment,
    ...options.apiEnvironment,
  });
  const clean = {
    ...{ ...withoutAws(options.environment), HOST: '127.0.0.1', SALLYPORT_DATA: dataDir },
    ...(audited && { SALLYPORT_CATALOG: audited.catalogFile }),
  };

  const note = (name: string, pid: number) => parts.note(name, pid);

  onStep('signer');
  const signerSocket = signerSocketIn(dataDir);
  const signer = new Kept(() => startSigner(options, signerSocket, clean), onRestart, note);
  undo.push(() => signer.stop());
  // Public: what the agents of the sandbox trust from their start on.
  const { issuer, keys, keySet } = await signer.start();
  writePrivate(join(dataDir, 'signing-keys.json'), { issuer, keys, keySet });

  onStep('sandbox: AWS in a box');
  const sandbox = new Kept<SandboxReady>(
    () => startSandbox(options, secrets.sandboxPort, clean),
    onRestart,
    note,
  );
  undo.push(() => sandbox.stop());
  const aws = await sandbox.start();

  onStep('database');
  const databaseEnvironment = await database(options, secrets.database, undo);

  onStep('control plane');
  const port = options.port === 0 ? await freePort() : options.port;
  const accountsFile = join(dataDir, 'accounts.json');
  writePrivate(accountsFile, { accounts: secrets.accounts });
  const env = {
    ...clean,
    ...awsEnvironment(dataDir, aws),
    ...databaseEnvironment,
    SALLYPORT_AWS: 'sandbox',
    SALLYPORT_ACCOUNTS_FILE: accountsFile,
    SALLYPORT_SIGNER_SOCKET: signerSocket,
    PORT: String(port),
    ...options.apiEnvironment,
  };
  const api = new Kept<{ url: string }>(
    () =>
      startChild({
        name: 'API',
        args: [built('apps/api/dist/main.js')],
        env: { ...env, ...agentsOfSandbox(dataDir) },
        cwd: repository,
        logFile: join(dataDir, 'logs/api.log'),
      }),
    onRestart,
    note,
  );
  undo.push(() => api.stop());
  const { url } = await api.start();

  const told = { apiUrl: url, awsEndpoint: aws.awsEndpoint, region: aws.region };
  const accounts = secrets.accounts.map(({ name, email, password, token }) => ({
    name,
    email,
    password,
    token,
  }));
  const auditorsKeyFile = audited?.keyFile ?? null;
  writePrivate(join(dataDir, 'sandbox.json'), { ...told, accounts, auditorsKeyFile });
  const kept = { api, sandbox, signer };
  return {
    ...told,
    accounts: secrets.accounts,
    dataDir,
    auditorsKeyFile,
    databaseEnvironment,
    pid: (part) => kept[part].pid,
    restarted: (part) => kept[part].nextStart(),
    stop,
  };
}

/** The companion agents that the sandbox runs, when it does, as it wrote them down. */
function agentsOfSandbox(dataDir: string): Record<string, string> {
  const path = join(dataDir, 'agents.json');
  return existsSync(path) ? { SALLYPORT_AGENTS: path } : {};
}

function startSandbox(
  options: InstallationOptions,
  port: number,
  env: NodeJS.ProcessEnv,
): Promise<Child<SandboxReady>> {
  const args = [
    built('apps/sandbox/dist/main.js'),
    '--data',
    options.dataDir,
    '--port',
    String(port),
    ...(options.sandboxArgs ?? []),
  ];
  return startChild({
    name: 'sandbox',
    args,
    env,
    cwd: repository,
    logFile: join(options.dataDir, 'logs/sandbox.log'),
  });
}

async function database(
  options: InstallationOptions,
  secrets: Parameters<typeof startDatabase>[1],
  undo: (() => Promise<unknown> | void)[],
): Promise<Record<string, string>> {
  const given = options.environment.DATABASE_URL;
  if (given) return { DATABASE_URL: given };
  const log = join(options.dataDir, 'logs/postgres.log');
  const { cluster, environment } = await startDatabase(options.dataDir, secrets, (line) =>
    appendFileSync(log, line + '\n'),
  );
  undo.push(() => cluster.stop());
  return environment;
}

/** A program as it was built. Refuses with PART_NOT_BUILT. */
export function built(path: string): string {
  const full = join(repository, path);
  if (!existsSync(full)) throw new Problem('PART_NOT_BUILT', { detail: `${path} does not exist.` });
  return full;
}
