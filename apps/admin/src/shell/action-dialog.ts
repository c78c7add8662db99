export { ActionDialog } from '@tollgate/web';
