import * as fs from 'node:fs';
import * as path from 'node:path';
import { ADMIN, SECRET_KEY } from '../support/app.js';
import { createTestDatabase } from '../support/database.js';
import { freePort } from '../support/free-port.js';
import { startProcess, temporaryFolder } from '../support/process.js';
import { Receiver } from '../support/receiver.js';
import { ROOT } from './page.js';
import type { Surroundings } from './shell.js';

/** A new service, as a reader has it at the start of a page. */
export interface Place {
  url: string;
  /** The data folder of the service. */
  folder: string;
  receiver: Receiver;
  /** Functions that remove additional resources at the end. */
  cleanups: (() => Promise<void>)[];
  end(): Promise<void>;
}

const JSON_HEADER = `-H 'content-type: application/json'`;
const LOGGED_IN = (url: string): string => `
URL=${url} JSON='content-type: application/json'
TOKEN=$(command curl -sf $URL/v1/auth/login ${JSON_HEADER} -d '${JSON.stringify(ADMIN)}' | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')
`;

/** Pages that continue from the end of the README, or need set-up by a test. */
const PAGES: Record<string, (place: Place) => Promise<Omit<Surroundings, 'folder'>>> = {
  'docs/access.md': async ({ url, folder }) => ({
    before: `URL=${url} JSON='content-type: application/json'
      TOKEN=$(command curl -sf $URL/v1/auth/register ${JSON_HEADER} -d '{"email":"ann@example.com","password":"her first long passphrase"}' | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')
      # Mail is sent shortly after the request.
      mail() { until grep -l 'Subject: Choose a new password' ${folder}/mail/*.eml 2>/dev/null; do sleep 0.1; done; }
      code() { grep -A 1 'Your code:' "$(mail)" | tail -1 | tr -d '\\r'; }`,
    replace: [
      ['tail -n 5 .data/mail', `mail >"$KEPT/mail"\ntail -n 5 ${folder}/mail`],
      ['THE-CODE', `'"$(code)"'`],
    ],
  }),
  // The service of a test does not know its port: the address of the page is that of the service.
  'docs/billing.md': async () => ({ replace: [['curl -s $PAGE', 'curl -s "$URL/${PAGE#http://*/}"']] }),
  'docs/webhooks.md': async ({ url, receiver }) => ({
    before: `${LOGGED_IN(url)}
      KEY=$(command curl -sf $URL/v1/api-keys -H "authorization: Bearer $TOKEN" ${JSON_HEADER} -d '{"name":"webhooks","scopes":["webhooks:write","audit:read"]}' | sed 's/.*"key":"\\([^"]*\\)".*/\\1/')
      AUTH="authorization: Bearer $KEY"`,
    replace: [
      ['http://127.0.0.1:4000', receiver.url('')],
      ['$ENDPOINT', '$(member_of 1 id)'],
    ],
  }),
  'examples/client-service/README.md': async ({ url, cleanups }) => {
    const database = await createTestDatabase();
    cleanups.push(() => database.drop());
    const port = await freePort();
    return {
      before: LOGGED_IN(url),
      replace: [
        ['DATABASE_URL=postgres://localhost/client', `DATABASE_URL=${database.url} PORT=${port}`],
        [
          'node examples/client-service/server.mjs',
          `node ${ROOT}/examples/client-service/server.mjs &\nuntil command curl -sf -o "$KEPT/accounts" http://127.0.0.1:${port}/accounts; do sleep 0.1; done`,
        ],
        ['http://127.0.0.1:4000', `http://127.0.0.1:${port}`],
      ],
    };
  },
};

/** Starts the built service on its own database. */
export async function startPlace(): Promise<Place> {
  const database = await createTestDatabase();
  const receiver = await new Receiver().start();
  const folder = temporaryFolder();
  const environment = {
    DATABASE_URL: database.url,
    ADMIN_PASSWORD: ADMIN.password,
    SECRET_KEY,
    SAMPLE_DATA: 'on',
    WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1',
    LOG_LEVEL: 'error',
  };
  const service = await startProcess(folder, environment);
  const cleanups: Place['cleanups'] = [];
  return {
    url: service.url,
    folder,
    receiver,
    cleanups,
    end: async () => {
      await service.stop('SIGTERM');
      await Promise.all([receiver.stop(), database.drop(), ...cleanups.map((cleanup) => cleanup())]);
      fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

/** The folder, the replacements and the set-up commands for a page. */
export async function surroundingsOf(page: string, place: Place): Promise<Surroundings> {
  const folder = path.join(place.folder, 'pages', page.replace(/[^a-z0-9]+/gi, '-'));
  fs.mkdirSync(folder, { recursive: true });
  const { before = '', replace = [] } = (await PAGES[page]?.(place)) ?? {};
  return {
    folder,
    before,
    replace: [['http://127.0.0.1:3000', place.url], ['PASSWORD=...', `PASSWORD='${ADMIN.password}'`], ...replace],
  };
}
