import { Injectable } from '@nestjs/common';
import { actorOf, type Principal } from '@app/auth';
import { CatalogReader } from '@app/catalog';
import { type Customer, CustomersService } from '@app/customers';
import type { Actor } from '@app/kernel';
import { MeteringService } from '@app/metering';

/** A reservation and all that a command on it needs to know. */
export interface OwnReservation {
  customer: Customer;
  product: string;
  feature: string;
  reservation: { id: string; windowStart: Date };
  actor: Actor;
}

/** Finds a reservation and makes sure that it is the caller's. */
@Injectable()
export class ReservationAccess {
  constructor(
    private readonly metering: MeteringService,
    private readonly customers: CustomersService,
    private readonly catalog: CatalogReader,
  ) {}

  /** @throws DomainError `reservation_not_found` when it is not there or not the caller's: both are the same 404 */
  async find(id: string, principal: Principal): Promise<OwnReservation> {
    const { customerId, featureId, reservation } = await this.metering.locateReservation(id);
    const [feature] = await this.catalog.featuresById([featureId]);
    principal.scope.assertAdmits({ customerId, productId: feature!.productId }, 'reservation');
    const product = await this.catalog.productKey(feature!.productId);
    const customer = await this.customers.getById(customerId);
    return { customer, product, feature: feature!.key, reservation, actor: actorOf(principal) };
  }
}
