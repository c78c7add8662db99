import { Badge, Code, Stack, Table, Text, Title } from '@mantine/core';
import { useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { Scroller } from '../parts/scroller';
import type { FieldChange, KindDifference, ObjectChange } from './difference';
import { documentTexts } from './document-texts';

const COLORS: Record<ObjectChange['change'], string> = {
  created: 'green',
  updated: 'blue',
  changed: 'blue',
  archived: 'red',
};

/** Objects that an import adds, changes or archives, with the fields that differ. */
export function DifferenceTables({ difference }: { difference: KindDifference[] }): ReactNode {
  const t = useTexts(documentTexts);
  const formats = useFormats();
  return (
    <Stack role="status" aria-label={t.difference}>
      {difference.map(({ kind, objects, unchanged }) => (
        <div key={kind}>
          <Title order={3} size="h6">
            {t.kinds[kind]}
          </Title>
          <Scroller label={t.kinds[kind]}>
            <Table aria-label={t.kinds[kind]}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t.change}</Table.Th>
                  <Table.Th>{t.object}</Table.Th>
                  <Table.Th>{t.fields}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {objects.map(({ key, change, fields }) => (
                  <Table.Tr key={key}>
                    <Table.Td>
                      <Badge
                        variant="outline"
                        color={COLORS[change]}
                        styles={{ label: { color: 'var(--mantine-color-text)' } }}
                      >
                        {t.changes[change]}
                      </Badge>
                    </Table.Td>
                    <Table.Td>{key}</Table.Td>
                    <Table.Td>
                      <Fields fields={fields} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Scroller>
          {unchanged > 0 && <Text size="xs">{t.unchanged(formats.number(unchanged))}</Text>}
        </div>
      ))}
    </Stack>
  );
}

function Fields({ fields }: { fields: FieldChange[] }): ReactNode {
  const t = useTexts(documentTexts);
  const text = (value: unknown): string => {
    if (value === undefined) return t.leftOut;
    if (value === null || value === '') return t.empty;
    return typeof value === 'string' ? value : JSON.stringify(value);
  };
  return fields.map(({ field, before, after }) => (
    <Text key={field} size="sm">
      {field}: <Code>{text(before)}</Code> → <Code>{text(after)}</Code>
    </Text>
  ));
}
