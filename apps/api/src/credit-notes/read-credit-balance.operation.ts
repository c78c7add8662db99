import { Injectable } from '@nestjs/common';
import type { Principal } from '@app/auth';
import { CreditBalances } from '@app/billing';
import { CatalogReader } from '@app/catalog';
import type { Customer } from '@app/customers';
import { type Page, type PageRequest, type ScopeFilter } from '@app/kernel';
import { CreditBalanceDto, CreditBalanceEntryDto } from './dto/credit-balance.dto.js';

/** The credit balances of one customer, in the scope of the caller. */
@Injectable()
export class ReadCreditBalanceOperation {
  constructor(
    private readonly balances: CreditBalances,
    private readonly catalog: CatalogReader,
  ) {}

  /** One for each product and currency that ever had credit. */
  async current(customer: Customer, principal: Principal): Promise<CreditBalanceDto[]> {
    const balances = await this.balances.list(scopeOf(customer, principal));
    return Promise.all(balances.map(async (one) => CreditBalanceDto.of(await this.named(one))));
  }

  /** Lists the changes of the balances, newest first. */
  async entries(customer: Customer, page: PageRequest, principal: Principal): Promise<Page<CreditBalanceEntryDto>> {
    const { data, hasMore } = await this.balances.entries(scopeOf(customer, principal), page);
    return {
      data: await Promise.all(data.map(async (one) => CreditBalanceEntryDto.of(await this.named(one)))),
      hasMore,
    };
  }

  private async named<T extends { productId: string }>(one: T): Promise<T & { product: string }> {
    return { ...one, product: await this.catalog.productKey(one.productId) };
  }
}

const scopeOf = ({ id }: Customer, { scope }: Principal): ScopeFilter => ({ ...scope.filter, customerId: id });
