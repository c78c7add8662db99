import * as fs from 'node:fs';

export default async function globalTeardown() {
  const { server, folder } = globalThis.__POSTGRES__;
  await server.stop();
  fs.rmSync(folder, { recursive: true, force: true });
}
