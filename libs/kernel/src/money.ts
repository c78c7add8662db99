/** An amount of money in integer minor units of an ISO 4217 currency: 2999 USD is 29.99 dollars, 323 JPY is 323 yen. */
export interface Money {
  amount: number;
  currency: string;
}
