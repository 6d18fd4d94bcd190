import { Module, type DynamicModule } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import type { Logger } from 'pino';
import type { Configuration } from './configuration.ts';
import { EffectsModule } from './effects.module.ts';
import { AwsModule } from './platform/aws/aws.module.ts';
import { DatabaseModule } from './platform/database/database.module.ts';
import { HttpModule } from './platform/http/http.module.ts';
import { JobsModule } from './platform/jobs/jobs.module.ts';
import { LiveModule } from './platform/live/live.module.ts';
import { OutboxModule } from './platform/outbox/outbox.module.ts';
import { RecordingVaultModule } from './platform/recordings/recording-vault.module.ts';
import { RetentionModule } from './platform/retention/retention.module.ts';
import { SignerModule } from './platform/signer/signer.module.ts';
import { TelemetryModule } from './platform/telemetry/telemetry.module.ts';
import { AccessRequestsModule } from './slices/access-requests/access-requests.module.ts';
import { AgentsModule } from './slices/agents/agents.module.ts';
import { AuditModule } from './slices/audit/audit.module.ts';
import { CatalogModule } from './slices/catalog/catalog.module.ts';
import { GrantsModule } from './slices/grants/grants.module.ts';
import { GroupsModule } from './slices/groups/groups.module.ts';
import { IdentityModule } from './slices/identity/identity.module.ts';
import { LeasesModule } from './slices/leases/leases.module.ts';
import { RecordingsModule } from './slices/recordings/recordings.module.ts';
import { OsUsersModule } from './slices/os-users/os-users.module.ts';
import { ReviewsModule } from './slices/reviews/reviews.module.ts';
import { RoutesModule } from './slices/routes/routes.module.ts';
import { SessionsModule } from './slices/sessions/sessions.module.ts';

/** Lists slices and platform modules; nothing else. */
@Module({})
export class AppModule {
  static of(configuration: Configuration, effects: Effects, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        EffectsModule.of(configuration, effects),
        TelemetryModule.of(logger),
        DatabaseModule,
        OutboxModule,
        JobsModule,
        RetentionModule,
        HttpModule,
        AwsModule,
        SignerModule,
        RecordingVaultModule,
        LiveModule,
        IdentityModule,
        CatalogModule,
        AccessRequestsModule,
        ReviewsModule,
        GrantsModule,
        LeasesModule,
        SessionsModule,
        RecordingsModule,
        RoutesModule,
        AgentsModule,
        OsUsersModule,
        GroupsModule,
        AuditModule,
      ],
    };
  }
}
