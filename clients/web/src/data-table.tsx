import { Button, Center, ScrollArea, Table, Text } from '@mantine/core';
import { type QueryKey, useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { commonTexts } from './common-texts';
import { EmptyState, ErrorState, LoadingState } from './states';
import { useTexts } from './texts';

/** A page of a list, as every list of the API returns it. */
export interface ListPage<Row> {
  data: Row[];
  hasMore: boolean;
  nextCursor: string | null;
}

export interface Column<Row> {
  key: string;
  title: string;
  cell: (row: Row) => ReactNode;
  /** Numbers are aligned to the end. */
  numeric?: boolean;
  /** Not shown on phones. */
  wide?: boolean;
}

export interface DataTableProps<Row> {
  /** Accessible name of the table. */
  label: string;
  /** Key of the read: the list and its filters. Pages stay in memory, so that a list keeps its place. */
  queryKey: QueryKey;
  /** Reads the page that begins at a cursor; undefined: the first page. */
  read: (cursor: string | undefined) => Promise<ListPage<Row>>;
  columns: Column<Row>[];
  rowKey: (row: Row) => string;
  empty: { title: string; hint?: ReactNode };
  /** Milliseconds between two reads, for lists of running work. */
  refreshMs?: number;
}

/** A list of the API: keyset pages, with empty, loading and error states. */
export function DataTable<Row>(props: DataTableProps<Row>): ReactNode {
  const t = useTexts(commonTexts);
  const list = useInfiniteQuery({
    queryKey: props.queryKey,
    queryFn: ({ pageParam }) => props.read(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: ListPage<Row>) => page.nextCursor ?? undefined,
    refetchInterval: props.refreshMs,
  });
  if (list.isError && !list.data) return <ErrorState error={list.error} retry={() => void list.refetch()} />;
  if (!list.data) return <LoadingState rows={8} />;
  const rows = list.data.pages.flatMap((page) => page.data);
  if (rows.length === 0) return <EmptyState title={props.empty.title}>{props.empty.hint}</EmptyState>;
  return (
    <>
      <ScrollArea type="auto" viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': props.label }}>
        <Table aria-label={props.label} highlightOnHover verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              {props.columns.map(({ key, title, ...column }) => (
                <Table.Th key={key} {...cellProps(column)}>
                  {title}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={props.rowKey(row)}>
                {props.columns.map((column) => (
                  <Table.Td key={column.key} {...cellProps(column)}>
                    {column.cell(row)}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea>
      {list.isError && <ErrorState error={list.error} retry={() => void list.fetchNextPage()} />}
      <Center py="md">
        {list.hasNextPage ? (
          <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {t.more}
          </Button>
        ) : (
          <Text size="xs" c="dimmed">
            {t.all(rows.length)}
          </Text>
        )}
      </Center>
    </>
  );
}

const cellProps = ({ numeric, wide }: { numeric?: boolean; wide?: boolean }) => ({
  ta: numeric ? ('end' as const) : undefined,
  visibleFrom: wide ? ('sm' as const) : undefined,
});
