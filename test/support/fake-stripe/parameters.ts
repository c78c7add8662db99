import * as fs from 'node:fs';
import * as path from 'node:path';
import ts from 'typescript';

const RESOURCES = path.resolve(import.meta.dirname, '../../../node_modules/stripe/esm/resources');
const SHARED = path.join(RESOURCES, '../shared.d.ts');

export type Value = string | Value[] | { [name: string]: Value };

/** A parameter that the types of the package do not allow, or that is missing. */
export interface WrongParameter {
  param: string;
  code: 'parameter_unknown' | 'parameter_missing' | 'parameter_invalid';
}

type Interfaces = Map<string, ts.InterfaceDeclaration | ts.TypeAliasDeclaration>;

const sources = new Map<string, Interfaces>();

/** The interfaces and types of a declaration file, by their name with its namespaces. Read once. */
function declarationsOf(file: string): Interfaces {
  const known = sources.get(file);
  if (known) return known;
  const found: Interfaces = new Map();
  const visit = (node: ts.Node, prefix: string): void => {
    if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) found.set(prefix + node.name.text, node);
    if (ts.isModuleDeclaration(node)) {
      const inner = `${prefix}${node.name.text}.`;
      if (node.body) ts.forEachChild(node.body, (child) => visit(child, inner));
    } else if (ts.isSourceFile(node)) ts.forEachChild(node, (child) => visit(child, prefix));
  };
  visit(ts.createSourceFile(file, fs.readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true), '');
  sources.set(file, found);
  return found;
}

/**
 * Compares the parameters of a request with an interface of the package, such as `PaymentIntentCreateParams`. The
 * declarations are read from the package at the start of the test: a parameter that Stripe removed is refused.
 * @param file below the folder of the resources, such as `PaymentIntents`
 */
export function wrongParameters(file: string, name: string, given: { [name: string]: Value }): WrongParameter[] {
  const declarations = declarationsOf(path.join(RESOURCES, `${file}.d.ts`));
  const full = [...declarations.keys()].find((one) => one === name || one.endsWith(`.${name}`));
  if (!full) throw new Error(`The package has no interface ${name} in ${file}.`);
  return checkMembers({ declarations, scope: full }, declarations.get(full) as ts.InterfaceDeclaration, given, '');
}

interface Place {
  declarations: Interfaces;
  /** Name of the interface, in whose namespace others are looked up. */
  scope: string;
}

function membersOf({ declarations }: Place, node: ts.InterfaceDeclaration): ts.PropertySignature[] {
  const inherited = (node.heritageClauses ?? []).flatMap(({ types }) =>
    types.flatMap(({ expression }) => {
      const name = expression.getText();
      const parent = declarations.get(name) ?? declarationsOf(SHARED).get(name);
      return parent && ts.isInterfaceDeclaration(parent) ? membersOf({ declarations, scope: name }, parent) : [];
    }),
  );
  return [...node.members.filter(ts.isPropertySignature), ...inherited];
}

function checkMembers(
  place: Place,
  node: ts.InterfaceDeclaration,
  given: { [name: string]: Value },
  at: string,
): WrongParameter[] {
  if (node.members.some(ts.isIndexSignatureDeclaration)) return [];
  const members = new Map(membersOf(place, node).map((member) => [member.name.getText(), member]));
  const pathOf = (name: string): string => (at ? `${at}[${name}]` : name);
  const missing = [...members].flatMap(([name, { questionToken }]): WrongParameter[] =>
    questionToken || given[name] !== undefined ? [] : [{ param: pathOf(name), code: 'parameter_missing' }],
  );
  const wrong = Object.entries(given).flatMap(([name, value]): WrongParameter[] => {
    const type = members.get(name)?.type;
    return type ? checkValue(place, type, value, pathOf(name)) : [{ param: pathOf(name), code: 'parameter_unknown' }];
  });
  return [...missing, ...wrong];
}

function checkValue(place: Place, type: ts.TypeNode, value: Value, at: string): WrongParameter[] {
  if (ts.isUnionTypeNode(type)) {
    const results = type.types.map((one) => checkValue(place, one, value, at));
    return results.find((wrong) => wrong.length === 0) ?? results[0]!;
  }
  if (ts.isTypeReferenceNode(type)) return checkReference(place, type, value, at);
  const invalid: WrongParameter[] = [{ param: at, code: 'parameter_invalid' }];
  if (typeof value !== 'string') return invalid;
  if (type.kind === ts.SyntaxKind.NumberKeyword) return /^-?\d+(\.\d+)?$/.test(value) ? [] : invalid;
  if (type.kind === ts.SyntaxKind.BooleanKeyword) return ['true', 'false'].includes(value) ? [] : invalid;
  if (ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal)) return type.literal.text === value ? [] : invalid;
  return [];
}

function checkReference(place: Place, type: ts.TypeReferenceNode, value: Value, at: string): WrongParameter[] {
  const name = type.typeName.getText();
  const [argument] = type.typeArguments ?? [];
  if (name === 'Array' && argument)
    return Array.isArray(value)
      ? value.flatMap((one, index) => checkValue(place, argument, one, `${at}[${index}]`))
      : [{ param: at, code: 'parameter_invalid' }];
  if (name === 'Emptyable' && argument) return value === '' ? [] : checkValue(place, argument, value, at);
  if (name === 'OtherString') return typeof value === 'string' ? [] : [{ param: at, code: 'parameter_invalid' }];
  const target = lookUp(place, name);
  if (!target) throw new Error(`The package does not declare ${name}.`);
  if (ts.isTypeAliasDeclaration(target.node)) return checkValue(target.place, target.node.type, value, at);
  return typeof value === 'object' && !Array.isArray(value)
    ? checkMembers(target.place, target.node, value, at)
    : [{ param: at, code: 'parameter_invalid' }];
}

/** A type by name, from the innermost namespace outwards, then of the shared file. */
function lookUp({ declarations, scope }: Place, name: string) {
  const parts = scope.split('.');
  for (let depth = parts.length; depth >= 0; depth--) {
    const full = [...parts.slice(0, depth), name].join('.');
    const node = declarations.get(full);
    if (node) return { node, place: { declarations, scope: full } };
  }
  const shared = declarationsOf(SHARED);
  const node = shared.get(name);
  return node ? { node, place: { declarations: shared, scope: name } } : null;
}
