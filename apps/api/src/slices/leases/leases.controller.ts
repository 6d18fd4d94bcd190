import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { gatewayPorts, hostKeyTag } from '@sallyport/catalog';
import { leaseSessionName } from '@sallyport/iam-policy';
import { CONFIGURATION, type Configuration } from '../../configuration.ts';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import { networkOf, refOf, speechOf } from '../catalog/index.ts';
import { IssueLease, type LeaseInHand } from './issue-lease.handler.ts';
import { IssueLeaseDto, LeaseDto } from './lease.dto.ts';

@ApiTags('leases')
@Controller('grants/:id/leases')
export class LeasesController {
  readonly #issue: IssueLease;
  readonly #endpoint: string | null;

  constructor(@Inject(IssueLease) issue: IssueLease, @Inject(CONFIGURATION) configuration: Configuration) {
    this.#issue = issue;
    this.#endpoint = configuration.awsEndpoint ?? null;
  }

  @Post()
  @Access({ scopes: ['connect'] })
  @ApiOperation({ operationId: 'issueLease', summary: 'Short-lived AWS credentials against an active grant' })
  @ApiCreatedResponse({ type: LeaseDto })
  async issue(
    @CurrentActor() actor: Actor,
    @Param('id') grantId: string,
    @Body() { avoid }: IssueLeaseDto,
  ): Promise<LeaseDto> {
    return leaseDto(await this.#issue.run(grantId, actor, avoid ?? []), this.#endpoint);
  }
}

function leaseDto(
  { lease, credentials, resource, instance, agent }: LeaseInHand,
  endpoint: string | null,
): LeaseDto {
  const { network } = resource.entry;
  return {
    id: lease.id,
    state: 'issued',
    grantId: lease.grantId,
    usefulUntil: new Date(lease.usefulUntil).toISOString(),
    region: lease.region,
    accountId: lease.accountId,
    instanceId: lease.instanceId,
    documentName: lease.documentName,
    way: network?.way ?? 'pinned',
    agent: agent && { id: agent.id, port: gatewayPorts.agent, instanceId: agent.instanceId },
    ssh: network?.sshUser
      ? {
          user: network.sshUser,
          port: gatewayPorts.ssh,
          zone: instance.zone ?? null,
          hostKeys: hostKeysOf(instance.tags),
        }
      : null,
    sessionReason: `grant:${lease.grantId}`,
    sessionNamePrefix: leaseSessionName(lease.grantId),
    endpoint,
    credentials: {
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey,
      sessionToken: credentials.sessionToken,
      expiration: new Date(credentials.expiresAt).toISOString(),
    },
    resource: { ...refOf(resource), ...speechOf(resource.entry), network: networkOf(resource.entry) },
  };
}

/** The key of the gateway's sshd, as whoever enrolled the instance wrote it into a tag that only they may write. */
function hostKeysOf(tags: Readonly<Record<string, string>>): string[] {
  const key = tags[hostKeyTag];
  return key === undefined ? [] : [key];
}
