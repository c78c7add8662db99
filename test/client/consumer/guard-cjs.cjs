const core = require('@nestjs/core');
const client = require('@tollgate/client/nest');
const { guard } = require('./calls.cjs');

void guard(client, core).then((result) => console.log(JSON.stringify(result)));
