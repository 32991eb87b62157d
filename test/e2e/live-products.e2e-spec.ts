import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { checkout } from '../support/checkout.js';
import { freshSkuId } from '../support/services.js';

let app: AppProcess;
let api: Api;
let admin: Shopper;

beforeAll(async () => {
  app = await AppProcess.start({ TRANSPORT: 'in-process' });
  api = new Api(app.url);
  admin = await api.admin();
});
afterAll(async () => {
  await app.stop();
});

const patch = (skuId: string, body: object) => admin.patch(`/v1/admin/skus/${skuId}`, body);
const selectShop = (shopper: Shopper, shopId: string, selected: boolean) =>
  shopper.put('/v1/cart/selection', { scope: 'shop', shopId, selected });

const selectedOf = ({ body }: Answer) => (body.items as { selected: boolean }[]).map(({ selected }) => selected);

describe('A4: a product in a cart is the product as it is now', () => {
  it.each(['user', 'guest'])('A4: a %s sees one shop, name, image, spec and code, everywhere', async (who) => {
    const [from, to] = [freshSkuId(), freshSkuId()];
    const [moved, other] = await api.skus({ shopId: from, shopName: 'From', price: 10_000 }, { shopId: from });
    const shopper = who === 'user' ? await api.login() : await api.guest();
    await shopper.add(other!);
    await shopper.add(moved!);
    const now = { shopId: to, name: 'New', image: '/new.png', spec: 'red', skuCode: `new-${moved}` };
    await patch(moved!, { ...now, shopName: 'To', spuId: '55' });
    const promotion = { promotionId: `a4-${to}`, label: 'to', kind: 'percent_off', percentOff: '10' };
    await admin.put('/v1/admin/promotions', [{ ...promotion, scope: { shopId: to } }]);

    const cart = await shopper.cart();
    expect(cart.items[0]).toMatchObject({ skuId: moved, skuCode: now.skuCode, shopId: to, spuId: '55', snapshot: now });
    expect(cart.items[1]).toMatchObject({ shopId: from, spuId: null });
    expect(cart.groups.map(({ id, name, skuIds }) => ({ id, name, skuIds }))).toEqual([
      { id: to, name: 'To', skuIds: [moved] },
      { id: from, name: 'Shop 7', skuIds: [other] },
    ]);
    expect(selectedOf(await selectShop(shopper, from, false))).toEqual([true, false]);
    expect((await selectShop(shopper, to, false)).body.badge.selectedSkus).toBe(0);
    const chosen = await selectShop(shopper, to, true);
    const { body } = chosen;
    expect(selectedOf(chosen)).toEqual([true, false]);
    expect(body.groups[0]).toMatchObject({ id: to, promotions: [{ id: promotion.promotionId, discount: '10.00' }] });
    await admin.delete(`/v1/admin/promotions/${promotion.promotionId}`);
    await admin.put('/v1/admin/promotions', [{ ...promotion, scope: { shopId: to }, status: 'off' }]);
  });

  it('A4: a coupon of the new shop is for it, and the order shows it as it is', async () => {
    const [from, to] = [freshSkuId(), freshSkuId()];
    const [skuId] = await api.skus({ shopId: from, price: 5_000 });
    const user = await api.login();
    await user.add(skuId!);
    await patch(skuId!, { shopId: to, name: 'New' });
    const couponId = `a4-${to}`;
    const coupon = { couponId, label: 'to', kind: 'fixed', amount: '5.00', threshold: '0.00', scope: { shopId: to } };
    await admin.put('/v1/admin/coupons', [coupon]);
    await user.post(`/v1/coupons/${couponId}/claim`);
    expect((await user.get(`/v1/cart?coupons=${couponId}`)).body.totals).toMatchObject({ couponDiscount: '5.00' });
    const { status, body } = await checkout(user, { couponIds: [couponId] });
    expect(status).toBe(201);
    expect(body.items[0]).toMatchObject({ snapshot: { shopId: to, name: 'New' }, couponDiscount: '5.00' });
  });

  it('A4: once it is gone the cart shows what was known last; a product that comes back shows as it is then', async () => {
    const [shop, moved] = [freshSkuId(), freshSkuId()];
    const [skuId] = await api.skus({ shopId: shop, name: 'As added' });
    const shopper = await api.login();
    await shopper.add(skuId!);
    await patch(skuId!, { name: 'Last', shopId: moved, shopName: 'Moved', spuId: '9' });
    await admin.delete(`/v1/admin/skus/${skuId}`);
    const cart = await shopper.cart();
    expect(cart.items[0]).toMatchObject({
      ...{ invalidReason: 'SKU_GONE', price: null, shopId: moved, spuId: '9', stock: { state: 'out', available: 0 } },
      snapshot: { name: 'Last', shopId: moved },
    });
    expect(cart.groups).toMatchObject([{ id: moved, name: 'Moved' }]);
    // The flag of an invalid item can be cleared by the shop it is shown in.
    expect((await selectShop(shopper, moved, false)).body.badge.selectedSkus).toBe(0);
    await admin.put('/v1/admin/skus', [{ skuId, skuCode: `back-${skuId}`, name: 'Back', price: '1.00', status: 'on' }]);
    expect((await shopper.cart()).items[0]).toMatchObject({ shopId: '1', spuId: null, snapshot: { name: 'Back' } });
  });
});

describe('A13: another variant is of the same product', () => {
  it('A13: refuses a SKU of another product, of none, and of one beside none', async () => {
    const [spu, otherSpu] = [freshSkuId(), freshSkuId()];
    const [own, variant, stranger, none, none2] = await api.skus(
      { spuId: spu },
      { spuId: spu },
      { spuId: otherSpu },
      {},
      {},
    );
    const shopper = await api.login();
    await shopper.add(own!, 2);
    await shopper.add(none!);
    const { version } = await shopper.cart();
    const change = (skuId: string, to: string) => shopper.put(`/v1/cart/items/${skuId}/spec`, { skuId: to });
    for (const [skuId, to] of [
      [own, stranger],
      [own, none2],
      [none, none2],
      [none, own],
    ]) {
      expect(await change(skuId!, to!)).toMatchObject({
        status: 409,
        body: { code: 'NOT_A_VARIANT', errors: [{ code: 'NOT_A_VARIANT', skuId: to }] },
      });
    }
    expect(await change(own!, '999999999999')).toMatchObject({ status: 404, body: { code: 'SKU_NOT_FOUND' } });
    expect(await change(stranger!, variant!)).toMatchObject({ status: 404, body: { code: 'ITEM_NOT_FOUND' } });
    expect((await shopper.cart()).version).toBe(version);
    expect((await change(none!, none!)).status).toBe(200);
    expect((await change(own!, variant!)).body.items).toMatchObject([{ skuId: none }, { skuId: variant, quantity: 2 }]);
  });

  it('A13: a product that is gone counts by its last spuId', async () => {
    const spu = freshSkuId();
    const [gone, variant] = await api.skus({}, { spuId: spu });
    const shopper = await api.guest();
    await shopper.add(gone!);
    await patch(gone!, { spuId: spu });
    await admin.delete(`/v1/admin/skus/${gone}`);
    const { status, body } = await shopper.put(`/v1/cart/items/${gone}/spec`, { skuId: variant });
    expect([status, body.items?.[0]?.skuId]).toEqual([200, variant]);
  });

  it.each([
    [true, false],
    [false, true],
    [false, false],
  ])('A13: the result of one %s and one %s is selected when either was', async (from, onto) => {
    const spuId = freshSkuId();
    const [one, other] = await api.skus({ spuId }, { spuId });
    const shopper = await api.login();
    await shopper.post('/v1/cart/items', { skuId: one, quantity: 1, selected: from });
    await shopper.post('/v1/cart/items', { skuId: other, quantity: 2, selected: onto });
    const { body } = await shopper.put(`/v1/cart/items/${one}/spec`, { skuId: other });
    expect(body.items).toMatchObject([{ skuId: other, quantity: 3, selected: from || onto }]);
    expect(body.badge.selectedQuantity).toBe(from || onto ? 3 : 0);
  });
});
