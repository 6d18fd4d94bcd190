import { systemEffects } from '../../libs/effects/src/system/index.ts';
import { loadDecorated } from './load-decorated.ts';

const api = new URL('../../apps/api/src/', import.meta.url);

/** The OpenAPI document as JSON, keys in the order of the code. */
export async function openApiText(): Promise<string> {
  loadDecorated(api);
  const { createApplication } = (await import(
    new URL('create-application.ts', api).href
  )) as typeof import('../../apps/api/src/create-application.ts');
  const { readConfiguration } = (await import(
    new URL('configuration.ts', api).href
  )) as typeof import('../../apps/api/src/configuration.ts');
  const { openApiDocument } = (await import(
    new URL('platform/http/openapi.ts', api).href
  )) as typeof import('../../apps/api/src/platform/http/openapi.ts');
  const app = await createApplication(readConfiguration({}), systemEffects(), { preview: true });
  return JSON.stringify(openApiDocument(app));
}
