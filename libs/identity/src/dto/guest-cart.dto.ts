import { ApiProperty } from '@nestjs/swagger';
import { ApiCount } from '@app/common';

export class GuestCartDto {
  @ApiProperty({
    description: 'A secret: send it as X-Client-Cart-Id.',
    pattern: String.raw`^v1\.[A-Za-z0-9]{1,16}\.[A-Za-z0-9_-]{24}\.[A-Za-z0-9_-]{43}$`,
    example: 'v1.k1.4hUeYJ9sV0aXqTzB1mNpWw0b.ZxKc0vR84hUeYJ9sV0aXqTzB1mNpWw0b7dGfLs2Qy3E',
  })
  clientCartId!: string;

  @ApiCount({ description: 'From the last write on.', example: 2_592_000 })
  expiresInSeconds!: number;
}
