/**
 * Lets Node run sources with decorators straight from the folder: Node only strips types, and Nest reads the metadata
 * that only a compiler writes. For tools; the product itself is built.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const compilerOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2024,
  module: ts.ModuleKind.ESNext,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  isolatedModules: true,
  inlineSourceMap: true,
};

/** Compiles every TypeScript file below `folder` (a file URL that ends in a slash) as it is imported. */
export function loadDecorated(folder: URL): void {
  registerHooks({
    load(url, context, nextLoad) {
      if (!url.startsWith(folder.href) || !url.endsWith('.ts')) return nextLoad(url, context);
      const { outputText } = ts.transpileModule(readFileSync(fileURLToPath(url), 'utf8'), {
        compilerOptions,
      });
      return { format: 'module', source: outputText, shortCircuit: true };
    },
  });
}
