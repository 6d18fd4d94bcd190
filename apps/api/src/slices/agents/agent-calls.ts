import type { Effects } from '@sallyport/effects';
import { agentCallScheme, verifyAgentCall } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';
import type { RawBodyRequest } from '@nestjs/common';
import type { Request } from 'express';
import type { Signer } from '../../platform/signer/signer.ts';
import type { AgentStore, KnownAgent } from './agent.prisma-store.ts';

/** How often the moment at which an agent was seen is written. */
const seenEveryMs = 60_000;
/** The issuer's name does not change while an installation lives; asked for once. */
type Issuer = Promise<string>;

/** Knows agents by the signature of each of their calls. */
export class AgentCalls {
  readonly #agents: AgentStore;
  readonly #signer: Signer;
  readonly #effects: Effects;
  #issuer: Issuer | undefined;

  constructor(agents: AgentStore, signer: Signer, effects: Effects) {
    this.#agents = agents;
    this.#signer = signer;
    this.#effects = effects;
  }

  /** Refuses with AGENT_CALL_REFUSED, and with SIGNER_UNAVAILABLE while our own name is not known. */
  async verify(agentId: string, request: RawBodyRequest<Request>): Promise<KnownAgent> {
    const [scheme, token = ''] = (request.headers.authorization ?? '').split(' ');
    if (scheme !== agentCallScheme) throw new Problem('AGENT_CALL_REFUSED');
    const agent = await this.#agents.find(agentId);
    if (!agent) throw new Problem('AGENT_CALL_REFUSED');
    const now = this.#effects.clock.now();
    const called = {
      method: request.method === 'POST' ? ('POST' as const) : ('GET' as const),
      path: request.originalUrl,
      body: request.rawBody ?? new Uint8Array(),
    };
    const key = { kty: 'OKP', crv: 'Ed25519', x: agent.publicKey, kid: agent.thumbprint } as const;
    try {
      await verifyAgentCall(token, called, { key, agentId, audience: await this.#ourName(), now });
    } catch (error) {
      if (!(error instanceof Problem) || !error.code.startsWith('SIGNED_TOKEN_')) throw error;
      throw new Problem('AGENT_CALL_REFUSED', { detail: error.detail, cause: error });
    }
    if (now - (agent.lastSeenAt?.getTime() ?? 0) > seenEveryMs) await this.#agents.seen(agentId, now);
    return agent;
  }

  #ourName(): Issuer {
    this.#issuer ??= this.#signer.keys().then(
      ({ issuer }) => issuer,
      (error: unknown) => {
        this.#issuer = undefined;
        throw error;
      },
    );
    return this.#issuer;
  }
}
