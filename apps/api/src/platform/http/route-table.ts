import { Injectable, Inject, RequestMethod } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { accessKey } from './access.decorator.ts';

interface Route {
  readonly method: string;
  /** With the leading slash, without the prefix, parameters as `:name`. */
  readonly path: string;
  readonly declared: boolean;
  readonly handler: string;
}

/** Every HTTP route of the API: for the start-up check, and to tell a wrong method from a wrong address. */
@Injectable()
export class RouteTable {
  readonly #discovery: DiscoveryService;
  readonly #scanner: MetadataScanner;
  #routes: readonly Route[] | undefined;

  constructor(
    @Inject(DiscoveryService) discovery: DiscoveryService,
    @Inject(MetadataScanner) scanner: MetadataScanner,
  ) {
    this.#discovery = discovery;
    this.#scanner = scanner;
  }

  get routes(): readonly Route[] {
    return (this.#routes ??= this.#read());
  }

  /** Throws when a route declares neither who may call it nor that anybody may. */
  demandDeclarations(): void {
    const open = this.routes.filter(({ declared }) => !declared).map(({ handler }) => handler);
    if (open.length > 0) throw new Error(`routes without @Access or @Public: ${open.join(', ')}`);
  }

  /** The methods that an address takes; none when there is nothing. */
  methodsAt(path: string): string[] {
    const parts = path.split('/').filter(Boolean);
    if (parts.shift() !== 'api') return [];
    const methods = this.routes.filter((route) => matches(route.path.split('/').filter(Boolean), parts));
    return [...new Set(methods.map(({ method }) => method))].sort();
  }

  #read(): Route[] {
    return this.#discovery.getControllers().flatMap(({ metatype, instance }) => {
      if (typeof metatype !== 'function') return [];
      const base = pathsOf(metatype);
      const prototype = Object.getPrototypeOf(instance) as Record<string, object>;
      return this.#scanner.getAllMethodNames(prototype).flatMap((name) => {
        const handler = prototype[name] as object;
        const method = Reflect.getMetadata('method', handler) as RequestMethod | undefined;
        if (method === undefined) return [];
        const declared = Reflect.getMetadata(accessKey, handler) !== undefined;
        return base.flatMap((start) =>
          pathsOf(handler).map((end) => ({
            method: RequestMethod[method],
            path: `/${[start, end].join('/').split('/').filter(Boolean).join('/')}`,
            declared,
            handler: `${metatype.name}.${name}`,
          })),
        );
      });
    });
  }
}

function pathsOf(target: object): string[] {
  const path = Reflect.getMetadata('path', target) as string | string[] | undefined;
  return [path ?? ''].flat();
}

function matches(pattern: readonly string[], parts: readonly string[]): boolean {
  return (
    pattern.length === parts.length && pattern.every((part, at) => part.startsWith(':') || part === parts[at])
  );
}
