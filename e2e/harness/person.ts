import type { Account } from '../../tools/start/secrets.ts';

/** An answer of the API, refusals included. */
export interface Answer {
  readonly status: number;
  readonly body: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- tests read members and assert them
}

/** Somebody who calls the API with a personal access token, and can do nothing else. */
export class Person {
  readonly account: Account;
  readonly #apiUrl: string;
  constructor(apiUrl: string, account: Account) {
    this.#apiUrl = apiUrl;
    this.account = account;
  }

  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await fetch(`${this.#apiUrl}/api${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.account.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : (JSON.parse(text) as unknown) };
  }
  get = (path: string): Promise<Answer> => this.call('GET', path);
  post = (path: string, body: unknown = {}): Promise<Answer> => this.call('POST', path, body);

  /** Asks for one resource; the request's id. */
  async asks(
    resource: string,
    durationSeconds = 600,
    reason = 'INC-4312 slow checkout query',
  ): Promise<string> {
    const answer = await this.post('/access-requests', { resources: [resource], durationSeconds, reason });
    if (answer.status !== 201) throw new Error(`asking for ${resource}: ${JSON.stringify(answer)}`);
    return (answer.body as { id: string }).id;
  }

  /** Approves what this person is shown of the request; the answer as it is. */
  async approves(requestId: string): Promise<Answer> {
    const shown = await this.get(`/access-requests/${requestId}`);
    const { factsDigest } = shown.body as { factsDigest: string };
    return this.post(`/access-requests/${requestId}/reviews`, { verdict: 'approve', factsDigest });
  }
}

/** The id of an active grant of `engineer` for the resource, asked for and approved just now. */
export async function grantOf(
  engineer: Person,
  approver: Person,
  resource: string,
  seconds = 600,
): Promise<string> {
  const requestId = await engineer.asks(resource, seconds);
  const answer = await approver.approves(requestId);
  if (answer.status !== 201) throw new Error(`approving ${requestId}: ${JSON.stringify(answer)}`);
  return (answer.body as { items: { grantId: string }[] }).items[0]?.grantId ?? '';
}
