import { z } from 'zod';

/**
 * A percentage as a decimal text, without needless zeros: `7.50` becomes `7.5`. A number is refused, because a float
 * has no exact decimals.
 * @param least the smallest percentage, in units of the last place
 */
export const percentage = ({ places, least, message }: { places: number; least: bigint; message: string }) => {
  const one = 10n ** BigInt(places);
  const form = new RegExp(`^\\d{1,3}(?:\\.\\d{1,${places}})?$`);
  const scaled = (text: string): bigint => {
    const [whole, fraction = ''] = text.split('.');
    return BigInt(whole + fraction.padEnd(places, '0'));
  };
  return z
    .string(message)
    .refine((text) => form.test(text) && scaled(text) >= least && scaled(text) <= 100n * one, message)
    .transform((text) => {
      const units = scaled(text);
      const fraction = String(units % one)
        .padStart(places, '0')
        .replace(/0+$/, '');
      return `${units / one}${fraction && `.${fraction}`}`;
    });
};
