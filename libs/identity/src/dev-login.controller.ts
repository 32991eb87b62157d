import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DevLoginDto, DevTokenDto } from './dto/dev-login.dto.js';
import { Public } from './policy.js';
import { UserTokens } from './user-tokens.js';

const LIFETIME_SECONDS = 12 * 60 * 60;

/** Stands in for the shop's login while developing; registered only with DEV_LOGIN=true, which production refuses. */
@ApiTags('dev')
@Controller('v1/dev/login')
export class DevLoginController {
  constructor(private readonly users: UserTokens) {}

  @Post()
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'A token for any user: stands in for the login of the shop.' })
  @ApiOkResponse({ type: DevTokenDto })
  async login(@Body() { userId, roles = [] }: DevLoginDto): Promise<DevTokenDto> {
    return { token: await this.users.sign(userId, roles, LIFETIME_SECONDS) };
  }
}
