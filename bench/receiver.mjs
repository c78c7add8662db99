import { createServer } from 'node:http';

/** A webhook receiver: records path, customer and time of each request. Responds immediately, on /slow after 10 s. */
let arrivals = [];
const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(JSON.stringify(arrivals));
    arrivals = [];
    return;
  }
  const at = Date.now();
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (data) => (body += data));
  request.on('end', () => {
    const customer = /"customer":"([^"]*)"/.exec(body)?.[1];
    arrivals.push([request.url, customer, at]);
    if (request.url.startsWith('/slow')) setTimeout(() => response.end(), 10_000);
    else response.end();
  });
});
server.listen(0, '127.0.0.1', () => console.log(`receiver on http://127.0.0.1:${server.address().port}`));
process.once('SIGTERM', () => process.exit(0));
