import { Problem } from '@sallyport/problems';
import type { Request } from 'express';

export interface EnrolledAgent {
  readonly id: string;
  readonly instanceId: string;
}

/** Knows the agents by the signatures of their calls. */
export class AgentCalls {
  /** Refuses with AGENT_CALL_REFUSED. */
  verify(_agentId: string, _request: Request): Promise<EnrolledAgent> {
    return Promise.reject(new Problem('AGENT_CALL_REFUSED'));
  }
}
