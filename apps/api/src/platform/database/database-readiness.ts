import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { Readiness } from '../telemetry/readiness.ts';

/** Ready means, among other things, that the database answers. */
@Injectable()
export class DatabaseReadiness implements OnModuleInit {
  readonly #client: PrismaClient;
  readonly #readiness: Readiness;

  constructor(@Inject(PrismaClient) client: PrismaClient, @Inject(Readiness) readiness: Readiness) {
    this.#client = client;
    this.#readiness = readiness;
  }

  onModuleInit(): void {
    this.#readiness.add('database', async () => void (await this.#client.$queryRaw`SELECT 1`));
  }
}
