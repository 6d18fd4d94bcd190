import { aboutGrant, happened, personActor, type Person } from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import { thumbprint } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { Signer } from '../../platform/signer/signer.ts';
import type { Metrics } from '../../platform/telemetry/metrics.ts';
import type { AgentStore, KnownAgent } from '../agents/index.ts';
import { routesShown } from '../catalog/index.ts';
import type { AgentTokenStore } from './agent-token.prisma-store.ts';
import type { Granted, GrantedNetwork } from './granted-network.query.ts';
import type { AgentTokenDto } from './routes.dto.ts';

/** The client of one connection, as it asks. */
interface Client {
  /** Its Ed25519 public key, 32 bytes in base64url. */
  readonly x: string;
  readonly instanceId: string;
}

/** Issues tokens that a companion agent obeys for a minute. What they allow is what was approved, never what is asked. */
export class IssueAgentToken {
  readonly #granted: GrantedNetwork;
  readonly #agents: AgentStore;
  readonly #tokens: AgentTokenStore;
  readonly #signer: Signer;
  readonly #metrics: Metrics;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(
    sources: {
      readonly granted: GrantedNetwork;
      readonly agents: AgentStore;
      readonly tokens: AgentTokenStore;
      readonly signer: Signer;
      readonly metrics: Metrics;
    },
    unitOfWork: UnitOfWork,
    effects: Effects,
  ) {
    this.#granted = sources.granted;
    this.#agents = sources.agents;
    this.#tokens = sources.tokens;
    this.#signer = sources.signer;
    this.#metrics = sources.metrics;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  /**
   * Refuses with GRANT_UNKNOWN, GRANT_NOT_ACTIVE, GRANT_ENDED, AGENT_NOT_NEEDED, AGENT_NOT_ENROLLED,
   * AGENT_TOKEN_LIMITED, SIGNER_REFUSED and SIGNER_UNAVAILABLE.
   */
  async run(grantId: string, person: Person, client: Client): Promise<AgentTokenDto> {
    const jkt = await thumbprint({ kty: 'OKP', crv: 'Ed25519', x: client.x });
    const granted = await this.#granted.of(grantId, person);
    const { grant, entry, network } = granted;
    if (!network || entry.network?.way !== 'agent') throw new Problem('AGENT_NOT_NEEDED');
    const agent = await this.#agentOn(client.instanceId, grantId);
    const jti = this.#effects.ids.make('jti');
    await this.#admit({ granted, person, agent, jti, jkt });
    const { token, expiresAt } = await this.#signer.signAgentToken({
      ...{ resource: entry.name, jti, grantId, personId: grant.person.id, endsAt: grant.endsAt },
      ...{ agentId: agent.id, jkt },
      network: { routes: routesShown(network.routes), suffixes: [...network.suffixes] },
    });
    // Signed or not, it is handed out only while the grant stands: a revocation may have come in between.
    await this.#granted.usable(grantId, person);
    this.#metrics.agentTokens.inc();
    return { token, expiresAt: new Date(expiresAt).toISOString(), allow: routesShown(network.routes) };
  }

  /** An agent that a lease of this grant led to: a token for any other would be of no use to an honest client. */
  async #agentOn(instanceId: string, grantId: string): Promise<KnownAgent> {
    const agent = (await this.#agents.onInstances([instanceId])).get(instanceId);
    if (!agent) throw new Problem('AGENT_NOT_ENROLLED');
    if (!(await this.#tokens.ledTo(grantId, instanceId)))
      throw new Problem('AGENT_NOT_ENROLLED', { detail: `No lease of this grant led to ${instanceId}.` });
    return agent;
  }

  /** Writes the token down before it is made, in a commit that the end of the grant waits for. */
  #admit(asked: {
    granted: Granted;
    person: Person;
    agent: KnownAgent;
    jti: string;
    jkt: string;
  }): Promise<void> {
    const { granted, person, agent, jti, jkt } = asked;
    return this.#unitOfWork.attempt(async () => {
      const { clock, ids } = this.#effects;
      const now = clock.now();
      const grant = await this.#granted.usable(granted.grant.id, person);
      const first = !(await this.#tokens.knows(grant.id, jkt));
      const occasion = { actor: personActor(person), now, ids };
      const details = { agentId: agent.id, instanceId: agent.instanceId, thumbprint: jkt };
      await this.#unitOfWork.commit({
        writes: [
          this.#tokens.admit({
            ...{ id: jti, grantId: grant.id, personId: person.id, agentId: agent.id, thumbprint: jkt },
            ...{ issuedAt: now, expiresAt: Math.min(now + 60_000, grant.endsAt) },
          }),
        ],
        // Renewals come every 45 s; the first one of a connection tells what there is to tell.
        events: first ? [happened(occasion, 'agent.token_issued', aboutGrant(grant), details)] : [],
      });
    });
  }
}
