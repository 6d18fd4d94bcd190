import type { Person } from '@sallyport/access-domain';
import { Problem } from '@sallyport/problems';
import type { RouteGrantDto } from './routes.dto.ts';

/** Issues what the helper of a laptop obeys. */
export class IssueRouteGrant {
  /** Refuses with AGENT_NOT_ENROLLED. */
  run(_grantId: string, _person: Person): Promise<RouteGrantDto> {
    return Promise.reject(new Problem('AGENT_NOT_ENROLLED'));
  }
}
