import type { Person } from '@sallyport/access-domain';
import { Problem } from '@sallyport/problems';
import type { AgentTokenDto } from './routes.dto.ts';

/** Issues tokens that a companion agent obeys. */
export class IssueAgentToken {
  /** Refuses with AGENT_NOT_ENROLLED. */
  run(_grantId: string, _person: Person, _client: { x: string; instanceId: string }): Promise<AgentTokenDto> {
    return Promise.reject(new Problem('AGENT_NOT_ENROLLED'));
  }
}
