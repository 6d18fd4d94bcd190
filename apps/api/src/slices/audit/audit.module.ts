import { Module } from '@nestjs/common';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { AuditEventsQuery } from './audit-events.query.ts';
import { AuditController } from './audit.controller.ts';

@Module({
  controllers: [AuditController],
  providers: [
    {
      provide: AuditEventsQuery,
      useFactory: (client: PrismaClient) => new AuditEventsQuery(client),
      inject: [PrismaClient],
    },
  ],
})
export class AuditModule {}
