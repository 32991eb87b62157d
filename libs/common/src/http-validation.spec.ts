import 'reflect-metadata';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import type { AppError } from './app-error.js';
import { toDto } from './http-dto.js';
import { isId, IsAsciiToken, IsFlag, IsId, IsMoney, IsQuantity, IsTotal } from './http-validation.js';
import { HttpValidationPipe } from './http-validation.pipe.js';

class EntryDto {
  @IsId()
  skuId!: string;

  @IsQuantity({ min: 0 })
  quantity!: number;
}

class EverythingDto {
  @IsMoney({ optional: true })
  price?: string;

  @IsTotal({ optional: true })
  payable?: string;

  @IsQuantity({ optional: true })
  quantity?: number;

  @IsAsciiToken({ optional: true })
  promotionId?: string;

  @IsFlag({ optional: true })
  selected?: boolean;

  @IsId({ optional: true, each: true })
  @ArrayMaxSize(3)
  skuIds?: string[];

  @ValidateNested({ each: true })
  @Type(() => EntryDto)
  items: EntryDto[] = [];
}

/** The fields that are refused. */
function faultsOf(body: unknown): string[] {
  try {
    toDto(EverythingDto, body);
    return [];
  } catch (error) {
    return (error as AppError).details.map(({ field }) => field ?? '');
  }
}

describe(isId.name, () => {
  it.each(['1', '42', '9007199254740993', '9223372036854775807'])('takes %s', (id) => expect(isId(id)).toBe(true));

  it.each([
    '',
    '0',
    '00',
    '01',
    '+1',
    '-1',
    ' 1',
    '1 ',
    '1\n',
    '1.0',
    '1e3',
    '0x1',
    '１',
    '١',
    '1\u0000',
    '9223372036854775808',
    '1'.repeat(20),
    1,
    null,
    ['1'],
  ])('refuses %j', (id) => expect(isId(id)).toBe(false));
});

describe(toDto.name, () => {
  it.each([
    {},
    { price: '0.00' },
    { price: '99999999.99' },
    { payable: '0.00' },
    { payable: '9999999999999.99' },
    { quantity: 1 },
    { quantity: 2_147_483_647 },
    { promotionId: 'A-z_0' },
    { promotionId: 'x'.repeat(64) },
    { selected: false },
    { skuIds: [] },
    { skuIds: ['1', '2', '3'] },
    { items: [{ skuId: '1', quantity: 0 }] },
  ])('takes %j', (body) => {
    expect(toDto(EverythingDto, body)).toMatchObject(body);
    expect(toDto(EverythingDto, body)).toBeInstanceOf(EverythingDto);
  });

  it.each([
    [{ price: '1' }, 'price'],
    [{ price: '1.5' }, 'price'],
    [{ price: '01.50' }, 'price'],
    [{ price: '-1.00' }, 'price'],
    [{ price: '100000000.00' }, 'price'],
    [{ price: '1.00\n' }, 'price'],
    [{ price: 1.5 }, 'price'],
    [{ price: null }, 'price'],
    [{ payable: '10000000000000.00' }, 'payable'],
    [{ payable: '01.00' }, 'payable'],
    [{ payable: 1 }, 'payable'],
    [{ quantity: 0 }, 'quantity'],
    [{ quantity: '1' }, 'quantity'],
    [{ quantity: 1.5 }, 'quantity'],
    [{ quantity: NaN }, 'quantity'],
    [{ quantity: 2 ** 31 }, 'quantity'],
    [{ promotionId: '' }, 'promotionId'],
    [{ promotionId: 'x'.repeat(65) }, 'promotionId'],
    [{ promotionId: 'p}{*' }, 'promotionId'],
    [{ selected: 'true' }, 'selected'],
    [{ selected: 1 }, 'selected'],
    [{ skuIds: '1' }, 'skuIds'],
    [{ skuIds: ['1', 2] }, 'skuIds'],
    [{ skuIds: ['1', '2', '3', '4'] }, 'skuIds'],
    [{ skuIds: null }, 'skuIds'],
    [
      {
        items: [
          { skuId: '1', quantity: 1 },
          { skuId: '1', quantity: -1 },
        ],
      },
      'items[1].quantity',
    ],
    [{ items: [{ skuId: '1', quantity: -0 }] }, 'items[0].quantity'],
    [{ items: [{ skuId: '1', quantity: 1, price: '0.01' }] }, 'items[0].price'],
    [{ items: [7] }, 'items[0]'],
    [{ unknown: 1 }, 'unknown'],
    [[], ''],
    [null, ''],
    ['text', ''],
    [7, ''],
  ])('refuses %j at "%s"', (body, field) => {
    expect(faultsOf(body)).toEqual([field]);
  });

  it('shortens the name of a field that the client made up', () => {
    expect(faultsOf({ ['x'.repeat(5000)]: 1 })[0]).toHaveLength(200);
  });
});

describe(HttpValidationPipe.name, () => {
  const pipe = new HttpValidationPipe();

  it('leaves alone what has no DTO', () => {
    for (const metatype of [String, Number, Boolean, Array, Object, undefined]) {
      expect(pipe.transform('5', { type: 'query', metatype, data: 'q' })).toBe('5');
    }
    expect(pipe.transform('5', { type: 'custom', metatype: EverythingDto })).toBe('5');
  });

  it('takes no body for an empty one', () => {
    expect(pipe.transform(undefined, { type: 'body', metatype: EverythingDto })).toEqual({ items: [] });
    expect(() => pipe.transform(null, { type: 'body', metatype: EverythingDto })).toThrow('must be a JSON object');
  });

  it('checks a query, whose object has no prototype', () => {
    const query = Object.assign(Object.create(null) as object, { promotionId: 'p1' });
    expect(pipe.transform(query, { type: 'query', metatype: EverythingDto })).toMatchObject({ promotionId: 'p1' });
  });
});
