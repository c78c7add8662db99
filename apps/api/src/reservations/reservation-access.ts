import { Injectable } from '@nestjs/common';
import { actorOf, confinedTo, type Principal } from '@app/auth';
import { CatalogReader } from '@app/catalog';
import { type Customer, CustomersService } from '@app/customers';
import { type Actor, DomainError } from '@app/kernel';
import { MeteringService } from '@app/metering';
import { confinedProduct } from '../http/access/product-key.decorator.js';

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
    const product = await this.catalog.productKey(feature!.productId);
    const customer = await this.customers.getById(customerId);
    const only = confinedTo(principal);
    const confined = confinedProduct(principal);
    if ((only !== null && only !== customerId) || (confined !== null && confined !== product)) {
      throw new DomainError('not_found', 'reservation_not_found', 'There is no such reservation.');
    }
    return { customer, product, feature: feature!.key, reservation, actor: actorOf(principal) };
  }
}
