import { ApiProperty } from '@nestjs/swagger';
import { IsAsciiToken, IsId, MayBeAbsent } from '@app/common';
import { ArrayMaxSize, IsArray } from 'class-validator';

export class DevLoginDto {
  @IsId()
  userId!: string;

  @IsAsciiToken({ each: true, max: 32, description: 'Such as `admin`.' })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(32)
  @ApiProperty({ required: false })
  roles?: string[];
}

export class DevTokenDto {
  @ApiProperty({ description: 'Send it as Authorization: Bearer. Valid for 12 hours.' })
  token!: string;
}
