import { Button, Group } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { useCan } from '../../../shell/me';
import { customerKey, type Subscription } from '../customer-reads';
import { actionTexts } from './action-texts';
import { CancelDialog } from './cancel-dialog';
import { ChangeDialog } from './change-dialog';
import { type Command, permittedCommands } from './commands';
import { ExtendDialog } from './extend-dialog';
import { PaymentDialog } from './payment-dialog';
import { SimpleDialog } from './simple-dialog';
import { StartDialog } from './start-dialog';
import type { CommandDialogProps } from './use-command';

const DIALOGS: Record<Command, (props: CommandDialogProps) => ReactNode> = {
  change: ChangeDialog,
  cancel: CancelDialog,
  resume: (props) => <SimpleDialog {...props} command="resume" />,
  pause: (props) => <SimpleDialog {...props} command="pause" />,
  unpause: (props) => <SimpleDialog {...props} command="unpause" />,
  extend: ExtendDialog,
  payment: PaymentDialog,
};

export interface SubscriptionActionsProps {
  /** Key of the customer. */
  customer: string;
  /** Key of the product. */
  product: string;
  /** The live subscription; null: none. */
  subscription: Subscription | null;
}

/** Commands on the subscription of a customer. */
export function SubscriptionActions({ subscription, ...target }: SubscriptionActionsProps): ReactNode {
  return subscription ? <Commands subscription={subscription} /> : <Start {...target} />;
}

function Commands({ subscription }: { subscription: Subscription }): ReactNode {
  const t = useTexts(actionTexts);
  const can = useCan();
  const [open, setOpen] = useState<Command | null>(null);
  const queries = useQueryClient();
  const Dialog = open && DIALOGS[open];
  const close = (): void => {
    setOpen(null);
    // A command on an old version is refused: the next one is on the present version.
    void queries.invalidateQueries({ queryKey: customerKey(subscription.customer) });
  };
  return (
    <Group gap="xs">
      {permittedCommands(subscription, can).map((command) => (
        <Button key={command} size="xs" variant="default" onClick={() => setOpen(command)}>
          {t.commands[command]}
        </Button>
      ))}
      {Dialog && <Dialog subscription={subscription} onClose={close} />}
    </Group>
  );
}

function Start(target: { customer: string; product: string }): ReactNode {
  const t = useTexts(actionTexts);
  const can = useCan();
  const [isOpen, setOpen] = useState(false);
  if (!can('createSubscription')) return null;
  return (
    <Group>
      <Button size="xs" variant="default" onClick={() => setOpen(true)}>
        {t.start}
      </Button>
      {isOpen && <StartDialog {...target} onClose={() => setOpen(false)} />}
    </Group>
  );
}
