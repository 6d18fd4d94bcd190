import { Problem } from '@sallyport/problems';
import type { Request } from 'express';
import type { RevocationsDto } from './agents.dto.ts';

/** Tells agents of grants that ended. */
export class EndedGrants {
  since(_after: string | undefined, _request: Request): Promise<RevocationsDto> {
    return Promise.reject(new Problem('AGENT_CALL_REFUSED'));
  }
}
