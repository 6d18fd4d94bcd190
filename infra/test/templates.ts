import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readCatalog, type Catalog, type RoleRef } from '@sallyport/catalog';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { parse } from 'yaml';
import { settingsOf } from '../settings.ts';
import { addStacks } from '../stacks/add-stacks.ts';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const committed = readFileSync(new URL('../../config/catalog.yaml', import.meta.url), 'utf8');

/** The committed catalogue. */
export function aCatalog(): Catalog {
  return readCatalog(committed, parse);
}

export interface Templates {
  readonly hub: Template;
  readonly spoke: Template;
  readonly region: Template;
  readonly signing: Template;
  /** Only where the context asks for it. */
  readonly guard: Template | undefined;
}

/** The templates of the committed catalogue under the given CDK context. */
export function templatesOf(context: Readonly<Record<string, string>> = {}): Templates {
  const app = new App();
  addStacks(app, { catalog: aCatalog(), sha256, settings: settingsOf((key) => context[key]) });
  const template = (name: string) => {
    const stack = app.node.findChild(name);
    return Template.fromStack(stack as Parameters<typeof Template.fromStack>[0]);
  };
  return {
    hub: template('SallyportHub'),
    spoke: template('SallyportSpoke-workloads'),
    region: template('SallyportRegion-workloads-eu-west-1'),
    signing: template('SallyportSigning'),
    guard: app.node.tryFindChild('SallyportGuard') === undefined ? undefined : template('SallyportGuard'),
  };
}

/** One template of a catalogue. */
export function templateOf(name: string, catalog: Catalog): Template {
  const app = new App();
  addStacks(app, { catalog, sha256, settings: settingsOf(() => undefined) });
  return Template.fromStack(app.node.findChild(name) as Parameters<typeof Template.fromStack>[0]);
}

/** A role of the hub, as the catalogue resolves it. */
export function roleRefOf(name: string): RoleRef {
  return { arn: `arn:aws:iam::999988887777:role/jit/${name}`, path: '/jit/', name };
}

/** The properties of the one resource of a type that has the given name (or the only one of its type). */
export function propertiesOf(template: Template, type: string, name?: string): Record<string, unknown> {
  const found = Object.values(template.findResources(type))
    .map((resource) => resource['Properties'] as Record<string, unknown>)
    .filter((properties) => name === undefined || Object.values(properties).includes(name));
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Error(`${found.length} of ${type} ${name ?? ''}`);
  return only;
}
