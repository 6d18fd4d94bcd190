import {
  databaseUserOf,
  documentOf,
  documentsByPurpose,
  documentsOf,
  isPersonalAccount,
  pushedUserOf,
  type Account,
  type Catalog,
  type DeployedDocument,
  type Resource,
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

  /** Refuses with AWS_TARGET_UNKNOWN an OS user whose key no connectable resource reached through the document lets push. */
  osUser(accountId: string, region: string, documentName: string, user: string): void {
    const offered = this.#in(accountId, region).some(
      (resource) =>
        offers(pushedUserOf(resource), resource.ssh?.ownAccount, user) &&
        documentOf(resource, sha256Hex)?.name === documentName,
    );
    if (!offered) throw new Problem('AWS_TARGET_UNKNOWN');
  }

  /** Refuses with AWS_TARGET_UNKNOWN a Run As user or a key that no shell reached through the document has together. */
  shell(
    accountId: string,
    region: string,
    documentName: string,
    { runAs, keyArn }: { readonly runAs: string | null; readonly keyArn: string | null },
  ): void {
    const offered = this.#in(accountId, region).some(
      (resource) =>
        resource.shell !== null &&
        offers(resource.shell.runAs, resource.shell.ownAccount, runAs) &&
        resource.shell.keyArn === keyArn &&
        documentsByPurpose(resource, sha256Hex).some(({ document }) => document.name === documentName),
    );
    if (!offered) throw new Problem('AWS_TARGET_UNKNOWN');
  }

  /** Refuses with AWS_TARGET_UNKNOWN a log group that no shell of the account and region is logged to. */
  logGroup(accountId: string, region: string, name: string): void {
    const offered = this.#in(accountId, region).some(
      ({ shell }) => shell?.logs != null && 'cloudWatch' in shell.logs && shell.logs.cloudWatch === name,
    );
    if (!offered) throw new Problem('AWS_TARGET_UNKNOWN');
  }

  /** Refuses with AWS_TARGET_UNKNOWN a bucket that no shell of the account and region is logged to. */
  logBucket(accountId: string, region: string, name: string): void {
    const offered = this.#in(accountId, region).some(
      ({ shell }) => shell?.logs != null && 's3' in shell.logs && shell.logs.s3.bucket === name,
    );
    if (!offered) throw new Problem('AWS_TARGET_UNKNOWN');
  }

  #in(accountId: string, region: string): Resource[] {
    return this.#catalog.resources.filter(
      (resource) => resource.connectable && resource.account.id === accountId && resource.region === region,
    );
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

/** Where everybody has an account of their own, any that could be a person's; whose it is the control plane knows. */
function offers(user: string | null, ownAccount: boolean | undefined, asked: string | null): boolean {
  return ownAccount === true ? user !== null && asked !== null && isPersonalAccount(asked) : user === asked;
}
