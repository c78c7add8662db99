import * as core from '@nestjs/core';
import * as client from '@tollgate/client/nest';
import { guard } from './calls.cjs';

console.log(JSON.stringify(await guard(client, core)));
