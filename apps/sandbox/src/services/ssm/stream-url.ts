import type { ChannelTicket } from '../../gateway/session-desk.ts';
import type { Call } from '../operation.ts';

/** The URL of a data channel: on the host the caller reached us by, since there is one endpoint for all. */
export function streamUrl({ host }: Pick<Call, 'host'>, { streamPath }: ChannelTicket): string {
  return `ws://${host}${streamPath}`;
}
