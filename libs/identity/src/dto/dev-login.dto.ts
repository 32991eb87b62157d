import { ApiProperty } from '@nestjs/swagger';
import { IsAsciiToken, IsId } from '@app/common';
import { ArrayMaxSize, IsArray } from 'class-validator';

export class DevLoginDto {
  @IsId()
  userId!: string;

  @IsAsciiToken({ each: true, optional: true, max: 32, description: 'Such as `admin`.' })
  @IsArray()
  @ArrayMaxSize(32)
  @ApiProperty({ maxItems: 32 })
  roles?: string[];
}

export class DevTokenDto {
  @ApiProperty({ description: 'Send it as Authorization: Bearer. Valid for 12 hours.' })
  token!: string;
}
