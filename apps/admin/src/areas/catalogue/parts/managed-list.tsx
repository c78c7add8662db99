import { Button, Group, Text } from '@mantine/core';
import { type Column, DataTable, type ListPage, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { catalogueTexts } from '../catalogue-texts';
import { useChosenProduct, useMayEdit } from './access';
import { EditDialog } from './edit-dialog';
import { RowActions } from './row-actions';

interface ManagedListProps<Row> {
  /** Name of the list, also in the keys of its reads. */
  name: string;
  title: string;
  create: string;
  empty: { title: string; hint?: string };
  columns: Column<Row>[];
  read: (cursor: string | undefined) => Promise<ListPage<Row>>;
  /** Opens the form of a row; without a row, that of a new one. */
  edit: (row?: Row) => void;
  archive: (row: Row) => Promise<unknown>;
  /** Effect of archiving a row. */
  archiveEffect: string;
}

/** A list of the catalogue. Buttons for changes are shown to those who may change it. */
export function ManagedList<Row extends { id: string; name: string }>(props: ManagedListProps<Row>): ReactNode {
  const shared = useTexts(catalogueTexts);
  const product = useChosenProduct();
  const mayEdit = useMayEdit();
  const [archived, setArchived] = useState<Row | null>(null);
  const actions: Column<Row> = {
    key: 'actions',
    title: shared.actions,
    numeric: true,
    cell: (row) => <RowActions name={row.name} edit={() => props.edit(row)} archive={() => setArchived(row)} />,
  };
  return (
    <>
      {mayEdit && (
        <Group justify="flex-end">
          <Button onClick={() => props.edit()}>{props.create}</Button>
        </Group>
      )}
      <DataTable
        label={props.title}
        queryKey={['catalogue', product, props.name, 'list']}
        read={props.read}
        columns={mayEdit ? [...props.columns, actions] : props.columns}
        rowKey={({ id }) => id}
        empty={props.empty}
      />
      {archived && (
        <EditDialog
          title={shared.archiveOne(archived.name)}
          submit={shared.archive}
          danger
          onClose={() => setArchived(null)}
          save={() => props.archive(archived)}
          invalidates={['catalogue', product]}
          saved={shared.archived(archived.name)}
        >
          {() => <Text>{props.archiveEffect}</Text>}
        </EditDialog>
      )}
    </>
  );
}
