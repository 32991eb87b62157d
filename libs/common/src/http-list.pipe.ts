import type { PipeTransform } from '@nestjs/common';
import type { ClassConstructor } from 'class-transformer';
import { invalid, toDto } from './http-dto.js';

/**
 * Checks the fields of one entry of a list, and returns how to make of it what the handler takes; `at` is its path, for
 * the error's `field`. Nothing is made of any entry before the fields of all are fine.
 */
export type EntryReader<T> = (entry: unknown, at: string) => () => T;

/** The entries are DTOs of one class. */
export const entriesOf =
  <T extends object>(type: ClassConstructor<T>): EntryReader<T> =>
  (entry, at) => {
    const dto = toDto(type, entry, at);
    return () => dto;
  };

/** A body that is an array of at most `max` entries: `@Body(new HttpListPipe(entriesOf(SkuDto), 1000)) skus: SkuDto[]`. */
export class HttpListPipe<T> implements PipeTransform<unknown, T[]> {
  constructor(
    private readonly read: EntryReader<T>,
    private readonly max: number,
  ) {}

  transform(value: unknown): T[] {
    if (!Array.isArray(value)) throw invalid([{ field: '', message: 'must be a JSON array' }]);
    if (value.length > this.max) throw invalid([{ field: '', message: `must hold at most ${this.max} entries` }]);
    return value.map((entry, index) => this.read(entry, `[${index}]`)).map((make) => make());
  }
}
