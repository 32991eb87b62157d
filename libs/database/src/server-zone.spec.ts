import { Logger } from '@nestjs/common';
import { expect, it, vi } from 'vitest';
import type { Database } from './database.js';
import { ServerZone } from './server-zone.js';

it.each([
  ['0', []],
  ['480', ['the zone of the MySQL server is 480 minutes from UTC']],
  [null, ['the zone of the MySQL server is unknown to it']],
  [new Error('away'), []],
])('B13: warns when the server is not in UTC: %s', async (minutes, expected) => {
  const lines: string[] = [];
  vi.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void lines.push(line));
  const query = () => (minutes instanceof Error ? Promise.reject(minutes) : Promise.resolve([{ minutes }]));
  await new ServerZone({ query } as unknown as Database).look();
  expect(lines.map((line) => line.split(';')[0])).toEqual(expected);
});
