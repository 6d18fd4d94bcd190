import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readCatalog } from '@sallyport/catalog';
import { App } from 'aws-cdk-lib';
import { parse } from 'yaml';
import { settingsOf } from './settings.ts';
import { addStacks } from './stacks/add-stacks.ts';

/** Entry of `cdk synth`: the catalogue in, one stack per account and region out. */
const app = new App();
const settings = settingsOf((key) => app.node.tryGetContext(key) as unknown);
const path = settings.catalogPath ?? fileURLToPath(new URL('../config/catalog.yaml', import.meta.url));
const catalog = readCatalog(readFileSync(path, 'utf8'), parse);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

addStacks(app, { catalog, sha256, settings });
app.synth();
