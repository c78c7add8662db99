import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from '@jest/globals';

/** Compressed bytes that a browser loads before the first screen of a page. */
const BUDGET_BYTES = 250_000;
const IMPORTED = /(?:from|import)\s*"\.\/([\w.-]+\.js)"/g;

/** The scripts that a document loads at its start: its own, their preloads, and all that these import statically. */
function firstLoadOf(folder: string): Set<string> {
  const document = fs.readFileSync(path.join(folder, 'index.html'), 'utf8');
  const waiting = [...document.matchAll(/(?:src|href)="[^"]*\/([\w.-]+\.js)"/g)].map(([, name]) => name!);
  const found = new Set<string>();
  for (let name = waiting.pop(); name; name = waiting.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    const script = fs.readFileSync(path.join(folder, 'assets', name), 'utf8');
    waiting.push(...[...script.matchAll(IMPORTED)].map(([, imported]) => imported!));
  }
  return found;
}

describe('the first load', () => {
  it.each(['admin', 'portal'])('of %s is within the budget', (name) => {
    const folder = path.join('dist', 'pages', name);
    const scripts = firstLoadOf(folder);
    expect(scripts.size).toBeGreaterThan(0);
    const bytes = [...scripts].map((script) => fs.statSync(path.join(folder, 'assets', `${script}.br`)).size);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(BUDGET_BYTES);
  });

  it('finds the scripts that others import', () => {
    const all = fs.readdirSync('dist/pages/admin/assets').filter((name) => name.endsWith('.js'));
    const lazy = all.filter((name) => !firstLoadOf('dist/pages/admin').has(name));
    expect(lazy.length).toBeGreaterThan(0);
    expect(lazy.length).toBeLessThan(all.length);
  });
});
