import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  generateKeyPair,
  signerOf,
  signRouteGrant,
  type PublicKey,
  type RouteGrantClaims,
  type TokenSigner,
} from '../../libs/grant-token/src/index.ts';
import type { Namespace } from './namespaces.ts';

/** A user of the laptop who may do nothing special. */
export const ordinaryUid = 65_534;
export const anotherOrdinaryUid = 65_533;

const repository = join(import.meta.dirname, '..', '..');
let folders = 0;

/** A control plane's signer and the folders of one helper: under /run, since the helper refuses what others may write. */
export class HelperFiles {
  readonly etc: string;
  readonly run: string;
  readonly issuer = 'https://sallyport.test';
  readonly signer: TokenSigner;
  readonly publicKey: PublicKey;
  readonly #root: string;

  private constructor(signer: TokenSigner, publicKey: PublicKey) {
    this.signer = signer;
    this.publicKey = publicKey;
    folders += 1;
    this.#root = `/run/sp-${process.pid}-helper-${folders}`;
    this.etc = join(this.#root, 'etc');
    this.run = join(this.#root, 'run');
    mkdirSync(this.etc, { recursive: true, mode: 0o755 });
    mkdirSync(this.run, { mode: 0o755 });
    this.trust([publicKey]);
  }

  static async make(): Promise<HelperFiles> {
    const { privateKey, publicKey } = await generateKeyPair();
    return new HelperFiles(await signerOf(privateKey), publicKey);
  }

  /** Writes the keys that the helper obeys. */
  trust(keys: readonly PublicKey[]): void {
    const file = join(this.etc, 'trust.json');
    writeFileSync(file, JSON.stringify({ issuers: [{ issuer: this.issuer, keys }] }), { mode: 0o644 });
  }

  get socket(): string {
    return join(this.run, 'helper.sock');
  }

  /** A route grant for 10.0.0.0/16, TCP, an hour, unless `claims` says otherwise. */
  async routeGrant(claims: Partial<RouteGrantClaims> = {}, signer = this.signer): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return signRouteGrant(
      {
        iss: this.issuer,
        aud: 'sallyport-helper',
        jti: `rtg_${now}`,
        sub: 'grt_01HXAMPLE0000000000000000A',
        usr: 'usr_1',
        nbf: now - 1,
        exp: now + 3600,
        routes: [{ cidr: '10.0.0.0/16', ports: [[1, 65_535]], proto: 'tcp' }],
        names: [],
        suffixes: [],
        ...claims,
      },
      signer,
    );
  }

  /** Starts the helper in a namespace, as root, from the sources; resolves when it listens. */
  async start(at: Namespace): Promise<ChildProcess> {
    const helper = at.spawn(
      process.execPath,
      [
        '--conditions=development',
        join(repository, 'apps/helper/test/serve-from-source.ts'),
        '--etc',
        this.etc,
        '--run',
        this.run,
      ],
      { env: {} },
    );
    let complaint = '';
    helper.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    const said = once(createInterface({ input: helper.stdout! }), 'line');
    const [line] = (await Promise.race([said, once(helper, 'exit')])) as [unknown];
    if (line !== 'ready') throw new Error(`the helper did not start: ${complaint}`);
    return helper;
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}
