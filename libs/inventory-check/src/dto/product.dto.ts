import { ApiProperty } from '@nestjs/swagger';
import { ApiId, ApiMoney } from '@app/common';

/** What everybody is told of a SKU. */
export class ProductDto {
  @ApiId()
  skuId!: string;

  @ApiProperty({ example: '85123A' })
  skuCode!: string;

  @ApiId({ nullable: true, example: '7001', description: 'the product whose variant this SKU is' })
  spuId!: string | null;

  @ApiId({ example: '7' })
  shopId!: string;

  @ApiProperty({ example: 'Shop 7' })
  shopName!: string;

  @ApiProperty({ example: 'White metal lantern' })
  name!: string;

  @ApiProperty({ example: '/images/lantern.png' })
  image!: string;

  @ApiProperty({ example: 'red, 42' })
  spec!: string;

  @ApiMoney()
  price!: string;
}
