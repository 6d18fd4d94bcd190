/** What touches the system: devices, the thread that reads them, and the routers on top. */
export { startRouter } from '../router/router.ts';
export { startFilterRouter } from '../router/filter-router.ts';
