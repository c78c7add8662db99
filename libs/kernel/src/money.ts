/** An amount of money in integer minor units of an ISO 4217 currency: 2999 USD is 29.99 dollars, 323 JPY is 323 yen. */
export interface Money {
  amount: number;
  currency: string;
}

const CURRENCIES = new Set(Intl.supportedValuesOf('currency'));

/** True for an ISO 4217 code that this runtime knows. */
export const isCurrency = (code: unknown): code is string => typeof code === 'string' && CURRENCIES.has(code);
