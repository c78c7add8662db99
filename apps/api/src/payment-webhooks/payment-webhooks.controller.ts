import type { IncomingHttpHeaders } from 'node:http';
import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import { PaymentEvents } from '@app/billing';
import { Allow } from '../http/access/allow.decorator.js';
import { ApiProblems } from '../http/openapi/problem.dto.js';
import { KeepRawBody, RawBody, RequestHeaders } from '../http/raw-body/raw-body.js';
import { Unlimited } from '../http/throttling/throttling.guard.js';
import { ReceivedEventDto } from './dto/received-event.dto.js';

@ApiTags('Billing')
@Controller('v1/payment-webhooks')
export class PaymentWebhooksController {
  constructor(private readonly events: PaymentEvents) {}

  /**
   * Set this URL as the webhook endpoint at the provider. The signature of the body is verified, with a tolerance of
   * five minutes; the event is stored and processed by a worker. An event that arrives again changes nothing. Errors:
   * 400 `invalid_signature` or `malformed_event`; 404 `payment_provider_not_found`.
   */
  @Post(':provider')
  @HttpCode(200)
  @Allow('public')
  @KeepRawBody()
  @Unlimited()
  @ApiBody({ schema: { type: 'object' }, description: 'The event, as the provider sends and signs it.' })
  @ApiOperation({ operationId: 'receivePaymentEvent', summary: 'Receive an event of a payment provider' })
  @ApiProblems(404)
  async receive(
    @Param('provider') provider: string,
    @RawBody() body: Buffer,
    @RequestHeaders() headers: IncomingHttpHeaders,
  ): Promise<ReceivedEventDto> {
    await this.events.receive(provider, body, headers);
    return { received: true };
  }
}
