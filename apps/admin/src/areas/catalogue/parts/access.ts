import { useMe } from '../../../shell/me';
import { useProduct } from '../../../shell/product';

/** Key of the product in the URL; the frame shows a part only when there is one. */
export const useChosenProduct = (): string => useProduct() ?? '';

/** True if the user may change the catalogue of the chosen product; others read it. */
export function useMayEdit(): boolean {
  const { role, product } = useMe();
  const chosen = useChosenProduct();
  return role === 'admin' || (role === 'product_admin' && product === chosen);
}
