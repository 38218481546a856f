/** The routes that Nest serves, read from its controllers. */
import { Injectable, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { ModulesContainer } from '@nestjs/core';
import type { Route } from './document.js';

@Injectable()
export class ServedRoutes {
  constructor(private readonly modules: ModulesContainer) {}

  /** Every route of this process. */
  all(): Route[] {
    const controllers = [...this.modules.values()].flatMap((module) => [...module.controllers.values()]);
    return routesOf(controllers.flatMap(({ metatype }) => (typeof metatype === 'function' ? [metatype] : [])));
  }
}

/** Every route of these controllers; places are written in braces. */
export function routesOf(controllers: readonly { readonly prototype: object }[]): Route[] {
  return controllers.flatMap((controller) => {
    const prefixes = textsOf(Reflect.getMetadata(PATH_METADATA, controller));
    return Object.values(Object.getOwnPropertyDescriptors(controller.prototype)).flatMap(({ value }) => {
      const handler: unknown = value;
      if (typeof handler !== 'function') return [];
      const method: unknown = Reflect.getMetadata(METHOD_METADATA, handler);
      if (typeof method !== 'number') return [];
      const paths = textsOf(Reflect.getMetadata(PATH_METADATA, handler));
      return prefixes.flatMap((prefix) =>
        paths.map((path) => ({ method: RequestMethod[method] ?? 'GET', path: joined(prefix, path) })),
      );
    });
  });
}

function joined(prefix: string, path: string): string {
  const parts = [prefix, path].flatMap((text) => text.split('/')).filter((part) => part !== '');
  return `/${parts.map(placeOf).join('/')}`;
}

/** `:id` and `*` (whatever is left of the path) are places. */
function placeOf(part: string): string {
  if (part.startsWith(':')) return `{${part.slice(1)}}`;
  return part.startsWith('*') ? '{id}' : part;
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [''];
}
