import { Button, Group, Table, Text } from '@mantine/core';
import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { catalogueTexts } from '../catalogue-texts';
import { Scroller } from '../parts/scroller';

interface TermTableProps {
  label: string;
  head: [string, string];
  empty: string;
  rows: {
    name: string;
    cell: ReactNode;
    /** Messages of the row after a refused request. */
    errors: Record<string, string>;
    edit: () => void;
    remove: () => void;
  }[];
}

/** Entitlements or prices of a draft, each with its buttons and with the reason for which it was refused. */
export function TermTable({ label, head, empty, rows }: TermTableProps): ReactNode {
  const t = useTexts(catalogueTexts);
  if (rows.length === 0) return <Text size="sm">{empty}</Text>;
  return (
    <Scroller label={label}>
      <Table aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            {[...head, t.actions].map((title) => (
              <Table.Th key={title}>{title}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ name, cell, errors, edit, remove }) => (
            <Table.Tr key={name}>
              <Table.Td>{name}</Table.Td>
              <Table.Td>
                {cell}
                {Object.entries(errors).map(([field, message]) => (
                  <Text key={field} size="sm" c="var(--mantine-color-error)" role="alert">
                    {field}: {message}
                  </Text>
                ))}
              </Table.Td>
              <Table.Td>
                <Group gap={4} wrap="nowrap">
                  <Button size="compact-sm" variant="default" onClick={edit} aria-label={t.editOne(name)}>
                    {t.edit}
                  </Button>
                  <Button size="compact-sm" variant="default" onClick={remove} aria-label={t.removeOne(name)}>
                    {t.remove}
                  </Button>
                </Group>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scroller>
  );
}
