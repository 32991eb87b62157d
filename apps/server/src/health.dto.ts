import { ApiProperty } from '@nestjs/swagger';

export class LivenessDto {
  @ApiProperty({ enum: ['ok'] })
  status!: 'ok';
}

/** Per part `ok`, or what is wrong with it. */
export class ChecksDto {
  @ApiProperty({ example: 'ok', description: '`away`, or why it takes no write, such as `read-only`' })
  redis!: string;

  @ApiProperty({ example: 'ok', description: '`away`, or why it takes no write, such as `read-only`' })
  mysql!: string;

  @ApiProperty({ example: 'reconnecting' })
  broker!: string;

  @ApiProperty({
    example: 'ok',
    description: '`lags` while MySQL falls behind; `full`: changed carts are marked, and repaired later',
  })
  outbox!: string;

  @ApiProperty({ example: 'ok', description: '`lags` while events of shoppers wait for the broker' })
  events!: string;
}

export class ReadinessDto {
  @ApiProperty({ enum: ['ok', 'degraded', 'unavailable'] })
  status!: 'ok' | 'degraded' | 'unavailable';

  @ApiProperty({ type: [String], example: ['broker: reconnecting'], description: 'what is away or late, in words' })
  reasons!: string[];

  @ApiProperty()
  checks!: ChecksDto;
}
