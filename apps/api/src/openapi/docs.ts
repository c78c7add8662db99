import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { inVersion31 } from './version-31.js';
import { describeWebhooks } from './webhooks.js';

export const DOCS_PATH = '/docs';

/** Serves the OpenAPI document at /openapi.json and its page at /docs. */
export function addDocs(app: NestFastifyApplication): void {
  const description = new DocumentBuilder()
    .setTitle('Tollgate')
    .setDescription(
      'May this customer do this, now, and how much of it is left? Plans, subscriptions, entitlements and usage.',
    )
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An access token, or an API key (tg_...)' })
    .addOAuth2(
      {
        type: 'oauth2',
        description: 'OAuth 2 password grant with e-mail and password',
        flows: { password: { tokenUrl: '/v1/auth/token', scopes: {} } },
      },
      'password',
    )
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-Api-Key' }, 'apiKey')
    .build();
  const document = (): ReturnType<typeof SwaggerModule.createDocument> =>
    describeWebhooks(inVersion31(SwaggerModule.createDocument(app, description)));
  SwaggerModule.setup(DOCS_PATH.slice(1), app, document, {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
  });
}
