import type { Effects, TimerHandle } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { Debug } from '../output/debug.ts';
import type { Server } from '../server/server.ts';

/** A grant that was extended needs a new route grant before the old one ends: this long before, and again after a failure. */
const renewBeforeMs = 60_000;
const retryMs = 10_000;
/** Longest time that timers of Node count. */
const timerMax = 2 ** 31 - 1;

/** Names that this machine finds by the tunnel. */
export interface OwnNames {
  readonly names: readonly { readonly name: string; readonly address: string | null }[];
  readonly suffixes: readonly string[];
}

/** The signed word of the control plane that the helper routes by. It is judged there; here only its names are read. */
export class RouteGrant {
  readonly #server: Server;
  readonly #grantId: string;
  #issued: { readonly token: string; readonly expiresAt: string };

  private constructor(server: Server, grantId: string, issued: { token: string; expiresAt: string }) {
    this.#server = server;
    this.#grantId = grantId;
    this.#issued = issued;
  }

  static async ask(server: Server, grantId: string): Promise<RouteGrant> {
    return new RouteGrant(server, grantId, await server.api.issueRouteGrant(grantId));
  }

  get token(): string {
    return this.#issued.token;
  }

  /** The names in it; those without an address are the private network's to answer. */
  get names(): OwnNames {
    const { names, suffixes } = claimsOf(this.token);
    return { names, suffixes };
  }

  /** Networks in it; none where the resource gets a virtual address. */
  get cidrs(): readonly string[] {
    return claimsOf(this.token).cidrs;
  }

  /** Keeps it as long as the grant: asks for a new one when the grant goes on beyond its end. Returns how to stop. */
  renewing(
    { clock, timers }: Effects,
    endsAt: () => string,
    { change, debug }: { change: () => Promise<void>; debug: Debug },
  ): () => void {
    let timer: TimerHandle | undefined;
    let stopped = false;
    /** The helper has not taken the latest one yet. */
    let owed = false;
    const arm = (ms: number) => {
      if (!stopped) timer = timers.after(Math.min(Math.max(ms, 1), timerMax), () => void renew());
    };
    const untilDue = () => Date.parse(this.#issued.expiresAt) - renewBeforeMs - clock.now();
    const renew = async () => {
      const due = untilDue() <= 0;
      if (!due && !owed) return arm(untilDue());
      const extended = Date.parse(endsAt()) > Date.parse(this.#issued.expiresAt);
      // Not extended: it ends with the grant, as it should; but the grant may still be extended in its last minute.
      if (!extended && !owed) return arm(retryMs);
      try {
        if (due && extended) this.#issued = await this.#server.api.issueRouteGrant(this.#grantId);
        owed = true;
        await change();
        owed = false;
        arm(Math.max(untilDue(), retryMs));
      } catch (error) {
        debug('network', { renew: (error as { code?: string }).code ?? 'failed' });
        arm(retryMs);
      }
    };
    arm(untilDue());
    return () => {
      stopped = true;
      if (timer) timers.cancel(timer);
    };
  }
}

function claimsOf(token: string): OwnNames & { readonly cidrs: readonly string[] } {
  try {
    const payload = token.split('.')[1] ?? '';
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Partial<
      OwnNames & { routes: readonly { cidr: string }[] }
    >;
    const { names = [], suffixes = [], routes = [] } = claims;
    return { names, suffixes, cidrs: [...new Set(routes.map(({ cidr }) => cidr))] };
  } catch (cause) {
    throw new Problem('SERVER_ANSWER_UNREADABLE', { detail: 'The route grant is not one.', cause });
  }
}
