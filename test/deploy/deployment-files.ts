import * as fs from 'node:fs';
import * as path from 'node:path';
import * as yaml from 'js-yaml';
import ts from 'typescript';
import type { Manifest } from './kubernetes-schema.js';

const root = path.resolve(import.meta.dirname, '../..');
export const kubernetes = path.join(root, 'deploy', 'kubernetes');

/** Reads YAML 1.1, as Kubernetes and Compose do: `off` without quotes is a boolean, and `<<` merges. */
export const readYaml = (file: string): Manifest[] =>
  yaml.loadAll(fs.readFileSync(file, 'utf8'), { schema: yaml.YAML11_SCHEMA }) as Manifest[];

/** Every manifest file, relative to deploy/kubernetes. */
export const yamlFiles = (): string[] =>
  fs
    .readdirSync(kubernetes, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.ya?ml$/.test(file))
    .sort();

/** Names of the environment variables of the configuration, read from its source, because its schema is private. */
export function knownVariables(): string[] {
  const folder = path.join(root, 'libs/platform/src/config');
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    const isSchema =
      ts.isCallExpression(node) &&
      /^z\.(object|strictObject|looseObject)$/.test(node.expression.getText()) &&
      ts.isObjectLiteralExpression(node.arguments[0]!);
    if (isSchema)
      names.push(
        ...(node.arguments[0] as ts.ObjectLiteralExpression).properties.map(
          (property) => property.name?.getText() ?? '',
        ),
      );
    ts.forEachChild(node, visit);
  };
  for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))) {
    visit(ts.createSourceFile(file, fs.readFileSync(path.join(folder, file), 'utf8'), ts.ScriptTarget.Latest, true));
  }
  return names.filter((name) => /^[A-Z][A-Z0-9_]*$/.test(name));
}

/** Paths of the GET routes of an app, read from the source of its controllers. */
export function answeredPaths(app: 'api' | 'worker'): string[] {
  const folder = path.join(root, 'apps', app, 'src');
  const files = fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.controller.ts'));
  return files.flatMap((file) => {
    const source = fs.readFileSync(path.join(folder, file), 'utf8');
    const [, prefix = ''] = /@Controller\((?:'([^']*)')?\)/.exec(source) ?? [];
    return [...source.matchAll(/@Get\((?:'([^']*)')?\)/g)].map(([, at = '']) => path.posix.join('/', prefix, at));
  });
}
