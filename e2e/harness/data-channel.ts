import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import WebSocket from 'ws';

interface Signer {
  readonly region: string;
  readonly credentials: { accessKeyId: string; secretAccessKey: string; sessionToken: string };
  /** Added to this machine's clock for the signature. */
  readonly clockOffsetMs?: number;
}

/**
 * Opens a data channel as any client of Session Manager would: the upgrade signed for `ssmmessages` (or not, when no
 * signer is given), then the token frame. `status` is `open`, or the HTTP status of a refused upgrade.
 */
export async function dataChannel(streamUrl: string, token: string, signer: Signer | undefined) {
  const url = new URL(streamUrl);
  const headers = signer === undefined ? {} : await signedHeaders(url, signer);
  const socket = new WebSocket(streamUrl, { headers, perMessageDeflate: false });
  const status = await new Promise<'open' | number>((resolve, reject) => {
    socket.once('open', () => resolve('open'));
    socket.once('unexpected-response', (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    socket.once('error', reject);
  });
  if (status === 'open')
    socket.send(
      JSON.stringify({
        MessageSchemaVersion: '1.0',
        RequestId: crypto.randomUUID(),
        TokenValue: token,
        ClientId: crypto.randomUUID(),
        ClientVersion: '1.2.764.0',
      }),
    );
  return { status, socket, close: () => socket.terminate() };
}

async function signedHeaders(url: URL, signer: Signer): Promise<Record<string, string>> {
  const signature = new SignatureV4({
    service: 'ssmmessages',
    region: signer.region,
    credentials: signer.credentials,
    sha256: Sha256,
  });
  const request = new HttpRequest({
    method: 'GET',
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host },
  });
  const signed = await signature.sign(request, {
    signingDate: new Date(Date.now() + (signer.clockOffsetMs ?? 0)),
  });
  return signed.headers;
}
