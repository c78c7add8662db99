import type { Language } from '@app/users';

/** The action that a token from a mail allows. */
export type ActionPurpose = 'verify_email' | 'reset_password';

/** The action that a mail requests, and the validity of its token in hours. */
export interface MailedAction {
  purpose: ActionPurpose;
  hours: number;
}

interface MailForm {
  /** null: the mail only informs. */
  action: MailedAction | null;
  /** Limit of mails of this kind to one address in an hour, over all callers. */
  maxPerHour: number;
}

/** Every mail about an account. */
export const ACCOUNT_MAILS = {
  verify_email: { action: { purpose: 'verify_email', hours: 24 }, maxPerHour: 3 },
  change_email: { action: { purpose: 'verify_email', hours: 24 }, maxPerHour: 3 },
  reset_password: { action: { purpose: 'reset_password', hours: 1 }, maxPerHour: 3 },
  password_changed: { action: null, maxPerHour: 100 },
  email_changed: { action: null, maxPerHour: 100 },
  second_factor_enabled: { action: null, maxPerHour: 100 },
  second_factor_disabled: { action: null, maxPerHour: 100 },
  recovery_code_used: { action: null, maxPerHour: 100 },
} as const satisfies Record<string, MailForm>;

export type AccountMailKind = keyof typeof ACCOUNT_MAILS;

interface Wording {
  /** Subject and body. Lines have at most 76 characters, so that mail is sent without re-encoding. */
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
        says: 'Please confirm this as the new e-mail address of your account.\nUntil you confirm, the old address stays.',
      },
      reset_password: {
        subject: 'Choose a new password',
        says: 'A new password was requested for your account.\nIf it was not you, do nothing: your password stays the same.',
      },
      password_changed: {
        subject: 'Your password was changed',
        says: 'The password of your account was changed, and all other sessions ended.\nIf it was not you, request a new password immediately.',
      },
      email_changed: {
        subject: 'Your e-mail address was changed',
        says: 'Your account has a new e-mail address. This address gets no more mail.\nIf it was not you, contact the operator of this service.',
      },
      second_factor_enabled: {
        subject: 'Your second factor was enabled',
        says: 'Logins to your account now need a code, and all other sessions ended.\nIf it was not you, contact the operator of this service.',
      },
      second_factor_disabled: {
        subject: 'Your second factor was disabled',
        says: 'Logins to your account need the password only, and other sessions ended.\nIf it was not you, change your password immediately.',
      },
      recovery_code_used: {
        subject: 'A recovery code was used',
        says: 'A recovery code of your account was used for a login.\nIf it was not you, change your password immediately.',
      },
    },
    code: 'Your code:',
    validity: (hours) => `It is valid for ${hours === 1 ? 'one hour' : `${hours} hours`} and can be used once.`,
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
      second_factor_enabled: {
        subject: 'Der zweite Faktor deines Kontos ist aktiv',
        says: 'Anmeldungen brauchen jetzt einen Code, alle anderen Anmeldungen sind beendet.\nWarst du es nicht, so sag es denen, die diesen Dienst betreiben.',
      },
      second_factor_disabled: {
        subject: 'Der zweite Faktor deines Kontos ist abgeschaltet',
        says: 'Anmeldungen brauchen nur das Passwort, andere Anmeldungen sind beendet.\nWarst du es nicht, so ändere sofort dein Passwort.',
      },
      recovery_code_used: {
        subject: 'Ein Ersatzcode wurde benutzt',
        says: 'Ein Ersatzcode deines Kontos wurde für eine Anmeldung benutzt.\nWarst du es nicht, so ändere sofort dein Passwort.',
      },
    },
    code: 'Dein Code:',
    validity: (hours) => `Er gilt ${hours === 1 ? 'eine Stunde' : `${hours} Stunden`}, einmal.`,
  },
};

/** Paths below the account URL that accept a token. */
const PAGES: Record<ActionPurpose, string> = { verify_email: 'verify-email', reset_password: 'reset-password' };

/** Subject and text of a mail. The token follows a `#`: browsers do not send it, so that no server logs it. */
export function composeMail(
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
