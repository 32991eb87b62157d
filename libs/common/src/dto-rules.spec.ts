import 'reflect-metadata';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsIn, IsInt, MaxLength, Min, ValidateIf, ValidateNested, validateSync } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { toDto } from './http-dto.js';
import type { AppError } from './app-error.js';
import { IsFlag, IsId, IsQuantity, MayBeAbsent } from './http-validation.js';

class ItemDto {
  @IsId()
  skuId!: string;

  @IsQuantity()
  quantity!: number;

  @IsFlag({ optional: true })
  selected?: boolean;

  @MayBeAbsent()
  @IsInt()
  @Min(-5)
  delta?: number;

  @MayBeAbsent()
  @IsIn(['atomic', 'partial'])
  mode?: string;

  @IsId({ optional: true, each: true })
  @ArrayMaxSize(2)
  others?: string[];
}

class NestedDto {
  @ArrayMaxSize(3)
  @ValidateNested({ each: true })
  @Type(() => ItemDto)
  items!: ItemDto[];
}

class UnboundDto {
  @ValidateNested({ each: true })
  @Type(() => ItemDto)
  items!: ItemDto[];

  @MayBeAbsent()
  @MaxLength(10)
  name?: string;
}

class GroupedDto {
  @IsInt({ groups: ['some'] })
  field!: number;
}

class ForgottenTypeDto {
  @ValidateNested()
  field!: ItemDto;
}

const VALUES: unknown[] = [
  '1',
  '0',
  1,
  0,
  -5,
  -6,
  1.5,
  2 ** 31,
  null,
  true,
  'true',
  'atomic',
  [],
  ['1'],
  ['1', 2],
  ['1', '2', '3'],
  {},
];

/** What is refused, or nothing. */
function refusal(type: new () => object, body: object): AppError | undefined {
  try {
    toDto(type, body);
    return undefined;
  } catch (error) {
    return error as AppError;
  }
}

/** A value whose inside may not be looked at. */
function sealed<T extends object>(value: T): T {
  return new Proxy(value, {
    get: (target, name) => {
      if (name === 'length' || typeof name === 'symbol') return Reflect.get(target, name) as unknown;
      throw new Error(`looked inside, at ${name}`);
    },
  });
}

describe('a DTO read by its rules', () => {
  it('takes exactly what class-validator takes, field by field', () => {
    const good = { skuId: '1', quantity: 1 };
    const bodies: Record<string, unknown>[] = [
      good,
      {},
      { skuId: '1' },
      { ...good, unknown: 1 },
      { ...good, toString: 1 },
    ];
    for (const name of ['skuId', 'quantity', 'selected', 'delta', 'mode', 'others']) {
      for (const value of VALUES) bodies.push({ ...good, [name]: value });
    }
    let taken = 0;
    for (const body of bodies) {
      const options = { whitelist: true, forbidNonWhitelisted: true };
      const isFine = validateSync(Object.assign(new ItemDto(), body), options).length === 0;
      expect(refusal(ItemDto, body) === undefined, JSON.stringify(body)).toBe(isFine);
      if (!isFine) continue;
      taken += 1;
      const dto = toDto(ItemDto, body);
      expect(dto).toBeInstanceOf(ItemDto);
      expect(dto).toEqual(body);
      expect(dto).not.toBe(body);
    }
    expect(taken).toBeGreaterThan(8);
    expect(taken).toBeLessThan(bodies.length / 2);
  });

  it('makes DTOs of the objects inside', () => {
    const { items } = toDto(NestedDto, { items: [{ skuId: '1', quantity: 1 }] });
    expect(items[0]).toBeInstanceOf(ItemDto);
    expect(refusal(NestedDto, { items: [null] })?.details[0]?.field).toBe('items[0]');
    expect(refusal(NestedDto, { items: [[]] })?.details[0]?.field).toBe('items[0]');
    expect(refusal(NestedDto, { items: 7 })?.details[0]?.field).toBe('items');
  });

  it('B1: refuses what is too long without a look inside', () => {
    expect(refusal(NestedDto, { items: sealed([{}, {}, {}, {}]) })?.details).toHaveLength(1);
    expect(refusal(ItemDto, { skuId: '1', quantity: 1, others: sealed(['1', '2', '3']) })?.details).toHaveLength(1);
    expect(refusal(UnboundDto, { items: sealed(Array.from({ length: 1001 }, () => ({}))) })?.message).toContain('1000');
    expect(refusal(UnboundDto, { items: [], name: '🦆'.repeat(11) })?.message).toContain('10');
    expect(refusal(UnboundDto, { items: [], name: '🦆'.repeat(10) })).toBeUndefined();
  });

  it('B1: does not enter a field that the class does not have', () => {
    const body = { skuId: '1', quantity: 1, unknown: sealed({ a: 1 }) };
    expect(refusal(ItemDto, body)?.message).toContain('unknown');
  });

  it('B1: stops at fifty faults', () => {
    let asked = 0;
    class CountingDto {
      @ValidateIf(() => ++asked > 0)
      @IsId()
      skuId!: string;
    }
    class ListDto {
      @ValidateNested({ each: true })
      @Type(() => CountingDto)
      items!: CountingDto[];
    }
    expect(refusal(ListDto, { items: Array.from({ length: 1000 }, () => ({})) })?.details).toHaveLength(50);
    expect(asked).toBe(50);
  });

  it('does not start with a rule that it does not know', () => {
    expect(() => toDto(GroupedDto, { field: 1 })).toThrow('GroupedDto.field');
    expect(() => toDto(ForgottenTypeDto, { field: {} })).toThrow('no @Type');
  });

  it('words faults as class-validator does', () => {
    const fault = (body: object) => refusal(ItemDto, body)?.message;
    expect(fault({ skuId: '1', quantity: 0 })).toBe('quantity: quantity must be an integer from 1 to 2147483647');
    expect(fault({ skuId: '1', quantity: 1, colour: 'red' })).toBe('colour: property colour should not exist');
    expect(fault({ skuId: '1', quantity: 1, delta: -6 })).toBe('delta: delta must not be less than -5');
    expect(fault({ skuId: '1', quantity: 1, mode: 'x' })).toBe(
      'mode: mode must be one of the following values: atomic, partial',
    );
    expect(fault({ skuId: '1', quantity: 1, others: ['1', '2', '3'] })).toBe(
      'others: others must contain no more than 2 elements',
    );
  });
});
