import { Injectable } from '@nestjs/common';
import { type AccessScope } from '@app/kernel';
import { MembersService } from '@app/subscriptions';
import { EventScope } from '../http/access/event-scope.js';
import { optionalDate } from '../http/input/instants.js';
import { Pages } from '../http/pagination/pages.js';
import { CustomerDto, type CustomerPageDto, type ListCustomersQueryDto } from './dto/customer.dto.js';

/** Lists the customers of a caller's scope by the filters of a request. */
@Injectable()
export class ListCustomersOperation {
  constructor(
    private readonly members: MembersService,
    private readonly scope: EventScope,
    private readonly pages: Pages,
  ) {}

  /** @throws DomainError `product_not_allowed`, `product_not_found`, `invalid_cursor` */
  async list(query: ListCustomersQueryDto, caller: AccessScope): Promise<CustomerPageDto> {
    const scope = await this.scope.narrow({ product: query.product }, caller);
    const { email, q: text, plan, status, from, to, order } = query;
    const binding = { email, text, plan, status, from, to, order, ...scope };
    const filter = {
      email,
      text,
      plan,
      status,
      from: optionalDate(from),
      to: optionalDate(to),
      oldestFirst: order === 'oldest',
    };
    return this.pages.answer(
      await this.members.list(this.pages.request(query, binding), scope, filter),
      binding,
      CustomerDto.of,
    );
  }
}
