import { createHash } from 'node:crypto';
import { documentsOf, type Catalog } from '@sallyport/catalog';
import { z } from 'zod';
import { amazonDocuments } from './amazon-documents.ts';

/** What a Session document declares for a caller to fill in. */
export interface ParameterDeclaration {
  readonly type: string;
  readonly default?: string | undefined;
  readonly allowedPattern?: string | undefined;
  readonly allowedValues?: readonly string[] | undefined;
}

/** The parsed text of a Session document (schema version 1.0). */
export interface SessionDocumentContent {
  readonly schemaVersion: string;
  readonly description?: string | undefined;
  readonly sessionType: 'Port' | 'Standard_Stream' | 'InteractiveCommands' | 'NonInteractiveCommands';
  readonly inputs?: Readonly<Record<string, unknown>> | undefined;
  readonly parameters?: Readonly<Record<string, ParameterDeclaration>> | undefined;
  readonly properties?: unknown;
}

/** A Session document of one account, or of Amazon. */
export interface StoredDocument {
  readonly name: string;
  /** The text as stored: what the hash is over. */
  readonly text: string;
  readonly sha256: string;
  /** Owner account, or empty for Amazon's own. */
  readonly account: string;
  readonly content: SessionDocumentContent;
}

/** A document that is neither of the catalogue nor Amazon's. */
export interface OtherDocument {
  /** Account id. */
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly content: unknown;
}

const contentForm: z.ZodType<SessionDocumentContent> = z.object({
  schemaVersion: z.literal('1.0'),
  description: z.string().optional(),
  sessionType: z.enum(['Port', 'Standard_Stream', 'InteractiveCommands', 'NonInteractiveCommands']),
  inputs: z.record(z.string(), z.unknown()).optional(),
  parameters: z
    .record(
      z.string(),
      z.object({
        type: z.string(),
        default: z.string().optional(),
        allowedPattern: z.string().optional(),
        allowedValues: z.array(z.string()).optional(),
      }),
    )
    .optional(),
  properties: z.unknown().optional(),
});

/** Name of the document that a StartSession without a document name runs. */
export const defaultDocumentName = 'SSM-SessionManagerRunShell';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Documents by name as one account and region sees them: the account's own and Amazon's. */
export class DocumentShelf {
  readonly #documents = new Map<string, StoredDocument>();

  /** Puts what the catalogue pins, the account's default shell document, Amazon's documents and others onto the shelf. */
  constructor(catalog: Catalog, others: readonly OtherDocument[] = []) {
    for (const { accountId, region, name, content } of documentsOf(catalog, sha256))
      this.#put(accountId, region, name, content);
    for (const account of catalog.accounts)
      for (const region of account.regions)
        this.#put(account.id, region, defaultDocumentName, JSON.stringify(defaultShell));
    for (const [name, content] of Object.entries(amazonDocuments))
      this.#put('', '', name, JSON.stringify(content));
    for (const { account, region, name, content } of others)
      this.#put(account, region, name, JSON.stringify(content));
  }

  #put(account: string, region: string, name: string, text: string): void {
    const content = contentForm.parse(JSON.parse(text));
    this.#documents.set(`${account}/${region}/${name}`, {
      name,
      text,
      sha256: sha256(text),
      account,
      content,
    });
  }

  /** The document of that name, or undefined. `AWS-*` are Amazon's in every account and region. */
  find(account: string, region: string, name: string): StoredDocument | undefined {
    return this.#documents.get(`${account}/${region}/${name}`) ?? this.#documents.get(`//${name}`);
  }
}

/** The ARN under which IAM sees a document name, whether it exists or not; Amazon's have no account. */
export function documentArn(name: string, account: string, region: string): string {
  return `arn:aws:ssm:${region}:${name.startsWith('AWS-') ? '' : account}:document/${name}`;
}

const defaultShell = {
  schemaVersion: '1.0',
  description: 'Document to hold regional settings for Session Manager',
  sessionType: 'Standard_Stream',
  inputs: { s3BucketName: '', kmsKeyId: '', idleSessionTimeout: '20', runAsEnabled: false },
};
