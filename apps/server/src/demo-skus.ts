import type { SkuInput } from './sku-input.js';

const FIRST_SKU_ID = 900_001;
const SHOP = { shopId: '21', shopName: 'Demo shop' };
const SHIRT_SPU = '900001';

/** A small set of our own for what the invoices do not show: variants, low stock, sold out, off the shelf, a purchase limit. */
export function demoSkus(): SkuInput[] {
  return [...shirts(), ...states()].map((sku, index) => ({
    ...SHOP,
    lowStockThreshold: 5,
    status: 'on',
    ...sku,
    skuId: String(FIRST_SKU_ID + index),
  }));
}

type DemoSku = Omit<SkuInput, 'skuId' | 'shopId' | 'shopName' | 'status'> & { status?: SkuInput['status'] };

function shirts(): DemoSku[] {
  const colours = [
    { name: 'white', fill: 'f4f1ea' },
    { name: 'navy', fill: '22335c' },
  ];
  const sizes = [
    { name: 'S', price: '39.00', stock: 40 },
    { name: 'M', price: '39.00', stock: 60 },
    { name: 'L', price: '42.00', stock: 25 },
  ];
  return colours.flatMap((colour) =>
    sizes.map((size) => ({
      skuCode: `SHIRT-${colour.name.toUpperCase()}-${size.name}`,
      spuId: SHIRT_SPU,
      name: 'Linen shirt',
      spec: `Colour: ${colour.name}; Size: ${size.name}`,
      image: tile(colour.fill),
      price: size.price,
      stock: size.stock,
    })),
  );
}

function states(): DemoSku[] {
  return [
    { skuCode: 'LAMP-LOW', name: 'Reading lamp (few left)', image: tile('e0b341'), price: '64.50', stock: 3 },
    { skuCode: 'VASE-OUT', name: 'Glass vase (sold out)', image: tile('8fb8c9'), price: '28.00', stock: 0 },
    {
      skuCode: 'CLOCK-OFF',
      name: 'Wall clock (no longer sold)',
      image: tile('777777'),
      price: '55.00',
      stock: 12,
      status: 'off',
    },
    {
      skuCode: 'MUG-TWO',
      name: 'Signed mug (two a shopper)',
      image: tile('b5523b'),
      price: '12.50',
      stock: 500,
      purchaseLimit: 2,
    },
  ];
}

/** A plain square as an inline image, so that the demo needs no file server. */
function tile(fill: string): string {
  const svg = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'><path d='M0 0h8v8H0z' fill='#${fill}'/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
