import { Body, Controller, Get, Header, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { SANDBOX_BEHAVIORS, type SandboxBehavior, SandboxPages } from '@app/billing';
import { Allow } from '../http/access/allow.decorator.js';
import { chargePage, setupPage } from './sandbox-page.js';

class CompleteSetupDto {
  @IsIn(SANDBOX_BEHAVIORS)
  behavior: SandboxBehavior;
}

class DecideChargeDto {
  @IsIn(['confirm', 'refuse'])
  decision: 'confirm' | 'refuse';
}

const HTML = 'text/html; charset=utf-8';

/**
 * The pages of the sandbox provider: only where SANDBOX_PAYMENTS is on. An id is random, as the link to a page of a
 * real provider.
 */
@ApiExcludeController()
@Controller('sandbox')
export class SandboxController {
  constructor(private readonly pages: SandboxPages) {}

  @Get('setups/:id')
  @Allow('public')
  @Header('content-type', HTML)
  async setup(@Param('id') id: string): Promise<string> {
    return setupPage(await this.pages.getSetup(id));
  }

  @Post('setups/:id')
  @HttpCode(303)
  @Allow('public')
  async complete(
    @Param('id') id: string,
    @Body() { behavior }: CompleteSetupDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ returnUrl: string }> {
    const returnUrl = await this.pages.completeSetup(id, behavior);
    void reply.header('location', returnUrl);
    return { returnUrl };
  }

  @Get('charges/:id')
  @Allow('public')
  @Header('content-type', HTML)
  async charge(@Param('id') id: string): Promise<string> {
    return chargePage(await this.pages.getCharge(id));
  }

  @Post('charges/:id')
  @HttpCode(303)
  @Allow('public')
  async decide(
    @Param('id') id: string,
    @Body() { decision }: DecideChargeDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ returnUrl: string }> {
    const returnUrl = await this.pages.decideCharge(id, { confirm: decision === 'confirm' });
    void reply.header('location', returnUrl);
    return { returnUrl };
  }
}
