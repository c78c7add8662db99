export { saveFile } from '@tollgate/web';
