import { describe, expect, it } from 'vitest';
import { RouteTable } from './route-table.js';

describe(RouteTable.name, () => {
  const table = new RouteTable();
  table.add('GET', '/v1/cart');
  table.add('DELETE', '/v1/cart');
  table.add(['PATCH', 'DELETE'], '/v1/cart/items/:skuId');
  table.add('POST', '/v1/cart/items/remove');
  table.add('PUT', '/v1/cart/items/:skuId/spec');
  table.add('GET', '/docs/*');
  table.add('GET', '/docs/openapi.json');

  it.each([
    ['/v1/cart', ['DELETE', 'GET']],
    ['/v1/cart?group=shop', ['DELETE', 'GET']],
    ['/v1/cart/', []],
    ['/v1/cart/items/7', ['DELETE', 'PATCH']],
    ['/v1/cart/items/remove', ['DELETE', 'PATCH', 'POST']],
    ['/v1/cart/items/7/spec', ['PUT']],
    ['/v1/cart/items/7/8/spec', []],
    ['/docs/openapiXjson', ['GET']],
    ['/docs', []],
    ['/V1/cart', []],
  ])('knows what %s answers to', (url, methods) => {
    expect(table.methodsOf(url)).toEqual(methods);
  });
});
