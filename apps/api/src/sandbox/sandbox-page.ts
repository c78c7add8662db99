import { SANDBOX_BEHAVIORS, SANDBOX_DETAILS, type SandboxCharge, type SandboxMethod } from '@app/billing';
import { decimalAmount } from '@app/kernel';

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);

const page = (title: string, content: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title></head><body><h1>${title}</h1>${content}</body></html>`;

/** The page on which a test method is chosen, as HTML without scripts. */
export function setupPage({ behavior }: SandboxMethod): string {
  if (behavior) return page('Payment method', '<p>This payment method has been stored.</p>');
  const choices = SANDBOX_BEHAVIORS.map((name, index) => {
    const { description, last4 } = SANDBOX_DETAILS[name];
    const checked = index === 0 ? ' checked' : '';
    return `<p><label><input type="radio" name="behavior" value="${name}"${checked}> ${escaped(`${name} (**** ${last4}): ${description}`)}</label></p>`;
  });
  return page(
    'Choose a test method',
    `<p>The sandbox moves no money.</p><form method="post">${choices.join('')}<button>Store</button></form>`,
  );
}

/** The page on which a charge is confirmed, as HTML without scripts. */
export function chargePage({ status, amount, currency }: SandboxCharge): string {
  const title = `Payment of ${escaped(decimalAmount({ amount, currency }))} ${escaped(currency)}`;
  if (status !== 'requires_action') return page(title, `<p>This payment is ${escaped(status)}.</p>`);
  return page(
    title,
    '<form method="post"><button name="decision" value="confirm">Confirm</button> <button name="decision" value="refuse">Refuse</button></form>',
  );
}
