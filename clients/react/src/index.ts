export { Gate, type GateProps } from './gate';
export { PlanChange, type PlanChangeProps } from './plan-change';
export { PricingTable, type PricingTableProps } from './pricing-table';
export {
  type ChangePreview,
  type Decision,
  type FetchToken,
  type Plan,
  type PlanChoice,
  type Price,
  type Subscription,
  TollgateRequestError,
} from './requests';
export type { TollgateTexts } from './texts';
export { TollgateProvider, type TollgateProviderProps } from './tollgate-provider';
export { type Entitlement, useEntitlement } from './use-entitlement';
export { UsageBar, type UsageBarProps } from './usage-bar';
