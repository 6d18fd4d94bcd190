import type { Person } from '@sallyport/access-domain';
import { Problem } from '@sallyport/problems';
import type { FlowListDto } from './agents.dto.ts';

/** Conversations through agents, for people. */
export class FlowsQuery {
  /** Refuses with GRANT_UNKNOWN. */
  ofGrant(_person: Person, _grantId: string, _cursor?: string): Promise<FlowListDto> {
    return Promise.reject(new Problem('GRANT_UNKNOWN'));
  }
}
