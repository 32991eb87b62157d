import { Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { Database } from './database.js';

const OFFSET = `SELECT TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(),
  CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', @@GLOBAL.time_zone)) AS minutes`;

/**
 * Says so when the server's own zone is not UTC. The service does not depend on it, but the times that other programs
 * let the server fill in (`create_time`, `update_time`) are in that zone.
 */
@Injectable()
export class ServerZone implements OnApplicationBootstrap {
  private readonly logger = new Logger(ServerZone.name);

  constructor(private readonly database: Database) {}

  onApplicationBootstrap(): void {
    void this.look();
  }

  /** Never throws: without MySQL there is nothing to say yet. */
  async look(): Promise<void> {
    const [row] = await this.database.query<{ minutes: string | null }>(OFFSET).catch(() => [{ minutes: '0' }]);
    const minutes = row?.minutes ?? null;
    if (minutes !== null && Number(minutes) === 0) return;
    const apart = minutes === null ? 'unknown to it' : `${minutes} minutes from UTC`;
    this.logger.warn(`the zone of the MySQL server is ${apart}; set default_time_zone = '+00:00'`);
  }
}
