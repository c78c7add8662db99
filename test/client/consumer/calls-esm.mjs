import * as client from '@tollgate/client';
import { call } from './calls.cjs';

console.log(JSON.stringify(await call(client)));
