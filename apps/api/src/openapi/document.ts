import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { withCommonAnswers } from './common-answers.js';
import { withPathParameters } from './path-parameters.js';
import { TAGS } from './tags.js';
import { withTexts } from './texts.js';
import { inVersion31 } from './version-31.js';
import { withVersions } from './versions.js';
import { describeWebhooks } from './webhooks.js';

/** Additions to the document of @nestjs/swagger, in order. */
const STEPS: ((document: OpenAPIObject) => OpenAPIObject)[] = [
  inVersion31,
  withTexts,
  withPathParameters,
  withVersions,
  withCommonAnswers,
  describeWebhooks,
];

/**
 * The OpenAPI document of the service. The build adds types and doc comments to the classes, so only a built service
 * has the whole document.
 */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('Tollgate')
    .setDescription(
      'May this customer do this, now, and how much of it is left? Plans, subscriptions, entitlements and usage.',
    )
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'The service that returned this document')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An access token, or an API key (tg_...)' })
    .addOAuth2(
      {
        type: 'oauth2',
        description: 'OAuth 2 password grant with e-mail and password',
        flows: { password: { tokenUrl: '/v1/auth/token', scopes: {} } },
      },
      'password',
    )
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'An API key (tg_...)' }, 'apiKey');
  for (const [name, description] of Object.entries(TAGS)) builder.addTag(name, description);
  return STEPS.reduce((document, step) => step(document), SwaggerModule.createDocument(app, builder.build()));
}
