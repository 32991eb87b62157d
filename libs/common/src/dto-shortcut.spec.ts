import 'reflect-metadata';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsIn, IsInt, Min, registerDecorator, ValidateNested, validateSync } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { acceptDto } from './dto-shortcut.js';
import { toDto } from './http-dto.js';
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
  @ValidateNested({ each: true })
  @Type(() => ItemDto)
  items!: ItemDto[];
}

/** Its rule takes its time, which toDto has never waited for. */
class SlowDto {
  @IsSlow()
  field!: string;
}

function IsSlow(): PropertyDecorator {
  return (target, propertyName) =>
    registerDecorator({
      name: 'isSlow',
      target: target.constructor,
      propertyName: String(propertyName),
      validator: { validate: () => Promise.resolve(false) },
    });
}

class PlainDto {
  field?: string;
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

describe(acceptDto.name, () => {
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
      const dto = acceptDto(ItemDto, body);
      expect(dto !== undefined, JSON.stringify(body)).toBe(isFine);
      if (!dto) continue;
      taken += 1;
      expect(dto).toBeInstanceOf(ItemDto);
      expect(dto).toEqual(body);
      expect(dto).not.toBe(body);
    }
    expect(taken).toBeGreaterThan(8);
    expect(taken).toBeLessThan(bodies.length / 2);
  });

  it('leaves to class-validator what it does not know: objects in objects, rules that take their time, no rules', () => {
    expect(acceptDto(NestedDto, { items: [] })).toBeUndefined();
    expect(toDto(NestedDto, { items: [{ skuId: '1', quantity: 1 }] }).items[0]).toBeInstanceOf(ItemDto);
    expect(acceptDto(SlowDto, { field: 'x' })).toBeUndefined();
    expect(acceptDto(PlainDto, {})).toBeUndefined();
  });

  it('leaves the wording of faults as it is', () => {
    const fault = (body: object) => {
      try {
        return toDto(ItemDto, body);
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(fault({ skuId: '1', quantity: 0 })).toBe('quantity: quantity must be an integer from 1 to 2147483647');
    expect(fault({ skuId: '1', quantity: 1, colour: 'red' })).toBe('colour: property colour should not exist');
  });
});
