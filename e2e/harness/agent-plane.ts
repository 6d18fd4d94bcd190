import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FlowRecord } from '@sallyport/agent';
import { verifyAgentCall, type PublicKey } from '@sallyport/grant-token';
import { aKeyHolder } from '@sallyport/grant-token/testing';

export const worldIssuer = 'https://sallyport.test';
export const worldAgentId = 'agt_world';
export const instanceId = 'i-0123456789abcdef0';
export const joinToken = 'once-only';
const agentId = worldAgentId;

/** A control plane that knows one agent: enrols it, takes its records, tells revocations. */
export class TestControlPlane {
  readonly records: FlowRecord[] = [];
  readonly issuer: Awaited<ReturnType<typeof aKeyHolder>>;
  /** Records that came again although the agent had been told that they were taken. */
  readonly twice: string[] = [];
  /** Answers 503 while it is away. */
  away = false;
  refusedCalls = 0;
  #agentKey: PublicKey | undefined;
  #revoked: string[] = [];
  #waiting: (() => void)[] = [];
  #hold: { readonly path: string; readonly reached: () => void } | undefined;
  #latest: readonly string[] = [];
  /** Records whose answer the agent may not have had. */
  readonly #mayComeAgain = new Set<string>();
  readonly #server: HttpServer;

  private constructor(issuer: Awaited<ReturnType<typeof aKeyHolder>>) {
    this.issuer = issuer;
    this.#server = createHttpServer((request, response) => {
      void this.#answer(request).then(
        (answer) => {
          if (request.url?.endsWith(this.#hold?.path ?? '\0') !== true)
            return response.end(JSON.stringify(answer));
          const { reached } = this.#hold!;
          this.#hold = undefined;
          return reached();
        },
        (error: unknown) => {
          this.refusedCalls += 1;
          response
            .writeHead(this.away ? 503 : 403)
            .end(JSON.stringify({ code: (error as { code?: string }).code }));
        },
      );
    });
  }

  static async start(): Promise<TestControlPlane> {
    const plane = new TestControlPlane(await aKeyHolder());
    await once(plane.#server.listen(0, '127.0.0.1'), 'listening');
    return plane;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  revoke(grantId: string): void {
    this.#revoked.push(grantId);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** The next request of this path is carried out and not answered; resolves then. */
  holdAnswer(path: string): Promise<void> {
    return new Promise((reached) => (this.#hold = { path, reached }));
  }

  /** The agent was killed: the latest records that it sent come again when it had not been told, or had not put that on disk. */
  agentKilled(): void {
    for (const flowId of this.#latest) this.#mayComeAgain.add(flowId);
  }

  /** The next agent enrols anew, by the same token. */
  forgetAgent(): void {
    this.#agentKey = undefined;
  }

  close(): void {
    for (const wake of this.#waiting.splice(0)) wake();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage): Promise<unknown> {
    if (this.away) throw new Error('away');
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const { url = '', method = '' } = request;
    if (url === '/api/health/live') return {};
    if (url === '/api/signing-keys')
      return { issuer: worldIssuer, keys: [this.issuer.publicKey], keySet: null };
    if (url === '/api/agents/enrolments') {
      const asked = JSON.parse(body.toString()) as {
        joinToken: string;
        instanceId: string;
        publicKey: PublicKey;
      };
      // The same key may ask again: the answer may have been lost.
      const isOther = this.#agentKey !== undefined && this.#agentKey.x !== asked.publicKey.x;
      if (asked.joinToken !== joinToken || asked.instanceId !== instanceId || isOther)
        throw Object.assign(new Error('no'), { code: 'AGENT_NOT_ENROLLED' });
      this.#agentKey = asked.publicKey;
      return { agentId, issuer: worldIssuer, keys: [this.issuer.publicKey] };
    }
    if (this.#agentKey === undefined) throw new Error('not enrolled');
    const token = (request.headers.authorization ?? '').replace('SallyportAgent ', '');
    const call = { method: method as 'GET' | 'POST', path: url, body };
    const facts = { key: this.#agentKey, agentId, audience: worldIssuer, now: Date.now() };
    await verifyAgentCall(token, call, facts);
    if (url.endsWith('/flows')) {
      const { records } = JSON.parse(body.toString()) as { records: FlowRecord[] };
      const known = new Set(this.records.map(({ flowId }) => flowId));
      this.#latest = records.map(({ flowId }) => flowId);
      this.twice.push(
        ...this.#latest.filter((flowId) => known.has(flowId) && !this.#mayComeAgain.has(flowId)),
      );
      this.records.push(...records.filter(({ flowId }) => !known.has(flowId)));
      return { kept: records.length, refused: 0 };
    }
    const after = new URL(url, 'http://x').searchParams.get('after');
    if (after === null) return { revoked: [], cursor: this.#revoked.length };
    if (Number(after) >= this.#revoked.length) await new Promise<void>((wake) => this.#waiting.push(wake));
    return {
      revoked: this.#revoked.slice(Number(after)).map((grantId) => ({ grantId })),
      cursor: this.#revoked.length,
    };
  }
}
