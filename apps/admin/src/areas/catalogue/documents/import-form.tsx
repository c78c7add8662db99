import { Alert, Button, FileInput, Group, Textarea } from '@mantine/core';
import { bodyOf, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { Panel } from '../../../shell/panel';
import { api } from '../../../shell/session';
import { useChosenProduct } from '../parts/access';
import { useSave } from '../parts/save';
import { SaveProblem } from '../parts/save-problem';
import { type CatalogDifference, type CatalogDocument, explainDifference, type KindDifference } from './difference';
import { DifferenceTables } from './difference-tables';
import { documentTexts } from './document-texts';

interface Checked {
  /** The document that was checked: only this one is applied. */
  text: string;
  difference: KindDifference[];
}

/** Takes a document, shows the difference, and applies it. */
export function ImportForm(): ReactNode {
  const t = useTexts(documentTexts);
  const product = useChosenProduct();
  const [text, setText] = useState('');
  const [checked, setChecked] = useState<Checked | null>(null);
  const check = useSave<string, Checked>({
    save: async (source) => ({ text: source, difference: await dryRun(parse(source, t), product) }),
    invalidates: ['catalogue', product, 'document'],
    onSaved: setChecked,
  });
  const apply = useSave<string, CatalogDifference>({
    save: (source, once) => {
      const params = { query: { dryRun: 'false' as const }, header: { 'Idempotency-Key': once } };
      return bodyOf(api.POST('/v1/catalog/apply', { params, body: parse(source, t) }));
    },
    invalidates: ['catalogue'],
    saved: t.applied,
    onSaved: () => edit(''),
  });
  const edit = (next: string): void => {
    setText(next);
    setChecked(null);
    check.reset();
    apply.reset();
  };
  const other = otherProduct(text, product);
  return (
    <Panel title={t.import} hint={t.importHint}>
      <FileInput
        label={t.file}
        placeholder={t.chooseFile}
        styles={{ placeholder: { color: 'var(--mantine-color-dimmed)' } }}
        accept="application/json,.json"
        onChange={(file) => void file?.text().then(edit)}
      />
      <Textarea
        label={t.text}
        autosize
        minRows={6}
        maxRows={20}
        spellCheck={false}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
        value={text}
        onChange={({ currentTarget }) => edit(currentTarget.value)}
      />
      {other && <Alert color="orange">{t.otherProduct(other)}</Alert>}
      <SaveProblem error={check.error ?? apply.error} />
      {checked && <Difference checked={checked} />}
      <Group justify="flex-end">
        <Button variant="default" disabled={!text.trim()} loading={check.isPending} onClick={() => check.mutate(text)}>
          {t.check}
        </Button>
        {checked && checked.difference.length > 0 && (
          <Button loading={apply.isPending} onClick={() => apply.mutate(checked.text)}>
            {t.apply}
          </Button>
        )}
      </Group>
    </Panel>
  );
}

function Difference({ checked }: { checked: Checked }): ReactNode {
  const t = useTexts(documentTexts);
  if (checked.difference.length === 0)
    return (
      <Alert color="green" role="status">
        {t.noDifference}
      </Alert>
    );
  return <DifferenceTables difference={checked.difference} />;
}

function parse(text: string, t: (typeof documentTexts)['en']): CatalogDocument {
  try {
    return JSON.parse(text) as CatalogDocument;
  } catch (error) {
    throw new Error(`${t.invalidJson} ${(error as Error).message}`, { cause: error });
  }
}

/** Key of the product in the document if it is another one than the chosen. */
function otherProduct(text: string, product: string): string | null {
  try {
    const key = (JSON.parse(text) as Partial<CatalogDocument> | null)?.product?.key;
    return typeof key === 'string' && key !== product ? key : null;
  } catch {
    return null;
  }
}

async function dryRun(document: CatalogDocument, product: string): Promise<KindDifference[]> {
  const params = { query: { dryRun: 'true' as const } };
  const difference = await bodyOf(api.POST('/v1/catalog/apply', { params, body: document }));
  // A product that the document creates has no catalogue yet.
  const key = difference.product === 'created' ? product : document.product.key;
  const before = await bodyOf(api.GET('/v1/catalog', { params: { query: { product: key } } }));
  return explainDifference(difference, before, document);
}
