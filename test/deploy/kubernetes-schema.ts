import * as path from 'node:path';
import ts from 'typescript';

const root = path.resolve(import.meta.dirname, '../..');
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ['lib.es2022.d.ts'],
  types: [],
  strict: true,
  noEmit: true,
  skipLibCheck: true,
};

/** A parsed document of a manifest. */
export type Manifest = Record<string, any> & { apiVersion?: string; kind?: string };

/**
 * Problems for which Kubernetes would reject a manifest, one text each.
 * kubernetes-models is generated from the OpenAPI document of Kubernetes. Its validators check types, formats,
 * enumerations and required fields; its TypeScript types find unknown fields.
 */
export async function problemsOf(manifests: Manifest[]): Promise<string[][]> {
  const problems = typeProblems(manifests);
  // In sequence: Jest cannot link ES modules that are imported concurrently.
  for (const [index, manifest] of manifests.entries()) problems[index]!.push(...(await validatorProblems(manifest)));
  return problems;
}

const moduleOf = ({ apiVersion, kind }: Manifest): string => `kubernetes-models/${apiVersion}/${kind}`;

async function validatorProblems(manifest: Manifest): Promise<string[]> {
  const models = await import(moduleOf(manifest)).catch(() => ({}));
  const Model = models[manifest.kind ?? ''];
  if (!Model) return [`There is no ${manifest.kind} in ${manifest.apiVersion}.`];
  try {
    new Model(manifest).validate();
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** Type errors of the manifests. Each is compiled as an object literal, because only literals reject unknown fields. */
function typeProblems(manifests: Manifest[]): string[][] {
  const sources = new Map(
    manifests.map((manifest, index) => [
      path.join(root, 'test', 'deploy', `manifest-${index}.ts`),
      `import type { I${manifest.kind} as Kind } from '${moduleOf(manifest)}';\nexport const manifest: Kind = ${JSON.stringify(manifest, null, 1)};\n`,
    ]),
  );
  const host = ts.createCompilerHost(OPTIONS);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => sources.has(file) || fileExists(file);
  host.readFile = (file) => sources.get(file) ?? readFile(file);
  host.getSourceFile = (file, language) =>
    sources.has(file) ? ts.createSourceFile(file, sources.get(file)!, language) : getSourceFile(file, language);
  const program = ts.createProgram([...sources.keys()], OPTIONS, host);
  return [...sources.keys()].map((file) =>
    program
      .getSemanticDiagnostics(program.getSourceFile(file))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ')),
  );
}
