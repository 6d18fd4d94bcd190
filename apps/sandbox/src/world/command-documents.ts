import { createHash } from 'node:crypto';
import { renderOsUsersDocument, type Catalog } from '@sallyport/catalog';
import { z } from 'zod';
import type { ParameterDeclaration } from './session-documents.ts';

/** A document of Run Command (schema 2.2) with one shell script. */
export interface CommandDocument {
  readonly name: string;
  readonly sha256: string;
  readonly parameters: Readonly<Record<string, ParameterDeclaration>>;
  readonly plugin: string;
  readonly script: string;
}

const contentForm = z.object({
  schemaVersion: z.literal('2.2'),
  parameters: z.record(
    z.string(),
    z.object({ type: z.string(), default: z.string().optional(), allowedPattern: z.string().optional() }),
  ),
  mainSteps: z.tuple([
    z.object({
      action: z.literal('aws:runShellScript'),
      name: z.string(),
      inputs: z.object({ runCommand: z.array(z.string()) }),
    }),
  ]),
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** The one document of the catalogue, in each account and region that has hosts with accounts of people. */
export function commandDocuments(catalog: Catalog): ReadonlyMap<string, CommandDocument> {
  const rendered = renderOsUsersDocument(sha256);
  const content = contentForm.parse(JSON.parse(rendered.content));
  const [step] = content.mainSteps;
  const document: CommandDocument = {
    name: rendered.name,
    sha256: rendered.sha256,
    parameters: content.parameters,
    plugin: step.name,
    script: `${step.inputs.runCommand.join('\n')}\n`,
  };
  const places = catalog.gateways.filter(({ accounts }) => accounts !== null);
  return new Map(places.map(({ account, region }) => [`${account.id}/${region}/${document.name}`, document]));
}
