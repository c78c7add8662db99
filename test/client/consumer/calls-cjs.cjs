const client = require('@tollgate/client');
const { call } = require('./calls.cjs');

void call(client).then((result) => console.log(JSON.stringify(result)));
