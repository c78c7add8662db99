import * as fs from 'node:fs';
import { isBuiltin } from 'node:module';
import * as path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const target = path.join(root, 'node_modules', '.cache', 'tollgate', 'throttler.mjs');
const source = path.join(root, 'node_modules', '@nestjs', 'throttler', 'dist');

/**
 * Writes @nestjs/throttler as one ES module. The package is CommonJS and requires Nest, which is ESM: Node loads it,
 * Jest does not before Node 24.9. The package's code is unchanged; only its `require` is replaced.
 */
export async function writeThrottlerForJest() {
  const files = fs.readdirSync(source).filter((name) => name.endsWith('.js'));
  const code = Object.fromEntries(
    files.map((name) => [`./${path.basename(name, '.js')}`, fs.readFileSync(path.join(source, name), 'utf8')]),
  );
  const required = [
    ...Object.values(code)
      .join('\n')
      .matchAll(/require\("([^"]+)"\)/g),
  ].map(([, id]) => id);
  const outside = [...new Set(required)].filter((id) => id.startsWith('@') || isBuiltin(id));
  const names = Object.keys(await import('@nestjs/throttler')).filter(
    (name) => !['default', 'module.exports', '__esModule'].includes(name),
  );
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.writeFileSync(
    target,
    [
      ...outside.map((id, index) => `import * as outside${index} from '${id}';`),
      `const loaded = { ${outside.map((id, index) => `'${id}': outside${index}`).join(', ')} };`,
      `const files = { ${Object.entries(code)
        .map(([id, text]) => `'${id}': (exports, require) => {\n${text}\n}`)
        .join(',\n')} };`,
      'function load(id) {',
      '  if (!loaded[id]) files[id]((loaded[id] = {}), load);',
      '  return loaded[id];',
      '}',
      `export const { ${names.join(', ')} } = load('./index');`,
    ].join('\n'),
  );
}
