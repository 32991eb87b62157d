import { ApiProperty } from '@nestjs/swagger';

export class GuestCartDto {
  @ApiProperty({ description: 'A secret: send it as X-Client-Cart-Id.', example: 'v1.k1.<random>.<mac>' })
  clientCartId!: string;

  @ApiProperty({ type: 'integer', description: 'From the last write on.', example: 2_592_000 })
  expiresInSeconds!: number;
}
