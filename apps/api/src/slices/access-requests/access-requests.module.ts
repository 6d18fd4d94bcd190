import { Module } from '@nestjs/common';
import { AccessRequestsController } from './access-requests.controller.ts';

@Module({ controllers: [AccessRequestsController] })
export class AccessRequestsModule {}
