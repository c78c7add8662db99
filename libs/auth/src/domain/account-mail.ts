import type { Language } from '@app/users';

/** What a link or a token from a mail is good for. */
export type ActionPurpose = 'verify_email' | 'reset_password';

/** What the token in a mail is good for, and for how many hours. */
export interface MailedAction {
  purpose: ActionPurpose;
  hours: number;
}

interface MailForm {
  /** null: it only tells. */
  action: MailedAction | null;
  /** Sent at most so often to one address in an hour, whoever asks. */
  mostPerHour: number;
}

/** Every mail about an account. */
export const ACCOUNT_MAILS = {
  verify_email: { action: { purpose: 'verify_email', hours: 24 }, mostPerHour: 3 },
  change_email: { action: { purpose: 'verify_email', hours: 24 }, mostPerHour: 3 },
  reset_password: { action: { purpose: 'reset_password', hours: 1 }, mostPerHour: 3 },
  password_changed: { action: null, mostPerHour: 100 },
  email_changed: { action: null, mostPerHour: 100 },
} as const satisfies Record<string, MailForm>;

export type AccountMailKind = keyof typeof ACCOUNT_MAILS;

interface Wording {
  /** Subject, and what it says, in lines of at most 76 characters, so that mail is sent as it stands. */
  mails: Record<AccountMailKind, { subject: string; says: string }>;
  code: string;
  validity: (hours: number) => string;
}

const WORDINGS: Record<Language, Wording> = {
  en: {
    mails: {
      verify_email: {
        subject: 'Confirm your e-mail address',
        says: 'Please confirm that this is your e-mail address.',
      },
      change_email: {
        subject: 'Confirm your new e-mail address',
        says: 'Please confirm that this is to be the e-mail address of your account.\nUntil then the old one stays.',
      },
      reset_password: {
        subject: 'Choose a new password',
        says: 'Somebody asked for a new password for your account.\nIf it was not you, do nothing: the old one stays.',
      },
      password_changed: {
        subject: 'Your password was changed',
        says: 'The password of your account was changed, all other logins were ended.\nIf it was not you, ask for a new password at once.',
      },
      email_changed: {
        subject: 'Your e-mail address was changed',
        says: 'Your account has another e-mail address now. No more mail comes to this one.\nIf it was not you, tell those who run this service.',
      },
    },
    code: 'Your code:',
    validity: (hours) => `It is good for ${hours === 1 ? 'one hour' : `${hours} hours`}, once.`,
  },
  de: {
    mails: {
      verify_email: {
        subject: 'Bitte bestätige deine E-Mail-Adresse',
        says: 'Bitte bestätige, dass das deine E-Mail-Adresse ist.',
      },
      change_email: {
        subject: 'Bitte bestätige deine neue E-Mail-Adresse',
        says: 'Bitte bestätige, dass das die E-Mail-Adresse deines Kontos werden soll.\nBis dahin bleibt es bei der alten.',
      },
      reset_password: {
        subject: 'Neues Passwort wählen',
        says: 'Jemand hat für dein Konto um ein neues Passwort gebeten.\nWarst du es nicht, so tu nichts: Es bleibt beim alten.',
      },
      password_changed: {
        subject: 'Dein Passwort wurde geändert',
        says: 'Das Passwort deines Kontos wurde geändert, alle anderen Anmeldungen sind beendet.\nWarst du es nicht, so bitte gleich um ein neues Passwort.',
      },
      email_changed: {
        subject: 'Deine E-Mail-Adresse wurde geändert',
        says: 'Dein Konto hat jetzt eine andere E-Mail-Adresse. An diese kommt keine Post mehr.\nWarst du es nicht, so sag es denen, die diesen Dienst betreiben.',
      },
    },
    code: 'Dein Code:',
    validity: (hours) => `Er gilt ${hours === 1 ? 'eine Stunde' : `${hours} Stunden`}, einmal.`,
  },
};

/** The pages of the account that a token is taken to. */
const PAGES: Record<ActionPurpose, string> = { verify_email: 'verify-email', reset_password: 'reset-password' };

/** The text of a mail. The token stands behind a `#`, so that no server on the way to the page writes it into its log. */
export function composed(
  kind: AccountMailKind,
  { token, accountUrl, language }: { token: string | null; accountUrl: string | null; language: Language },
): { subject: string; text: string } {
  const { mails, code, validity } = WORDINGS[language];
  const { action }: MailForm = ACCOUNT_MAILS[kind];
  const lines = [mails[kind].says];
  if (action && token)
    lines.push(
      accountUrl ? `${accountUrl}/${PAGES[action.purpose]}#token=${token}` : `${code}\n${token}`,
      validity(action.hours),
    );
  return { subject: mails[kind].subject, text: `${lines.join('\n\n')}\n` };
}
