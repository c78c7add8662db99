import {
  type AuditedType,
  descriptionOf,
  eventTypes,
  exampleOf,
  kindOfType,
  publicEventTypes,
} from './event-catalog.js';

const INTRODUCTION = `# Events

Every event type that webhooks, the event stream and the audit log contain. Generated from the catalogue by \`npm run events\`.

Every message has the same fields: \`type\`, \`timestamp\` (when the event happened) and \`data\` with \`id\` (equal to \`webhook-id\`),
\`sequence\` (1, 2, 3 and so on per subject: order late messages by it), \`subject\`, \`version\`, \`customer\` and \`product\` (keys), \`actor\`,
\`reason\`, \`before\` and \`after\`. Events of commands contain the complete result; time-driven events contain the changed fields.
New fields may be added; no field is removed.
`;

const SECURITY =
  'Kept in the audit log only, not published. Equal events of one minute are one entry, which counts them in `after.count`.';

const titled = (kind: string): string => kind.replaceAll('_', ' ');

function section(type: AuditedType): string {
  const { summary, auditOnly, security } = descriptionOf(type);
  const kept = auditOnly ? '\n\nKept in the audit log only, not published.' : '';
  const counted = security ? `\n\n${SECURITY}` : '';
  return `### \`${type}\`\n\n${summary}${kept}${counted}\n\n<details><summary>Example</summary>\n\n\`\`\`json\n${JSON.stringify(exampleOf(type), null, 2)}\n\`\`\`\n\n</details>\n`;
}

/** Returns the catalogue as Markdown: the content of docs/events.md. */
export function eventsDocument(): string {
  const types = eventTypes();
  const kinds = [...new Set(types.map(kindOfType))];
  const list = `${types.length} types, ${publicEventTypes().length} of them published. Subscribe to single types, to all of a kind (\`subscription.*\`), or to all.\n`;
  return [
    INTRODUCTION,
    list,
    ...kinds.map(
      (kind) =>
        `## ${titled(kind)}\n\n${types
          .filter((type) => type.startsWith(`${kind}.`))
          .map(section)
          .join('\n')}`,
    ),
  ].join('\n');
}
