/** What other slices may use: requests, their facts, and how they are shown. */
export { AccessRequestStore, requestHint } from './access-request.prisma-store.ts';
export { AccessRequestsQuery } from './access-requests.query.ts';
export { maySeeRequest } from './close-access-request.handler.ts';
export { reviewHints, reviewWrites } from './record-request.ts';
export { digestOf, FactsOfRequest } from './facts-of-request.ts';
export { AccessRequestDto, verdicts } from './access-request.dto.ts';
