import { Problem } from '@sallyport/problems';
import type { EnrolledAgent } from './agent-calls.ts';
import type { FlowRecordDto, FlowsReportedDto } from './agents.dto.ts';

/** Keeps what agents report. */
export class ReportFlows {
  run(_agent: EnrolledAgent, _records: readonly FlowRecordDto[]): Promise<FlowsReportedDto> {
    return Promise.reject(new Problem('AGENT_CALL_REFUSED'));
  }
}
