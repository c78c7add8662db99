import { Controller, Get, HttpException } from '@nestjs/common';
import { Readiness } from '@app/platform';

@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  async ready(): Promise<{ status: 'ok' }> {
    await this.readiness.check().catch(() => {
      throw new HttpException({ status: 'unavailable' }, 503);
    });
    return { status: 'ok' };
  }
}
