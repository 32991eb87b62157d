import { ValidateBy } from 'class-validator';

const UTC_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/;

/** Whether a text is a moment such as `2026-11-11T00:00:00.000Z`; the 30th of February is none. */
const isUtcTime = (value: unknown) => {
  if (typeof value !== 'string' || !UTC_TIME.test(value)) return false;
  const ms = Date.parse(value);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(value.slice(0, 19));
};

/** A moment in UTC, such as `2026-11-11T00:00:00.000Z`; milliseconds may be left out. */
export const IsUtcTime = (): PropertyDecorator =>
  ValidateBy({
    name: 'isUtcTime',
    validator: {
      validate: isUtcTime,
      defaultMessage: () => '$property must be a UTC time such as 2026-11-11T00:00:00.000Z',
    },
  });
