import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';
import { askPassword, fatal, readFirstMessage, type FirstMessage } from './postgres-startup.ts';
import type { RdsEndpoint, RdsSignIn } from './rds-sign-in.ts';

export interface RdsFrontParts {
  readonly endpoint: RdsEndpoint;
  readonly signIn: RdsSignIn;
  /** Key and certificate of the endpoint, PEM. */
  readonly tls: { readonly key: string; readonly cert: string };
  /** Unix socket of the PostgreSQL behind, which trusts the front. */
  readonly socketPath: string;
  /** Told why somebody was refused; the client is not. */
  readonly onRefusal: (user: string, reason: string) => void;
}

/** The front of one database with IAM sign-in. */
export class RdsFront {
  readonly #parts: RdsFrontParts;
  readonly #secureContext: SecureContext;

  constructor(parts: RdsFrontParts) {
    this.#parts = parts;
    this.#secureContext = createSecureContext({ ...parts.tls, minVersion: 'TLSv1.2' });
  }

  /** Serves one connection to its end. Never throws: a client that breaks the protocol is cut. */
  async serve(raw: Duplex): Promise<void> {
    raw.on('error', () => raw.destroy());
    try {
      await this.#start(raw);
    } catch {
      // Not a client of PostgreSQL, or one that left half-way.
      raw.destroy();
    }
  }

  async #start(raw: Duplex): Promise<void> {
    let first = await readFirstMessage(raw);
    if (first.kind === 'gss') {
      raw.write('N');
      first = await readFirstMessage(raw);
    }
    if (first.kind === 'cancel') return this.#join(raw, first.bytes);
    if (first.kind !== 'ssl') {
      raw.end(fatal('28000', 'no pg_hba.conf entry for this connection, no encryption'));
      return;
    }
    raw.write('S');
    const secured = new TLSSocket(raw, { isServer: true, secureContext: this.#secureContext });
    secured.on('error', () => raw.destroy());
    raw.on('close', () => secured.destroy());
    try {
      await this.#admit(secured, await readFirstMessage(secured));
    } catch {
      secured.destroy();
    }
  }

  async #admit(secured: TLSSocket, first: FirstMessage): Promise<void> {
    const { endpoint, signIn, onRefusal } = this.#parts;
    if (first.kind === 'cancel') return this.#join(secured, first.bytes);
    if (first.kind !== 'startup') throw new Error('no start-up message');
    const user = first.parameters.get('user') ?? '';
    const refusal = await signIn(await askPassword(secured), user, endpoint);
    if (refusal === undefined) return this.#join(secured, first.bytes);
    onRefusal(user, refusal);
    secured.end(fatal('28P01', `PAM authentication failed for user "${user}"`));
  }

  /** Copies between client and server from now on; the server answers the start-up message. */
  #join(client: Duplex, first: Buffer): void {
    const server = connect(this.#parts.socketPath);
    const end = () => {
      client.destroy();
      server.destroy();
    };
    server.on('error', end);
    client.on('error', end);
    client.on('close', end);
    server.write(first);
    client.pipe(server).pipe(client);
  }
}
