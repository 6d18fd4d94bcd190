import type { Duplex } from 'node:stream';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import { fullJitterMs } from '../backoff.ts';
import type { Debug } from '../debug.ts';
import { duplexPair } from '../duplex-pair.ts';
import { orAborted } from '../lease-source.ts';
import type { Tunnel } from '../tunnel.ts';
import { ephemeralKey, type EphemeralKey } from './ephemeral-key.ts';
import { HostKeys } from './host-keys.ts';
import type { PushKey } from './instance-connect.ts';
import { SshConnection } from './ssh-connection.ts';
import { isSshLease, type SshLease } from './ssh-lease.ts';

/** What is needed of a tunnel whose document leads to port 22 of its gateway. */
export type SshTunnel = Pick<Tunnel, 'carry' | 'freshLease' | 'end' | 'ended' | 'state'>;

export interface SshDoorParts {
  readonly tunnel: SshTunnel;
  readonly pushKey: PushKey;
  readonly effects: Effects;
  readonly debug: Debug;
}

/** Tries for one connection, while a session is on another instance than the lease, or a way breaks. */
const triesMax = 4;
/** A pushed key lives 60 s; one pushed longer ago than this is pushed again. */
const pushedForMs = 40_000;

/** Brings SSH connections about: a way over the tunnel, the key pushed to the instance it ends at, host key and sign-in. */
export class SshDoor {
  readonly #parts: SshDoorParts;
  #key: Promise<EphemeralKey> | undefined;
  /** Where the key was pushed, by instance: when (monotonic), for how many connections at once. */
  readonly #pushed = new Map<string, { readonly at: number; readonly done: Promise<void> }>();

  constructor(parts: SshDoorParts) {
    this.#parts = parts;
  }

  /** One connection. Refuses with SSH_*, REACH_DOWN or what stood in the way of a lease. */
  async connect(signal: AbortSignal): Promise<SshConnection> {
    const { effects, debug } = this.#parts;
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#once(signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const code = error instanceof Problem ? error.code : 'unknown';
        debug('ssh', { tries, failed: code });
        // A way that broke, or a session that is still on the gateway before: both pass.
        if (code !== 'REACH_DOWN' || tries >= triesMax) throw error;
        await effects.timers.wait(fullJitterMs(tries, effects.random), signal);
      }
    }
  }

  async #once(signal: AbortSignal): Promise<SshConnection> {
    const { way, instanceId } = await this.#way(signal);
    try {
      const lease = await this.#leaseFor(instanceId, signal);
      // Before any key is handed out: without host keys there is nobody to hand it to.
      const hostKeys = new HostKeys(instanceId, lease.ssh.hostKeys);
      await this.#push(lease, signal);
      const signIn = async (through: Duplex) =>
        SshConnection.open(
          { way: through, user: lease.ssh.user, key: await this.#ownKey(), hostKeys },
          signal,
        );
      return await signIn(way).catch(async (error: unknown) => {
        // The key may have run out on the way; another kind may be what this sshd takes.
        if (!(error instanceof Problem) || error.code !== 'SSH_SIGN_IN_REFUSED') throw error;
        this.#pushed.delete(instanceId);
        if ((await this.#ownKey()).kind === 'ed25519') this.#key = ephemeralKey('rsa');
        await this.#push(lease, signal);
        const again = await this.#way(signal);
        if (again.instanceId !== instanceId) {
          again.way.destroy();
          throw new Problem('REACH_DOWN');
        }
        return signIn(again.way);
      });
    } catch (error) {
      way.destroy();
      throw error;
    }
  }

  /** A way to the sshd, once a session of the tunnel has taken it, and the instance where it ends. */
  async #way(signal: AbortSignal): Promise<{ way: Duplex; instanceId: string }> {
    const { tunnel } = this.#parts;
    if (tunnel.end) throw new Problem('REACH_ENDED');
    const [way, far] = duplexPair();
    const placed = Promise.withResolvers<string>();
    // Told by the promise; the stream's own error has no other listener yet.
    way.on('error', () => placed.reject(new Problem('REACH_DOWN')));
    way.once('close', () => placed.reject(new Problem('REACH_DOWN')));
    tunnel.carry(far, { placed: (instanceId) => placed.resolve(instanceId) });
    try {
      return { way, instanceId: await orAborted(placed.promise, signal) };
    } catch (error) {
      way.destroy();
      throw error;
    }
  }

  async #leaseFor(instanceId: string, signal: AbortSignal): Promise<SshLease> {
    const lease = await this.#parts.tunnel.freshLease(signal);
    if (!isSshLease(lease)) throw new Problem('SSH_FAILED', { detail: 'The lease leads to no sshd.' });
    if (lease.instanceId !== instanceId)
      throw new Problem('REACH_DOWN', { detail: 'The session is still on another gateway.' });
    return lease;
  }

  #ownKey(): Promise<EphemeralKey> {
    return (this.#key ??= ephemeralKey('ed25519'));
  }

  /** Pushes the key, once for connections that come about together. */
  async #push(lease: SshLease, signal: AbortSignal): Promise<void> {
    const now = this.#parts.effects.clock.monotonic();
    const known = this.#pushed.get(lease.instanceId);
    if (known && now - known.at < pushedForMs) return orAborted(known.done, signal);
    // Not cut short by the one that asked first: others wait for it as well.
    const done = this.#pushKind(lease, new AbortController().signal);
    this.#pushed.set(lease.instanceId, { at: now, done });
    done.catch(() => this.#pushed.delete(lease.instanceId));
    return orAborted(done, signal);
  }

  async #pushKind(lease: SshLease, signal: AbortSignal): Promise<void> {
    const { pushKey, debug } = this.#parts;
    const key = await this.#ownKey();
    debug('ssh', { push: key.kind, instance: lease.instanceId });
    if ((await pushKey(lease, key.publicKey, signal)) === 'pushed') return;
    if (key.kind === 'rsa')
      throw new Problem('SSH_KEY_REFUSED', { detail: 'Neither an Ed25519 nor an RSA key was taken.' });
    this.#key = ephemeralKey('rsa');
    await this.#pushKind(lease, signal);
  }
}
