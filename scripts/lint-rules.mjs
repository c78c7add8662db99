import * as path from 'node:path';

const VAGUE = /^(utils?|helpers?|common|shared|misc)$/;
const ROLES =
  /^[a-z0-9]+(-[a-z0-9]+)*(\.(module|controller|service|repository|entity|entities|dto|guard|interceptor|filter|pipe|decorator|strategy|operation|job|query|events|spec))?\.tsx?$/;
const MIGRATION = /^\d{13}-[a-z0-9-]+\.ts$/;
const MAX_INJECTED = 8;
const MAX_PARAMETERS = 5;
/** Properties of a principal that once decided what it sees. */
const VISIBILITY = new Set(['customerId', 'role']);
const PRINCIPALS = new Set(['Principal', 'UserPrincipal', 'ApiKeyPrincipal']);
/** Files that may read them, or make a scope, each with its reason. */
const SCOPE_EXCEPTIONS = {
  'libs/kernel/src/access-scope.ts': 'defines the scope',
  'libs/auth/src/domain/principal.ts': 'makes the scope of a principal, and names its roles',
};

/** True for a value whose type is a principal, alone or in a union. */
const isPrincipal = (type) =>
  PRINCIPALS.has((type.aliasSymbol ?? type.symbol)?.name) || (type.isUnion() && type.types.some(isPrincipal));

/** Rules of this project that no package provides. */
export const projectRules = {
  rules: {
    'file-name': {
      meta: {
        type: 'problem',
        schema: [],
        messages: {
          role: 'Name the file kebab-case.role.ts, after its content.',
          vague: 'Use a specific name: "{{name}}" could contain anything.',
        },
      },
      create: (context) => ({
        Program(node) {
          const relative = path.relative(context.cwd, context.filename);
          const name = path.basename(relative);
          if (!ROLES.test(name) && !MIGRATION.test(name)) context.report({ node, messageId: 'role' });
          const vague = [...path.dirname(relative).split(path.sep), name.split('.')[0]].find((part) =>
            VAGUE.test(part),
          );
          if (vague) context.report({ node, messageId: 'vague', data: { name: vague } });
        },
      }),
    },
    'few-parameters': {
      meta: {
        type: 'problem',
        schema: [],
        messages: { many: 'At most {{max}} parameters: pass one object instead.' },
      },
      create(context) {
        const check = (node) => {
          const injected =
            node.parent?.kind === 'constructor' &&
            node.params.every((parameter) => parameter.type === 'TSParameterProperty');
          const decorated = node.params.some((parameter) => parameter.decorators?.length > 0);
          const max = injected || decorated ? MAX_INJECTED : MAX_PARAMETERS;
          if (node.params.length > max) context.report({ node, messageId: 'many', data: { max } });
        };
        return { FunctionDeclaration: check, FunctionExpression: check, ArrowFunctionExpression: check };
      },
    },
    'visibility-by-scope': {
      meta: {
        type: 'problem',
        schema: [],
        messages: {
          read: 'Use principal.scope (AccessScope) to decide visibility, not principal.{{name}}.',
          made: 'Use the scope of the request: only libs/auth makes an AccessScope.',
        },
      },
      create(context) {
        if (path.relative(context.cwd, context.filename) in SCOPE_EXCEPTIONS) return {};
        const { getTypeAtLocation } = context.sourceCode.parserServices;
        const check = (node, object, key) => {
          if (VISIBILITY.has(key.name) && isPrincipal(getTypeAtLocation(object)))
            context.report({ node, messageId: 'read', data: { name: key.name } });
        };
        return {
          MemberExpression: (node) => check(node, node.object, node.property),
          'ObjectPattern > Property': (node) => check(node, node.parent, node.key),
          "NewExpression[callee.name='AccessScope']": (node) => context.report({ node, messageId: 'made' }),
        };
      },
    },
    'todo-with-issue': {
      meta: { type: 'problem', schema: [], messages: { bare: 'Add the number of the issue: TODO(#12).' } },
      create: (context) => ({
        Program() {
          for (const comment of context.sourceCode.getAllComments()) {
            if (/\b(TODO|FIXME|XXX)\b/.test(comment.value) && !/TODO\(#\d+\)/.test(comment.value))
              context.report({ node: comment, messageId: 'bare' });
          }
        },
      }),
    },
  },
};
