import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const folder = path.resolve(import.meta.dirname, '../../clients/typescript/src');
const parse = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, fs.readFileSync(path.join(folder, file), 'utf8'), ts.ScriptTarget.Latest, true);

type Declaration = ts.Declaration & { name?: ts.Node };

const isExported = (node: ts.Node): boolean =>
  ts.canHaveModifiers(node) && !!ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
const isPublic = (node: ts.Declaration): boolean =>
  (ts.getCombinedModifierFlags(node) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) === 0;
const exportedBy = (file: string): Declaration[] =>
  parse(file)
    .statements.filter(isExported)
    .flatMap((node) =>
      ts.isVariableStatement(node) ? [...node.declarationList.declarations] : [node as unknown as Declaration],
    );

/** The declarations of the names that index.ts exports. */
function exportsOfIndex(): Declaration[] {
  return parse('index.ts').statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || !statement.exportClause) return [];
    if (!ts.isNamedExports(statement.exportClause)) return [];
    const file = (statement.moduleSpecifier as ts.StringLiteral).text.replace(/^\.\/(.*)\.js$/, '$1.ts');
    // The generated types have one docstring together, in index.ts.
    if (file === 'schema.ts') return [statement];
    const names = new Set(statement.exportClause.elements.map(({ name }) => name.text));
    return exportedBy(file).filter(({ name }) => names.has(name!.getText()));
  });
}

/** The declaration and, of a class, its public methods and getters. */
const documented = (declaration: Declaration): Declaration[] => [
  declaration,
  ...(ts.isClassDeclaration(declaration)
    ? declaration.members.filter(
        (member) => isPublic(member) && (ts.isMethodDeclaration(member) || ts.isGetAccessor(member)),
      )
    : []),
];

describe('the docstrings of the TypeScript client', () => {
  it('every exported class, function and type and every public method has an example', () => {
    const declarations = [...exportsOfIndex(), ...exportedBy('nest.ts')].flatMap(documented);
    expect(declarations.length).toBeGreaterThan(20);
    const lacking = declarations
      .filter((node) => !ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'example'))
      .map(({ name }) => name?.getText());
    expect(lacking).toEqual([]);
  });
});
