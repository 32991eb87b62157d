import type { PipeTransform } from '@nestjs/common';
import type { ClassConstructor } from 'class-transformer';
import { invalid, toDto } from './http-dto.js';

/** A body that is an array of at most `max` DTOs: `@Body(new HttpListPipe(SkuDto, 1000)) skus: SkuDto[]`. */
export class HttpListPipe<T extends object> implements PipeTransform<unknown, T[]> {
  constructor(
    private readonly type: ClassConstructor<T>,
    private readonly max: number,
  ) {}

  transform(value: unknown): T[] {
    if (!Array.isArray(value)) throw invalid([{ field: '', message: 'must be a JSON array' }]);
    if (value.length > this.max) throw invalid([{ field: '', message: `must hold at most ${this.max} entries` }]);
    return value.map((entry, index) => toDto(this.type, entry, `[${index}]`));
  }
}
