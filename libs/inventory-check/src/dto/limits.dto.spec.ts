import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { toDto } from '@app/common';
import { PutLimitsDto } from './limits.dto.js';

const valid = { maxSkus: 500, maxQuantityPerSku: 999 };

describe(PutLimitsDto.name, () => {
  it.each([
    valid,
    { maxSkus: 1, maxQuantityPerSku: 1 },
    { maxSkus: 10_000, maxQuantityPerSku: 2_147_483_647 },
    { ...valid, until: '2026-11-12T00:00:00Z' },
    { ...valid, until: '2028-02-29T23:59:59.5Z' },
    { ...valid, until: '9999-12-31T23:59:59.999Z' },
  ])('takes %j', (body) => {
    expect(toDto(PutLimitsDto, body)).toEqual(body);
  });

  it.each([
    ['maxSkus', { maxQuantityPerSku: 1 }],
    ['maxQuantityPerSku', { maxSkus: 1 }],
    ['maxSkus', { ...valid, maxSkus: 0 }],
    ['maxSkus', { ...valid, maxSkus: 10_001 }],
    ['maxSkus', { ...valid, maxSkus: '5' }],
    ['maxSkus', { ...valid, maxSkus: 1.5 }],
    ['maxQuantityPerSku', { ...valid, maxQuantityPerSku: 2_147_483_648 }],
    ['maxQuantityPerSku', { ...valid, maxQuantityPerSku: null }],
    ['until', { ...valid, until: null }],
    ['until', { ...valid, until: '' }],
    ['until', { ...valid, until: 1_795_000_000_000 }],
    ['until', { ...valid, until: '2026-11-12' }],
    ['until', { ...valid, until: '2026-11-12T00:00:00' }],
    ['until', { ...valid, until: '2026-11-12T00:00:00+08:00' }],
    ['until', { ...valid, until: '2026-02-30T00:00:00Z' }],
    ['until', { ...valid, until: '2026-11-12T24:00:00Z' }],
    ['until', { ...valid, until: '2026-11-12T00:00:00.1234Z' }],
    ['forever', { ...valid, forever: true }],
  ])('refuses a wrong %s: %j', (field, body) => {
    expect(() => toDto(PutLimitsDto, body)).toThrow(
      expect.objectContaining({ code: 'VALIDATION_FAILED', details: [expect.objectContaining({ field })] }),
    );
  });
});
