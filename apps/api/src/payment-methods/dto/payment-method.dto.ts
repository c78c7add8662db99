import { IsString, Length } from 'class-validator';
import type { PaymentMethod } from '@app/billing';
import { ProductField } from '../../http/input/fields.js';

export class StartSetupDto {
  /**
   * Where the payer returns to, with `setup=completed` or `setup=canceled` added: a path of this service, or a URL of
   * PUBLIC_URL or of an origin in CORS_ORIGINS; in a portal session a URL that the portal of the product allows in
   * place of CORS_ORIGINS. @example "/billing"
   */
  @IsString()
  @Length(1, 2_000)
  returnUrl: string;

  @ProductField()
  product?: string;
}

export class PaymentMethodSetupDto {
  /** Page of the provider on which the payer enters the payment method. Redirect the browser to it. */
  url: string;
}

/** A stored card or bank account. Card data is at the provider only. */
export class PaymentMethodDto {
  id: string;
  /** `sandbox`, `manual` or `stripe`. */
  provider: string;
  /** Such as `card` or `sepa_debit`. */
  type: string;
  /** Such as `visa`; null for other types than cards. */
  brand: string | null;
  last4: string | null;
  expiresMonth: number | null;
  expiresYear: number | null;
  /** True: it is charged for the next invoice. */
  isDefault: boolean;
  createdAt: Date;

  static of(method: PaymentMethod): PaymentMethodDto {
    const { id, provider, type, brand, last4, expiresMonth, expiresYear, isDefault, createdAt } = method;
    return { id, provider, type, brand, last4, expiresMonth, expiresYear, isDefault, createdAt };
  }
}

export class PaymentMethodPageDto {
  data: PaymentMethodDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
