import { Injectable } from '@nestjs/common';
import { actorOf, type Principal } from '@app/auth';
import { CatalogReader } from '@app/catalog';
import { type Customer, CustomersService } from '@app/customers';
import type { Actor } from '@app/kernel';
import { MeteringService, type ReservationRef } from '@app/metering';

/** A reservation with the arguments of its commands. */
export interface ReservationTarget {
  customer: Customer;
  product: string;
  feature: string;
  reservation: ReservationRef;
  actor: Actor;
}

/** Finds a reservation in the caller's scope. */
@Injectable()
export class ReservationAccess {
  constructor(
    private readonly metering: MeteringService,
    private readonly customers: CustomersService,
    private readonly catalog: CatalogReader,
  ) {}

  /** @throws DomainError `reservation_not_found` when it does not exist or is outside of the scope */
  async find(id: string, principal: Principal): Promise<ReservationTarget> {
    const { customerId, featureId, reservation } = await this.metering.locateReservation(id);
    const [feature] = await this.catalog.featuresById([featureId]);
    principal.scope.assertAdmits({ customerId, productId: feature!.productId }, 'reservation');
    const product = await this.catalog.productKey(feature!.productId);
    const customer = await this.customers.getById(customerId);
    return { customer, product, feature: feature!.key, reservation, actor: actorOf(principal) };
  }
}
