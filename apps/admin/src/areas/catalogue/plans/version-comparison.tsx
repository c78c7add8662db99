import { Checkbox, Group, Mark, MultiSelect, Stack, Table, Text, VisuallyHidden } from '@mantine/core';
import { useFormats, useTexts } from '@tollgate/web';
import { Fragment, type ReactNode, useState } from 'react';
import { Panel } from '../../../shell/panel';
import { catalogueTexts } from '../catalogue-texts';
import { Scroller } from '../parts/scroller';
import { termTexts } from '../terms/term-texts';
import { compareVersions, type ComparisonRow } from './comparison';
import { type PlanVersion, useFeatures, useVersionCounts } from './plan-reads';
import { planTexts } from './plan-texts';

const SHOWN_FIRST = 3;

/** Versions of a plan side by side, oldest at the left, with the differences marked. */
export function VersionComparison({ plan, versions }: { plan: string; versions: PlanVersion[] }): ReactNode {
  const t = useTexts(planTexts);
  const terms = useTexts(termTexts);
  const shared = useTexts(catalogueTexts);
  const formats = useFormats();
  const counts = useVersionCounts(plan);
  const features = useFeatures().data ?? [];
  const [chosen, setChosen] = useState<string[] | null>(null);
  const [onlyDifferences, setOnlyDifferences] = useState(false);
  const newest = versions.slice(-SHOWN_FIRST).map(({ version }) => String(version));
  const shown = versions.filter(({ version }) => (chosen ?? newest).includes(String(version)));
  const featureName = (key: string): string => features.find((one) => one.key === key)?.name ?? key;
  const groups = compareVersions(shown, { shared, plan: t, terms, formats, featureName })
    .map(({ title, rows }) => ({ title, rows: rows.filter((row) => !onlyDifferences || differs(row)) }))
    .filter(({ rows }) => rows.length > 0);
  return (
    <Panel title={t.versions} hint={t.versionsHint}>
      {versions.length > 1 && (
        <Group align="flex-end">
          <MultiSelect
            label={t.compared}
            data={versions.map((version) => ({ value: String(version.version), label: titleOf(version, t) }))}
            value={chosen ?? newest}
            onChange={setChosen}
          />
          <Checkbox
            mb={8}
            label={t.onlyDifferences}
            checked={onlyDifferences}
            onChange={({ currentTarget }) => setOnlyDifferences(currentTarget.checked)}
          />
        </Group>
      )}
      {groups.length === 0 && <Text size="sm">{t.noDifferences}</Text>}
      <Scroller label={t.versions}>
        <Table aria-label={t.versions} withColumnBorders miw={180 + shown.length * 180}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={180}>{t.property}</Table.Th>
              {shown.map((version) => (
                <Table.Th key={version.version}>
                  {titleOf(version, t)}
                  {version.publishedAt && (
                    <Text size="xs" span display="block">
                      {formats.date(version.publishedAt)}
                    </Text>
                  )}
                  {version.publishedAt && counts && (
                    <Text size="xs" span display="block">
                      {t.liveOn(formats.number(counts.get(version.version) ?? 0))}
                    </Text>
                  )}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {groups.map(({ title, rows }) => (
              <Fragment key={title}>
                <Table.Tr>
                  <Table.Th colSpan={shown.length + 1} scope="colgroup">
                    {title}
                  </Table.Th>
                </Table.Tr>
                {rows.map((row) => (
                  <Row key={row.key} row={row} />
                ))}
              </Fragment>
            ))}
          </Table.Tbody>
        </Table>
      </Scroller>
    </Panel>
  );
}

function Row({ row: { label, cells } }: { row: ComparisonRow }): ReactNode {
  const t = useTexts(planTexts);
  return (
    <Table.Tr>
      <Table.Td>{label}</Table.Td>
      {cells.map(({ parts, changed }, index) => (
        <Table.Td key={index} valign="top" style={changed ? CHANGED : undefined}>
          {changed && <VisuallyHidden>{t.changed}: </VisuallyHidden>}
          <Stack gap={2}>
            {parts.length === 0 && <Text size="sm">{changed ? <Mark color="yellow">{t.missing}</Mark> : '–'}</Text>}
            {parts.map((part) => (
              <Text key={part.text} size="sm">
                {part.changed ? <Mark color="yellow">{part.text}</Mark> : part.text}
              </Text>
            ))}
          </Stack>
        </Table.Td>
      ))}
    </Table.Tr>
  );
}

const CHANGED = { borderInlineStart: '3px solid var(--mantine-color-yellow-6)' };

const differs = ({ cells }: ComparisonRow): boolean => cells.some(({ changed }) => changed);

const titleOf = ({ version, publishedAt }: PlanVersion, t: (typeof planTexts)['en']): string =>
  publishedAt === null ? t.draftName(version) : t.versionName(version);
