import { Fieldset, SimpleGrid, Textarea, TextInput } from '@mantine/core';
import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import type { Billing } from './billing';
import { settingsTexts } from './settings-texts';

type Seller = Billing['seller'];
type Address = NonNullable<Seller['address']>;

interface SellerFieldsProps {
  seller: Seller;
  set: (seller: Seller) => void;
  errors: Record<string, string>;
}

const EMPTY: Address = { line1: '', line2: null, postalCode: '', city: '', region: null, country: '' };
const ADDRESS_FIELDS = ['line1', 'line2', 'postalCode', 'city', 'region', 'country'] as const;
const OPTIONAL = { line2: true, region: true } as Partial<Record<keyof Address, boolean>>;

/** The seller as invoices name it. */
export function SellerFields({ seller, set, errors }: SellerFieldsProps): ReactNode {
  const t = useTexts(settingsTexts);
  const change = (part: Partial<Seller>): void => set({ ...seller, ...part });
  const changeAddress = (field: keyof Address, value: string): void => {
    const address = { ...EMPTY, ...seller.address, [field]: value || (OPTIONAL[field] ? null : '') };
    change({ address: ADDRESS_FIELDS.some((one) => address[one]) ? address : null });
  };
  return (
    <Fieldset legend={t.seller}>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label={t.sellerName}
          value={seller.name}
          onChange={({ currentTarget }) => change({ name: currentTarget.value })}
          error={errors['seller.name']}
        />
        <TextInput
          label={t.sellerEmail}
          type="email"
          value={seller.email ?? ''}
          onChange={({ currentTarget }) => change({ email: currentTarget.value || null })}
          error={errors['seller.email']}
        />
        <TextInput
          label={t.taxId}
          value={seller.taxId ?? ''}
          onChange={({ currentTarget }) => change({ taxId: currentTarget.value || null })}
          error={errors['seller.taxId']}
        />
        {ADDRESS_FIELDS.map((field) => (
          <TextInput
            key={field}
            label={t[field]}
            value={seller.address?.[field] ?? ''}
            onChange={({ currentTarget }) => changeAddress(field, currentTarget.value)}
            error={errors[`seller.address.${field}`]}
          />
        ))}
        <Textarea
          label={t.paymentDetails}
          autosize
          value={seller.paymentDetails ?? ''}
          onChange={({ currentTarget }) => change({ paymentDetails: currentTarget.value || null })}
          error={errors['seller.paymentDetails']}
        />
      </SimpleGrid>
    </Fieldset>
  );
}
