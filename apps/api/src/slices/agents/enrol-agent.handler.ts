import type { Person } from '@sallyport/access-domain';
import { Problem } from '@sallyport/problems';
import type { AgentDto, AgentEnrolmentDto, JoinTokenDto } from './agents.dto.ts';

/** Enrols companion agents. */
export class EnrolAgent {
  list(): Promise<AgentDto[]> {
    return Promise.resolve([]);
  }

  makeJoinToken(_admin: Person, _instanceId: string): Promise<JoinTokenDto> {
    return Promise.reject(new Problem('AGENT_JOIN_REFUSED'));
  }

  /** Refuses with AGENT_JOIN_REFUSED. */
  enrol(_asked: { joinToken: string; instanceId: string; x: string }): Promise<AgentEnrolmentDto> {
    return Promise.reject(new Problem('AGENT_JOIN_REFUSED'));
  }
}
