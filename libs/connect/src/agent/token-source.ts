import type { PublicKey } from '@sallyport/agent-protocol';
import type { Clock } from '@sallyport/effects';

/** Asks the control plane for a token that the agent on an instance obeys. */
export type AgentTokens = (publicKey: PublicKey, instanceId: string) => Promise<{ readonly token: string }>;

/** A token lives 60 s; carriers that come one after the other share one for this long. */
const sharedForMs = 20_000;

/** The tokens of one client: asked for when needed, by one call at a time. */
export class TokenSource {
  readonly #ask: AgentTokens;
  readonly #publicKey: PublicKey;
  readonly #clock: Clock;
  #latest: { readonly instanceId: string; readonly token: string; readonly at: number } | undefined;
  #asking: { readonly instanceId: string; readonly answer: Promise<string> } | undefined;

  constructor(ask: AgentTokens, publicKey: PublicKey, clock: Clock) {
    this.#ask = ask;
    this.#publicKey = publicKey;
    this.#clock = clock;
  }

  /** A token that is good for a while yet. */
  async shared(instanceId: string): Promise<string> {
    const latest = this.#latest;
    const fresh = latest?.instanceId === instanceId && this.#clock.monotonic() - latest.at < sharedForMs;
    return fresh ? latest.token : this.fresh(instanceId);
  }

  /** A new token. */
  fresh(instanceId: string): Promise<string> {
    if (this.#asking?.instanceId === instanceId) return this.#asking.answer;
    const answer = this.#fetch(instanceId).finally(() => (this.#asking = undefined));
    this.#asking = { instanceId, answer };
    return answer;
  }

  async #fetch(instanceId: string): Promise<string> {
    const at = this.#clock.monotonic();
    const { token } = await this.#ask(this.#publicKey, instanceId);
    this.#latest = { instanceId, token, at };
    return token;
  }
}
