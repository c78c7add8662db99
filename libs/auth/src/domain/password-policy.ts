/** What NIST SP 800-63B-4 (3.1.1.2) and OWASP ASVS 5.0 (6.2) ask of passwords: length, and that nobody guesses them first. No rule of composition. */
export interface PasswordPolicy {
  /** Characters (code points), with both ends. */
  minLength: number;
  maxLength: number;
  /** True for what is tried first: lower case. */
  isCommon: (password: string) => boolean;
}

const SERVICE_NAME = 'tollgate';
/** A shorter name before the at sign stands in many a phrase by chance. */
const TELLING_NAME = 5;
/** `abcabcabc`: a unit of at most so many characters, over and over. */
const LONGEST_UNIT = 4;

/** One form for what is typed on any keyboard (NFKC): what is hashed and compared. */
export const normalizePassword = (password: string): string => password.normalize('NFKC');

/** What is wrong with a password, to be said after its name; null when nothing is. */
export function weaknessOf(
  password: string,
  email: string | null,
  { minLength, maxLength, isCommon }: PasswordPolicy,
): string | null {
  const length = [...password].length;
  if (length < minLength || length > maxLength) return `must have ${minLength} to ${maxLength} characters`;
  const plain = normalizePassword(password).toLowerCase();
  if (personalWords(email).some((word) => plain.includes(word)))
    return 'must not contain the e-mail or the name of this service';
  if (isGuessable(plain, isCommon))
    return 'is among the passwords that are tried first: choose one that is nobody else’s';
  return null;
}

function personalWords(email: string | null): string[] {
  const whole = (email ?? '').trim().normalize('NFKC').toLowerCase();
  const name = whole.split('@')[0]!;
  return [SERVICE_NAME, ...(whole ? [whole] : []), ...(name.length >= TELLING_NAME ? [name] : [])];
}

/** Common as it is, with digits and signs around it, over and over, or one step of the alphabet after the other. */
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
