import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { signInCookie } from './authenticator.ts';

/** The contract, from the code. Every operation may also answer with a problem, which is described once. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const document = SwaggerModule.createDocument(
    app,
    new DocumentBuilder()
      .setTitle('Sallyport')
      .setDescription('Just-in-time access to private AWS resources.')
      .setVersion('1')
      .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
      .addBearerAuth({ type: 'http', scheme: 'bearer' }, 'token')
      .addCookieAuth(signInCookie, { type: 'apiKey', in: 'cookie', name: signInCookie }, 'cookie')
      .build(),
  );
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: problemSchema },
  };
  for (const path of Object.values(document.paths))
    for (const operation of Object.values(path as Record<string, { responses?: Record<string, unknown> }>))
      if (operation.responses) operation.responses['default'] = problemResponse;
  return document;
}

const problemResponse = {
  description: 'A refusal or failure; see docs/problems for each code.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

const text = { type: 'string' } as const;

const problemSchema = {
  type: 'object' as const,
  required: ['type', 'title', 'status', 'detail', 'code', 'kind', 'advice'],
  additionalProperties: true,
  properties: {
    type: text,
    title: text,
    status: { type: 'integer' as const },
    detail: text,
    code: text,
    kind: text,
    advice: text,
    instance: text,
    retryAfterSeconds: { type: 'number' as const },
    errors: {
      type: 'array' as const,
      items: {
        type: 'object' as const,
        required: ['field', 'message'],
        properties: { field: text, message: text },
      },
    },
  },
};
