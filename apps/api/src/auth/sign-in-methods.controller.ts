import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Config } from '@app/platform';
import { Allow } from '../http/access/allow.decorator.js';
import { SignInMethodsDto } from './dto/sign-on.dto.js';

/** The ways to sign in, for the sign-in page. */
@ApiTags('Auth')
@Controller('v1/auth/methods')
export class SignInMethodsController {
  private readonly methods: SignInMethodsDto;

  constructor({ signIn }: Config) {
    this.methods = SignInMethodsDto.of(signIn);
  }

  /** The configuration of the service: the same answer for every caller. */
  @Get()
  @Allow('public')
  @ApiOperation({ operationId: 'listSignInMethods', summary: 'List the ways to sign in' })
  list(): SignInMethodsDto {
    return this.methods;
  }
}
