import { Button, Group, Stack } from '@mantine/core';
import { bodyOf, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { Panel } from '../../../shell/panel';
import { api } from '../../../shell/session';
import { useChosenProduct, useMayEdit } from '../parts/access';
import { useSave } from '../parts/save';
import { SaveProblem } from '../parts/save-problem';
import { documentTexts } from './document-texts';
import { ImportForm } from './import-form';

/** The catalogue as one document: to another installation, or under version control. */
export function CatalogDocumentPage(): ReactNode {
  const mayEdit = useMayEdit();
  const product = useChosenProduct();
  return (
    <Stack>
      <Export product={product} />
      {mayEdit && <ImportForm key={product} />}
    </Stack>
  );
}

function Export({ product }: { product: string }): ReactNode {
  const t = useTexts(documentTexts);
  const read = useSave<void, unknown>({
    save: () => bodyOf(api.GET('/v1/catalog', { params: { query: { product } } })),
    invalidates: ['catalogue', product, 'document'],
    onSaved: (document) => download(`catalogue-${product}.json`, JSON.stringify(document, null, 2)),
  });
  return (
    <Panel title={t.export} hint={t.exportHint}>
      <SaveProblem error={read.error} />
      <Group>
        <Button variant="default" loading={read.isPending} onClick={() => read.mutate()}>
          {t.download}
        </Button>
      </Group>
    </Panel>
  );
}

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
