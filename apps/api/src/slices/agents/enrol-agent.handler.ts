import { happened, personActor, systemActor, type Person } from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import { fingerprint, thumbprint } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { Signer } from '../../platform/signer/signer.ts';
import type { AgentStore, KnownAgent } from './agent.prisma-store.ts';
import type { AgentDto, AgentEnrolmentDto, JoinTokenDto } from './agents.dto.ts';
import { hashOf, makeSecret } from './join-secret.ts';
import { limits } from './limits.ts';

/** Enrols companion agents, each by a token for its instance that works once. */
export class EnrolAgent {
  readonly #agents: AgentStore;
  readonly #signer: Signer;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(agents: AgentStore, signer: Signer, unitOfWork: UnitOfWork, effects: Effects) {
    this.#agents = agents;
    this.#signer = signer;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  async list(): Promise<AgentDto[]> {
    return (await this.#agents.list()).map(agentDto);
  }

  /** The token is told this once and kept as a hash. */
  async makeJoinToken(admin: Person, instanceId: string): Promise<JoinTokenDto> {
    const { clock, ids, random } = this.#effects;
    const now = clock.now();
    const token = makeSecret(random);
    const expiresAt = new Date(now + limits.joinTokenSeconds * 1000);
    const row = {
      ...{ id: ids.make('jnt'), tokenHash: hashOf(token), instanceId, madeBy: admin.id },
      ...{ createdAt: new Date(now), expiresAt },
    };
    await this.#unitOfWork.commit({
      writes: [this.#agents.addJoinToken(row)],
      events: [happened({ actor: personActor(admin), now, ids }, 'agent.join_allowed', {}, { instanceId })],
    });
    return { token, expiresAt: expiresAt.toISOString() };
  }

  /**
   * Refuses with AGENT_JOIN_REFUSED, whatever is wrong with the token, and SIGNER_UNAVAILABLE. Asked again with the same token and key, while the agent that it
   * enrolled stands there: the same answer, for the first may have been lost on its way, or the agent killed before it was on disk.
   */
  async enrol(asked: { joinToken: string; instanceId: string; x: string }): Promise<AgentEnrolmentDto> {
    const { clock, ids } = this.#effects;
    const { issuer, keys } = await this.#signer.keys();
    const answer = (agentId: string): AgentEnrolmentDto => ({
      agentId,
      issuer,
      keys: keys.map(({ kty, crv, x, kid }) => ({ kty, crv, x, kid: kid ?? '', alg: 'EdDSA', use: 'sig' })),
    });
    const kept = await this.#agents.joinToken(hashOf(asked.joinToken));
    const now = clock.now();
    if (!kept || kept.instanceId !== asked.instanceId || kept.expiresAt.getTime() <= now)
      throw new Problem('AGENT_JOIN_REFUSED');
    if (kept.usedAt) {
      const standing = (await this.#agents.onInstances([kept.instanceId])).get(kept.instanceId);
      const same = standing?.publicKey === asked.x && standing.enrolledAt.getTime() === kept.usedAt.getTime();
      if (!same) throw new Problem('AGENT_JOIN_REFUSED');
      return answer(standing.id);
    }
    const agent = {
      ...{ id: ids.make('agt'), instanceId: asked.instanceId, accountId: null, publicKey: asked.x },
      thumbprint: await thumbprint({ kty: 'OKP', crv: 'Ed25519', x: asked.x }),
      ...{ enrolledBy: 'join' as const, enrolledAt: new Date(now) },
    };
    await this.#unitOfWork.commit({
      writes: [this.#agents.useJoinToken(kept.id, now), this.#agents.enrol(agent)],
      events: [
        happened(
          { actor: systemActor, now, ids },
          'agent.enrolled',
          {},
          {
            ...{ agentId: agent.id, instanceId: agent.instanceId },
            fingerprint: fingerprint(agent.thumbprint),
          },
        ),
      ],
    });
    return answer(agent.id);
  }
}

function agentDto(agent: KnownAgent): AgentDto {
  return {
    id: agent.id,
    state: agent.retiredAt ? 'retired' : 'enrolled',
    instanceId: agent.instanceId,
    accountId: agent.accountId,
    fingerprint: fingerprint(agent.thumbprint),
    enrolledBy: agent.enrolledBy,
    lastSeenAt: agent.lastSeenAt?.toISOString() ?? null,
  };
}
