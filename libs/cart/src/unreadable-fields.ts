import { Injectable, Logger } from '@nestjs/common';
import { Metrics, RepeatedWarning } from '@app/common';
import { Counter } from 'prom-client';
import { CartOwner, ownerLabel } from './cart.owner.js';

/** A foreign field may be named anything. */
const NAME_CHARS = 40;
const NAMES = 20;

/** Tells operators of fields of carts that nobody can read: somebody else writes there. */
@Injectable()
export class UnreadableFields {
  private readonly logger = new Logger(UnreadableFields.name);
  private readonly trouble = new RepeatedWarning(this.logger, 'part of a cart cannot be read, and is left out');
  private readonly fields: Counter;

  constructor({ registry }: Metrics) {
    this.fields = new Counter({
      name: 'cart_unreadable_fields_total',
      help: 'Fields of carts that nobody could read, and that were taken out',
      registers: [registry],
    });
  }

  /** They were taken out; of `restored` of them MySQL had a row. */
  mended(owner: CartOwner, fields: readonly string[], restored: number): void {
    this.fields.inc(fields.length);
    this.trouble.worked();
    const names = fields.slice(0, NAMES).map((field) => JSON.stringify(field.slice(0, NAME_CHARS)));
    this.logger.warn(
      `${fields.length} fields of the cart of ${ownerLabel(owner)} could not be read and were taken out, ` +
        `${restored} came back from MySQL: ${names.join(', ')}`,
    );
  }

  /** They are still there. */
  skipped(owner: CartOwner, cause: string): void {
    this.trouble.failed(`${ownerLabel(owner)}: ${cause}`);
  }
}
