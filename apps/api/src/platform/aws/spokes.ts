import {
  databaseUserOf,
  documentsOf,
  renderGatewayDocument,
  type Account,
  type Catalog,
  type DeployedDocument,
} from '@sallyport/catalog';
import type { DatabaseUser } from '@sallyport/iam-policy';
import { Problem } from '@sallyport/problems';
import { sha256Hex } from './sha256.ts';

/** The accounts and documents of the catalogue: principals act on these and on nothing a caller names. */
export class Spokes {
  readonly #catalog: Catalog;
  readonly #documents: readonly DeployedDocument[];

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
    this.#documents = documentsOf(catalog, sha256Hex);
  }

  /** Refuses with AWS_TARGET_UNKNOWN what the catalogue does not hold. */
  account(accountId: string, region: string): Account {
    const account = this.#catalog.accounts.find(({ id }) => id === accountId);
    if (!account?.regions.includes(region)) throw new Problem('AWS_TARGET_UNKNOWN');
    return account;
  }

  /** Refuses with AWS_TARGET_UNKNOWN a document that no connectable resource of the account and region leads through. */
  document(accountId: string, region: string, name: string): DeployedDocument {
    const document = this.#documents.find(
      (candidate) =>
        candidate.accountId === accountId && candidate.region === region && candidate.name === name,
    );
    if (!document) throw new Problem('AWS_TARGET_UNKNOWN');
    return document;
  }

  /** Refuses with AWS_TARGET_UNKNOWN an OS user for whom no connectable resource reached through the document forwards. */
  osUser(accountId: string, region: string, documentName: string, user: string): void {
    const offered = this.#catalog.resources.some(
      ({ account, region: its, network }) =>
        account.id === accountId && its === region && network?.sshUser === user,
    );
    if (!offered || documentName !== renderGatewayDocument('ssh', sha256Hex).name)
      throw new Problem('AWS_TARGET_UNKNOWN');
  }

  /** Refuses with AWS_TARGET_UNKNOWN a database user that no connectable resource reached through the document signs in as. */
  databaseUser(accountId: string, region: string, documentName: string, user: DatabaseUser): void {
    const { host, port } = this.document(accountId, region, documentName);
    const offered = this.#catalog.resources.some((resource) => {
      const its = resource.connectable ? databaseUserOf(resource) : null;
      return (
        resource.account.id === accountId &&
        resource.region === region &&
        resource.host === host &&
        resource.port === port &&
        its?.name === user.name &&
        its.rdsResourceId === user.rdsResourceId
      );
    });
    if (!offered) throw new Problem('AWS_TARGET_UNKNOWN');
  }
}
