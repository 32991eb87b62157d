import { Linter } from 'eslint';
import { describe, expect, it } from 'vitest';
import { noInjection } from './no-injection.mjs';

/** @param {string} code @returns {number} */
function faults(code) {
  return new Linter().verify(code, { rules: { 'no-restricted-syntax': ['error', ...noInjection] } }).length;
}

describe('S11: statements', () => {
  it.each([
    'query(`SELECT * FROM cart WHERE id = ${id}`)',
    'database.query(`SELECT * FROM cart WHERE id = ${row.id}`)',
    'this.database.query(`SELECT * FROM cart WHERE id IN (${ids.join()})`, [])',
    'query(`SELECT ${COLUMNS} FROM cart WHERE name = "${name}"`)',
    'query("SELECT * FROM cart WHERE id = " + id)',
    'query("SELECT * FROM cart WHERE id = ".concat(id))',
    'query(build(id))',
  ])('with values in their text are refused: %s', (code) => expect(faults(code)).toBe(1));

  it.each([
    'query("SELECT * FROM cart WHERE id = ?", [`${id}`])',
    'query(`INSERT INTO cart (${COLUMNS}) VALUES ${places} ${ON_DUPLICATE}`, parameters)',
    'query(`UPDATE cart SET ${set} WHERE ${where}`, parameters)',
    'query(sql, parameters)',
  ])('of constants and places are not: %s', (code) => expect(faults(code)).toBe(0));
});

describe('S12: Redis', () => {
  it.each([
    'redis.command(["GET", `cart:${id}`])',
    'redis.command(["EVAL", "return " + text, "0"])',
    'client.sendCommand([`GET`, `${id}`])',
    'client.eval(`return ${text}`)',
    'redis.run(script, [`cart:${id}`], [])',
    'redis.command(["GET", keys.cart(owner), `${value}`])',
  ])('takes no text put together on the spot: %s', (code) => expect(faults(code)).toBeGreaterThan(0));

  it.each([
    'redis.command(["GET", keys.cart(`guest:${id}`)])',
    'redis.run(script, [keys.cart(owner)], [`${quantity}`])',
  ])('takes keys from where they are made: %s', (code) => expect(faults(code)).toBe(0));
});
