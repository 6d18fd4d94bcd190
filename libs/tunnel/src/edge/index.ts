/** What touches the system: devices, the thread that reads them, and the router on top. */
export { startRouter } from '../router/router.ts';
