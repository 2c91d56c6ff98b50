import { parseSync, Visitor } from 'oxc-parser';
import type { Expression, ImportExpression } from 'oxc-parser';

/** One place where a file asks for another module. */
export interface ImportSite {
  /** What is written between the quotes; undefined when it is computed at run time. */
  readonly specifier: string | undefined;
  /** 1-based. */
  readonly line: number;
  /** Gone after compilation: `import type`, `export type`, `typeof import()`. */
  readonly typeOnly: boolean;
}

/**
 * Every way a TypeScript file can name another module: imports, re-exports, dynamic imports, import types,
 * `import x = require()`, `require()`, `process.getBuiltinModule()`. Finding out where a module is
 * (`require.resolve`) is not loading it.
 * @throws Error when the file does not parse
 */
export function importsOf(path: string, source: string): ImportSite[] {
  const { program, errors } = parseSync(path, source);
  const [problem] = errors;
  if (problem !== undefined) throw new Error(`${path}: ${problem.message}`);
  const sites: ImportSite[] = [];
  const add = (specifier: string | undefined, start: number, typeOnly: boolean): void => {
    sites.push({ specifier, typeOnly, line: source.slice(0, start).split('\n').length });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.source.value, node.start, node.importKind === 'type'),
    ExportNamedDeclaration: (node) => {
      if (node.source !== null) add(node.source.value, node.start, node.exportKind === 'type');
    },
    ExportAllDeclaration: (node) => add(node.source.value, node.start, node.exportKind === 'type'),
    ImportExpression: (node) => add(literal(node.source), node.start, false),
    TSImportType: (node) => add(node.source.value, node.start, true),
    TSImportEqualsDeclaration: (node) => {
      if (node.moduleReference.type === 'TSExternalModuleReference') {
        add(node.moduleReference.expression.value, node.start, node.importKind === 'type');
      }
    },
    CallExpression: (node) => {
      const [first] = node.arguments;
      if (first !== undefined && first.type !== 'SpreadElement' && loads(node.callee)) {
        add(literal(first), node.start, false);
      }
    },
  }).visit(program);
  return sites.sort((a, b) => a.line - b.line);
}

/** `require`, anything's `.require`, `process.getBuiltinModule`. */
function loads(callee: Expression): boolean {
  if (callee.type === 'Identifier') return callee.name === 'require';
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return false;
  return ['require', 'getBuiltinModule'].includes(callee.property.name);
}

function literal(node: ImportExpression['source']): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node.type !== 'TemplateLiteral' || node.expressions.length > 0) return undefined;
  return node.quasis[0]?.value.cooked ?? undefined;
}
