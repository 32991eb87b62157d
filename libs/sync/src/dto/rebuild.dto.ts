import { ApiCount, ApiVersion, IsFlag } from '@app/common';

/** The body may be left out: nothing is forced then. */
export class RebuildDto {
  @IsFlag({ optional: true, description: 'rebuild although Redis has something newer, which is lost then' })
  force?: boolean;
}

export class RebuiltDto {
  @ApiCount({ example: 3, description: 'items put into Redis as MySQL has them' })
  written!: number;

  @ApiCount({ example: 1, description: 'items Redis had that are gone now' })
  softDeleted!: number;

  @ApiCount({ example: 5 })
  unchanged!: number;

  @ApiVersion({ description: 'of the cart after it' })
  version!: string;
}
