import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Mailer } from '@app/platform';
import { Allow } from '../http/access/allow.decorator.js';
import { DevMailGuard } from './dev-mail.guard.js';
import { mailPage } from './mail-page.js';

/** Shows mails that were written to files: only without an SMTP server, never in production. */
@ApiExcludeController()
@Controller('dev/mail')
@UseGuards(DevMailGuard)
export class DevMailController {
  constructor(private readonly mailer: Mailer) {}

  @Get()
  @Allow('public')
  @Header('content-type', 'text/html; charset=utf-8')
  async list(): Promise<string> {
    return mailPage(await this.mailer.storedMails());
  }
}
