import { Module } from '@nestjs/common';
import { LeasesController } from './leases.controller.ts';

@Module({ controllers: [LeasesController] })
export class LeasesModule {}
