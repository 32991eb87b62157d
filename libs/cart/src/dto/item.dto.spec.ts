import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { toDto } from '@app/common';
import { AddItemsDto } from './item.dto.js';

describe(AddItemsDto.name, () => {
  it.each([[[[]]], [[[{ skuId: '1', quantity: 1 }]]], [[null]], [['1']], [[7]], [[{}]]])(
    'refuses items %j',
    (items) => {
      expect(() => toDto(AddItemsDto, { items })).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }));
    },
  );

  it('takes none, and the same SKU twice', () => {
    const item = { skuId: '1', quantity: 1 };
    expect(toDto(AddItemsDto, { items: [] }).items).toEqual([]);
    expect(toDto(AddItemsDto, { items: [item, item] }).items).toEqual([item, item]);
  });
});
