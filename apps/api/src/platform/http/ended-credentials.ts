/** Tells, within this process, that a sign-in or token has ended, so that what it opened closes at once. */
export class EndedCredentials {
  readonly #listeners = new Set<(credentialId: string) => void>();

  /** Returns the function that ends the subscription. Listeners must not throw. */
  subscribe(listener: (credentialId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(credentialId: string): void {
    for (const listener of this.#listeners) listener(credentialId);
  }
}
