/** The control plane's API for its clients: types generated from the OpenAPI document, and one function per operation. */
export { createApi, type Api, type ApiOptions } from './api.ts';
export { ApiProblem, apiProblemOf } from './api-problem.ts';
export type * from './schema.ts';
export { usageLine, type UsedResource } from './usage-line.ts';
