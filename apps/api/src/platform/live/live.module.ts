import { Module } from '@nestjs/common';
import { LiveGateway } from './live.gateway.ts';

/** Hints to whoever listens. */
@Module({ providers: [LiveGateway] })
export class LiveModule {}
