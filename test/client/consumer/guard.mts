import { Controller, Module, Post } from '@nestjs/common';
import { Tollgate } from '@tollgate/client';
import { RequireEntitlement, TollgateModule } from '@tollgate/client/nest';

@Controller('reports')
export class ReportsController {
  constructor(private readonly tollgate: Tollgate) {}

  @Post()
  @RequireEntitlement('calls', { quantity: 2 })
  async create(): Promise<boolean> {
    return (await this.tollgate.check({ customer: 'acme', feature: 'calls' })).allowed;
  }
}

@Module({
  imports: [
    TollgateModule.forRoot({
      baseUrl: 'https://tollgate.internal',
      apiKey: 'tg_test',
      customerOf: (request: { customer?: string }) => request.customer ?? null,
    }),
  ],
  controllers: [ReportsController],
})
export class ReportsModule {}
