import type { Me } from '../../shell/me';

const CHANGING: readonly Me['role'][] = ['finance', 'product_admin', 'admin'];

/** True for roles that refund and mark as paid. */
export const mayChangeMoney = (role: Me['role']): boolean => CHANGING.includes(role);
