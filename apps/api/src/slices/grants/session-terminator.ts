/** Ends the sessions of a grant at AWS. */
export abstract class SessionTerminator {
  /**
   * Ends every session whose id begins with `jit-<GrantId>-`; gives the ids of those it found. Repeating it does no
   * harm. Refuses with AWS_* codes, upon which the outbox tries again.
   */
  abstract sweep(grantId: string): Promise<string[]>;
}
