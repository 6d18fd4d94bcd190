import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { ControlPlane, Lease } from '../control-plane.ts';
import type { Endpoint } from '../endpoint.ts';
import type { SsmSessions, StartedSession } from '../ssm-sessions.ts';

/** AWS credentials of the person's own. Secret. */
export interface OwnCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** Undefined for keys that do not run out. */
  readonly expiration?: Date | undefined;
}

export interface BegunSessionParts {
  readonly started: StartedSession;
  readonly region: string;
  /** What StartSession was called for. */
  readonly target: string;
  /** What was found at the start; undefined where nothing was. */
  readonly credentials: OwnCredentials | undefined;
  /** Asks for them again; refuses when they cannot be had now. */
  readonly findCredentials: () => Promise<OwnCredentials>;
  readonly ssm: SsmSessions;
  readonly effects: Effects;
}

/** A session that lost its connection is given up after this long. */
const resumeWithinMs = 15 * 60_000;
const abandonedWithinMs = 2_500;
/** Credentials with more than this left are used again. */
const stillGoodMs = 60_000;
/** Nothing of ours ends it before AWS does (which allows a day). */
const neverMs = 400 * 24 * 3_600_000;
const unboundMs = 24 * 3_600_000;

/**
 * A session that somebody else has started, in the form in which tunnels and shells take theirs: the first StartSession answers with it, a second one cannot be, and
 * the person's own credentials stand for leases. There is no control plane behind it and no grant.
 */
export class BegunSession {
  readonly #parts: BegunSessionParts;
  #issued = 0;
  #taken = false;
  /** The credentials that were found last, after those of the start. */
  #found: OwnCredentials | undefined;
  /** Monotonic; undefined while there is a connection. */
  #lostAt: number | undefined;

  constructor(parts: BegunSessionParts) {
    this.#parts = parts;
  }

  /** The connection is gone: from now on the patience runs. */
  lost(): void {
    this.#lostAt ??= this.#parts.effects.clock.monotonic();
  }

  recovered(): void {
    this.#lostAt = undefined;
  }

  get controlPlane(): ControlPlane {
    const endsAt = new Date(this.#parts.effects.clock.now() + neverMs).toISOString();
    return {
      issueLease: () => this.#lease(),
      openSession: async () => ({ id: this.#parts.started.sessionId, endsAt }),
      beat: async () => ({ close: null, session: { endsAt } }),
      closeSession: async () => undefined,
      readGrant: async () => ({ state: 'active', endReason: null, endComment: null, endsAt }),
    };
  }

  get ssm(): SsmSessions {
    const { ssm, started } = this.#parts;
    const able = (lease: Lease) => {
      if (lease.credentials.accessKeyId === '') throw new Problem('PLUGIN_CREDENTIALS_MISSING');
    };
    return {
      start: async () => {
        if (this.#taken) throw new Problem('PLUGIN_SESSION_LOST');
        this.#taken = true;
        return started;
      },
      resume: async (lease, ...rest) => {
        able(lease);
        return ssm.resume(lease, ...rest);
      },
      terminate: async (lease, ...rest) => {
        able(lease);
        await ssm.terminate(lease, ...rest);
      },
    };
  }

  /** Ends it at AWS without anybody having gone on with it. Never fails, and never takes longer than 2.5 s. */
  async abandon(endpoint: Endpoint): Promise<void> {
    const { started, credentials, ssm, effects } = this.#parts;
    if (credentials === undefined) return;
    const patience = new AbortController();
    await Promise.race([
      ssm.terminate(this.#leaseOf(credentials), endpoint, started.sessionId).catch(() => undefined),
      effects.timers.wait(abandonedWithinMs, patience.signal).catch(() => undefined),
    ]);
    patience.abort();
  }

  async #lease(): Promise<Lease> {
    const { credentials, findCredentials, effects } = this.#parts;
    this.#issued += 1;
    if (this.#issued === 1) return this.#leaseOf(credentials);
    if (this.#lostAt !== undefined && effects.clock.monotonic() - this.#lostAt > resumeWithinMs)
      throw new Problem('PLUGIN_SESSION_LOST', {
        detail: 'The connection was lost and could not be had back within 15 minutes.',
      });
    if (credentials === undefined) throw new Problem('PLUGIN_CREDENTIALS_MISSING');
    const known = this.#found ?? credentials;
    // What gives them out may be a program, and is not asked before it is time.
    if (known.expiration !== undefined && known.expiration.getTime() - effects.clock.now() > stillGoodMs)
      return this.#leaseOf(known);
    try {
      this.#found = await findCredentials();
      return this.#leaseOf(this.#found);
    } catch (cause) {
      // They were there: what gives them out (a sign-in, a network) may come back.
      throw new Problem('SSM_UNREACHABLE', {
        detail: 'The AWS credentials of the profile cannot be had now.',
        cause,
      });
    }
  }

  #leaseOf(credentials: OwnCredentials | undefined): Lease {
    const { started, region, target, effects } = this.#parts;
    const end =
      credentials?.expiration?.toISOString() ?? new Date(effects.clock.now() + unboundMs).toISOString();
    const nothing = { database: null, host: null, port: null, protocol: null };
    return {
      id: `${started.sessionId} ${this.#issued}`,
      ...{ state: 'issued', accountId: '', grantId: '', purpose: 'shell', way: 'pinned' },
      ...{ region, endpoint: null, instanceId: target, documentName: '', sessionReason: '' },
      ...{ sessionNamePrefix: '', agent: null, ssh: null, usefulUntil: end },
      resource: { ...nothing, id: '', name: '', kind: 'port' },
      credentials: {
        accessKeyId: credentials?.accessKeyId ?? '',
        secretAccessKey: credentials?.secretAccessKey ?? '',
        sessionToken: credentials?.sessionToken ?? '',
        expiration: end,
      },
      session: {
        ...{ type: 'Standard_Stream', encrypted: false, keyArn: null, runAs: '', writesCommand: false },
        clientRecording: { required: false, recipients: [] },
      },
    };
  }
}
