/**
 * Requirements of NIST SP 800-63B-4 (3.1.1.2) and OWASP ASVS 5.0 (6.2): length, and not among common passwords. No rule
 * of composition.
 */
export interface PasswordPolicy {
  /** Characters (code points), inclusive. */
  minLength: number;
  maxLength: number;
  /** True for a common password. Gets lower case. */
  isCommon: (password: string) => boolean;
}

const SERVICE_NAME = 'tollgate';
/** A shorter local part of an address occurs in many phrases by chance. */
const MIN_LOCAL_PART = 5;
/** Longest unit that is rejected when it repeats, in characters: `abcabcabc`. */
const LONGEST_UNIT = 4;

/** Canonical form of a password (NFKC), the same from any keyboard. It is hashed and compared. */
export const normalizePassword = (password: string): string => password.normalize('NFKC');

/** Weakness of a password, as text that follows the field name; null when it is strong enough. */
export function weaknessOf(
  password: string,
  email: string | null,
  { minLength, maxLength, isCommon }: PasswordPolicy,
): string | null {
  const length = [...password].length;
  if (length < minLength || length > maxLength) return `must have ${minLength} to ${maxLength} characters`;
  const plain = normalizePassword(password).toLowerCase();
  if (personalWords(email).some((word) => plain.includes(word)))
    return 'must not contain the e-mail address or the name of this service';
  if (isGuessable(plain, isCommon)) return 'is easy to guess: choose a longer or less common password';
  return null;
}

function personalWords(email: string | null): string[] {
  const whole = (email ?? '').trim().normalize('NFKC').toLowerCase();
  const name = whole.split('@')[0]!;
  return [SERVICE_NAME, ...(whole ? [whole] : []), ...(name.length >= MIN_LOCAL_PART ? [name] : [])];
}

/** True for a common password, also with digits and signs around it, for a repetition, and for a run like `abcdef`. */
function isGuessable(plain: string, isCommon: PasswordPolicy['isCommon']): boolean {
  const core = plain.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  const unit = /^(.+?)\1+$/su.exec(plain)?.[1] ?? null;
  return (
    isCommon(plain) ||
    (core !== '' && isCommon(core)) ||
    (unit !== null && (unit.length <= LONGEST_UNIT || isCommon(unit))) ||
    isRun(plain)
  );
}

function isRun(plain: string): boolean {
  const codes = [...plain].map((letter) => letter.codePointAt(0)!);
  const steps = new Set(
    codes
      .slice(1)
      .map((code, index) => code - codes[index]!)
      .filter((step) => Math.abs(step) !== 9),
  );
  return steps.size === 1 && [-1, 0, 1].includes([...steps][0]!);
}
