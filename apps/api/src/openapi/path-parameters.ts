import type { OpenAPIObject } from '@nestjs/swagger';
import { EXAMPLE_ID } from '../http/input/fields.js';
import { mapOperations, type Parameter } from './operations.js';

interface PathParameter {
  description: string;
  example: string;
  format?: 'uuid';
}

const idOf = (object: string): PathParameter => ({
  description: `Id of the ${object}.`,
  example: EXAMPLE_ID,
  format: 'uuid',
});
const FEATURE = { description: 'Key of the feature.', example: 'api_calls' };

/** Every path parameter, with the segment before it. */
const PATH_PARAMETERS: Record<string, PathParameter> = {
  'add-ons/{key}': { description: 'Key of the add-on.', example: 'five-seats' },
  'api-keys/{id}': idOf('API key'),
  'checkouts/{id}': idOf('checkout'),
  'coupons/{key}': { description: 'Key of the coupon.', example: 'launch' },
  'credit-notes/{id}': idOf('credit note'),
  'customers/{customer}': {
    description: 'Key of the customer, 1 to 128 printable characters; `me` is the own customer of the caller.',
    example: 'acme',
  },
  'entitlements/{feature}': FEATURE,
  'features/{key}': FEATURE,
  'grants/{id}': idOf('grant'),
  'moves/{id}': idOf('plan migration'),
  'notifications/{id}': idOf('notification'),
  'overrides/{feature}': FEATURE,
  'payment-methods/{id}': idOf('payment method'),
  'payment-webhooks/{provider}': { description: 'Name of the provider.', example: 'stripe' },
  'payments/{id}': idOf('payment'),
  'portal-sessions/{id}': idOf('portal session'),
  'plans/{key}': { description: 'Key of the plan.', example: 'pro' },
  'products/{key}': { description: 'Key of the product.', example: 'api' },
  'reservations/{id}': idOf('reservation'),
  'subscriptions/{id}': idOf('subscription'),
  'tax-rates/{key}': { description: 'Key of the tax rate.', example: 'de-vat' },
  'test-clocks/{id}': idOf('test clock'),
  'invoices/{id}': idOf('invoice'),
  'users/{id}': idOf('account'),
  'webhook-deliveries/{id}': idOf('delivery'),
  'webhook-endpoints/{id}': idOf('endpoint'),
};

/** Describes the parameters of each path by the table above, so that one object has one name and one description. */
export const withPathParameters = (document: OpenAPIObject): OpenAPIObject =>
  mapOperations(document, ({ parameters = [], ...operation }, path) => ({
    ...operation,
    parameters: [
      ...[...path.matchAll(/[\w-]+\/\{(\w+)\}/g)].map(([place, name]) => parameterOf(place, name!)),
      ...parameters.filter((parameter) => parameter.in !== 'path'),
    ],
  }));

/** A parameter that is not in the table stays without a description, which a test refuses. */
function parameterOf(place: string, name: string): Parameter {
  const { format, ...texts }: Partial<PathParameter> = PATH_PARAMETERS[place] ?? {};
  return { name, in: 'path', required: true, ...texts, schema: { type: 'string', ...(format ? { format } : {}) } };
}
