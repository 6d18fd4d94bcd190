import { Module } from '@nestjs/common';
import { GrantsController } from './grants.controller.ts';

@Module({ controllers: [GrantsController] })
export class GrantsModule {}
