import openapiTS, { astToString } from 'openapi-typescript';

/** The types of paths and things that the client is built on. */
export async function clientTypes(openApi: string): Promise<string> {
  const nodes = await openapiTS(openApi, {
    alphabetize: true,
    rootTypes: true,
    rootTypesNoSchemaPrefix: true,
  });
  return `// Generated from apps/api/openapi.json by npm run generate; never edited.\n${astToString(nodes)}`;
}
