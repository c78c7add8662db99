/** What a link or a token from a mail is good for. */
export type ActionPurpose = 'verify_email' | 'reset_password';

interface MailForm {
  subject: string;
  /** What the token in it is good for, and for how many hours; null: it only tells. */
  action: { purpose: ActionPurpose; hours: number } | null;
  /** Sent at most so often to one address in an hour, whoever asks. */
  mostPerHour: number;
  /** In lines of at most 76 characters, so that mail is sent as it stands. */
  says: string;
}

/** Every mail about an account. */
export const ACCOUNT_MAILS = {
  verify_email: {
    subject: 'Confirm your e-mail address',
    action: { purpose: 'verify_email', hours: 24 },
    mostPerHour: 3,
    says: 'Please confirm that this is your e-mail address.',
  },
  change_email: {
    subject: 'Confirm your new e-mail address',
    action: { purpose: 'verify_email', hours: 24 },
    mostPerHour: 3,
    says: 'Please confirm that this is to be the e-mail address of your account.\nUntil then the old one stays.',
  },
  reset_password: {
    subject: 'Choose a new password',
    action: { purpose: 'reset_password', hours: 1 },
    mostPerHour: 3,
    says: 'Somebody asked for a new password for your account.\nIf it was not you, do nothing: the old one stays.',
  },
  password_changed: {
    subject: 'Your password was changed',
    action: null,
    mostPerHour: 100,
    says: 'The password of your account was changed, all other logins were ended.\nIf it was not you, ask for a new password at once.',
  },
  email_changed: {
    subject: 'Your e-mail address was changed',
    action: null,
    mostPerHour: 100,
    says: 'Your account has another e-mail address now. No more mail comes to this one.\nIf it was not you, tell those who run this service.',
  },
} as const satisfies Record<string, MailForm>;

export type AccountMailKind = keyof typeof ACCOUNT_MAILS;

/** The pages of the account that a token is taken to. */
const PAGES: Record<ActionPurpose, string> = { verify_email: 'verify-email', reset_password: 'reset-password' };

/** The text of a mail. The token stands behind a `#`, so that no server on the way to the page writes it into its log. */
export function composed(kind: AccountMailKind, token: string | null, accountUrl: string | null): { subject: string; text: string } {
  const { subject, action, says }: MailForm = ACCOUNT_MAILS[kind];
  const lines = [says];
  if (action && token) {
    const hours = `It is good for ${action.hours === 1 ? 'one hour' : `${action.hours} hours`}, once.`;
    lines.push(accountUrl ? `${accountUrl}/${PAGES[action.purpose]}#token=${token}` : `Your code:\n${token}`, hours);
  }
  return { subject, text: `${lines.join('\n\n')}\n` };
}
