import { Alert, Button, Code, CopyButton, Modal, Stack, Text } from '@mantine/core';
import { commonTexts, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';

/** Shows a secret that the API returns only once. It is in memory only, until the dialog closes. */
export function SecretOnce(props: {
  title: string;
  hint: string;
  secret: string | null;
  onClose: () => void;
}): ReactNode {
  const t = useTexts(commonTexts);
  return (
    <Modal
      opened={props.secret !== null}
      onClose={props.onClose}
      title={props.title}
      closeButtonProps={{ 'aria-label': t.close }}
    >
      <Stack>
        <Alert color="yellow">
          <Text size="sm">{props.hint}</Text>
        </Alert>
        <Code block style={{ wordBreak: 'break-all', whiteSpace: 'pre-wrap' }}>
          {props.secret}
        </Code>
        <CopyButton value={props.secret ?? ''}>
          {({ copied, copy }) => <Button onClick={copy}>{copied ? t.copied : t.copy}</Button>}
        </CopyButton>
      </Stack>
    </Modal>
  );
}
