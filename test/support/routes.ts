import type { OpenAPIObject } from '@nestjs/swagger';
import type { Api } from './api.js';

type Schema = { [key: string]: any };

/** One operation of the OpenAPI document: a route added to the service is here by itself. */
export interface Route {
  method: string;
  /** With `{name}` for each parameter. */
  path: string;
  /** Who may call it, by the document. */
  access: 'public' | 'shopper' | 'user' | 'role';
  /** A body the document allows, or undefined. */
  body: (values: Record<string, unknown>) => unknown;
}

/** Every route the service documents. */
export async function routesOf(api: Api): Promise<Route[]> {
  const { body: document } = await api.call<OpenAPIObject>('GET', '/docs/openapi.json');
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    ['get', 'put', 'post', 'patch', 'delete'].flatMap((method) => {
      const operation = (operations as Record<string, Schema>)[method];
      // A stream has no end to wait for; it has tests of its own.
      if (!operation || operation['responses']['200']?.content?.['text/event-stream']) return [];
      const schema = operation['requestBody']?.content?.['application/json']?.schema as Schema | undefined;
      return [
        {
          method: method.toUpperCase(),
          path,
          access: accessOf(operation),
          body: (values: Record<string, unknown>) => schema && sample(schema, document, values),
        },
      ];
    }),
  );
}

function accessOf({ security = [], responses }: Schema): Route['access'] {
  const schemes = (security as object[]).flatMap((scheme) => Object.keys(scheme));
  if (schemes.length === 0) return 'public';
  if (schemes.includes('clientCartId')) return 'shopper';
  return '403' in responses ? 'role' : 'user';
}

/** A value of a schema: `values` by the name of the field, else the example, else the least there is. */
function sample(schema: Schema, document: OpenAPIObject, values: Record<string, unknown>, name = ''): unknown {
  if (name in values) return values[name];
  const { $ref, allOf, oneOf, anyOf } = schema;
  const named = /[^/]+$/.exec(String($ref ?? ''))?.[0];
  if (named) return sample(document.components!.schemas![named] as Schema, document, values, name);
  const inner = (allOf ?? oneOf ?? anyOf)?.[0];
  if (inner) return sample(inner, document, values, name);
  const given = schema['example'] ?? schema['default'] ?? schema['enum']?.[0];
  if (given !== undefined) return given;
  const type = [schema['type']].flat()[0];
  if (type === 'array') return [sample(schema['items'] ?? {}, document, values, name.replace(/s$/, ''))];
  if (type === 'object' || schema['properties']) {
    const fields = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>);
    return Object.fromEntries(fields.map(([field, one]) => [field, sample(one, document, values, field)]));
  }
  if (type === 'integer' || type === 'number') return schema['minimum'] ?? 1;
  return type === 'boolean' ? true : 'x';
}
