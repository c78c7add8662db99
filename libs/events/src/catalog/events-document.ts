import { descriptionOf, type EventType, eventTypes, exampleOf, kindOfType, publicEventTypes } from './event-catalog.js';

const INTRODUCTION = `# Events

Everything that happens, told to webhooks, to the stream and, where it is about them, to people. Made from the catalogue by \`npm run events\`.

Every message has the same form: \`type\`, \`timestamp\` (when it happened) and \`data\` with \`id\` (the \`webhook-id\`), \`sequence\` (1, 2, 3 and so on of
its subject, so that what comes late can be put in its place), \`subject\`, \`version\`, \`customer\` and \`product\` (keys), \`actor\`, \`reason\`, \`before\` and
\`after\`. What somebody did is told with the whole of what it led to; what time does, with what it changed. New members may be added, none is taken away.
`;

const titled = (kind: string): string => kind.replaceAll('_', ' ');

function section(type: EventType): string {
  const { summary, auditOnly } = descriptionOf(type);
  const kept = auditOnly ? '\n\nKept in the audit log, and told to nobody.' : '';
  return `### \`${type}\`\n\n${summary}${kept}\n\n<details><summary>Example</summary>\n\n\`\`\`json\n${JSON.stringify(exampleOf(type), null, 2)}\n\`\`\`\n\n</details>\n`;
}

/** The catalogue as a page for people. */
export function eventsDocument(): string {
  const types = eventTypes();
  const kinds = [...new Set(types.map(kindOfType))];
  const list = `${types.length} types, ${publicEventTypes().length} of them told. Ask for some, for all of a kind (\`subscription.*\`), or for all.\n`;
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
