import { Controller, Get, Header } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { SigningKeys } from '@app/auth';
import { Allow } from '../http/access/allow.decorator.js';
import { JwksDto } from './dto/auth.dto.js';

@ApiTags('Auth')
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: SigningKeys) {}

  /**
   * Use them to verify access tokens in another service without a call per request. Refresh the set when a token has
   * an unknown `kid`: a new key is published five minutes before it signs. A token that verifies may still belong to
   * a session that was ended.
   */
  @Get('jwks.json')
  @Allow('public')
  @Header('cache-control', 'public, max-age=60')
  @ApiOperation({ operationId: 'getJwks', summary: 'Get the public keys that verify access tokens (RFC 7517)' })
  async jwks(): Promise<JwksDto> {
    return { keys: (await this.keys.publicKeys()).map((key) => ({ ...key })) };
  }
}
