import type { Duplex } from 'node:stream';
import type { AwsError } from '../services/aws-error.ts';

/** A refusal of the message gateway: HTTP status, AWS's code, and the XML that both ends quote in their errors. */
export interface ChannelRefusal {
  readonly status: number;
  readonly code: string;
  readonly body: string;
}

const codes: Record<string, string> = {
  'access-denied': 'AccessDeniedException',
  'missing-authentication': 'MissingAuthenticationTokenException',
  'incomplete-signature': 'IncompleteSignatureException',
  'unknown-key': 'UnrecognizedClientException',
  'bad-signature': 'InvalidSignatureException',
  'signature-expired': 'InvalidSignatureException',
  'expired-token': 'ExpiredTokenException',
};

/** How the message gateway words an error. */
export function channelRefusal(error: AwsError): ChannelRefusal {
  const known = codes[error.failure];
  const { code, status } =
    error.failure === 'own'
      ? { code: error.ownCode, status: error.status }
      : known === undefined
        ? { code: 'InternalServerError', status: 500 }
        : { code: known, status: 403 };
  return {
    code,
    status,
    body: `<${code}><Message>${error.message.replace(/[<>&]/g, ' ')}</Message></${code}>`,
  };
}

/** Answers an upgrade request with a refusal and ends the connection. */
export function refuseUpgrade(
  socket: Duplex,
  { status, code, body }: ChannelRefusal,
  requestId: string,
): void {
  socket.end(
    `HTTP/1.1 ${status} ${status === 403 ? 'Forbidden' : 'Refused'}\r\nConnection: close\r\nContent-Type: text/xml\r\n` +
      `x-amzn-RequestId: ${requestId}\r\nx-amzn-ErrorType: ${code}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
