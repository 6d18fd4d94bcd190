import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { gatewayPorts, hostKeyTag } from '@sallyport/catalog';
import { leaseSessionName } from '@sallyport/iam-policy';
import { CONFIGURATION, type Configuration } from '../../configuration.ts';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import { networkOf, refOf, speechOf, sshOf, shellOf } from '../catalog/index.ts';
import { IssueLease, type LeaseInHand } from './issue-lease.handler.ts';
import { IssueLeaseDto, LeaseDto, type LeaseSessionDto, type LeaseSshDto } from './lease.dto.ts';

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
    @Body() asked: IssueLeaseDto,
  ): Promise<LeaseDto> {
    return leaseDto(await this.#issue.run(grantId, actor, asked), this.#endpoint);
  }
}

function leaseDto(inHand: LeaseInHand, endpoint: string | null): LeaseDto {
  const { lease, credentials, resource, agent, chosen } = inHand;
  const { network, ssh, shell } = resource.entry;
  return {
    id: lease.id,
    state: 'issued',
    grantId: lease.grantId,
    usefulUntil: new Date(lease.usefulUntil).toISOString(),
    region: lease.region,
    accountId: lease.accountId,
    instanceId: lease.instanceId,
    documentName: lease.documentName,
    purpose: chosen.purpose,
    way: network?.way ?? (ssh ? 'ssh' : shell ? 'shell' : 'pinned'),
    agent: agent && { id: agent.id, port: gatewayPorts.agent, instanceId: agent.instanceId },
    ssh: leaseSsh(inHand),
    session: leaseSession(inHand),
    sessionReason: `grant:${lease.grantId}`,
    sessionNamePrefix: leaseSessionName(lease.grantId),
    endpoint,
    credentials: {
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey,
      sessionToken: credentials.sessionToken,
      expiration: new Date(credentials.expiresAt).toISOString(),
    },
    resource: {
      ...refOf(resource),
      ...speechOf(resource.entry),
      network: networkOf(resource.entry),
      ssh: sshOf(resource.entry),
      shell: shellOf(resource.entry),
    },
  };
}

function leaseSsh({ lease, resource, instance }: LeaseInHand): LeaseSshDto | null {
  const { network, ssh } = resource.entry;
  const user = ssh?.user ?? network?.sshUser;
  if (user === undefined || user === null) return null;
  const known = ssh?.hostKeys ?? [];
  return {
    user,
    port: ssh?.port ?? gatewayPorts.ssh,
    zone: instance.zone ?? null,
    instanceId: lease.instanceId,
    instanceConnect: ssh?.instanceConnect ?? true,
    hostKeys: known.length > 0 ? [...known] : hostKeysOf(instance.tags),
  };
}

const sessionTypes = {
  shell: 'Standard_Stream',
  interactive: 'InteractiveCommands',
  command: 'NonInteractiveCommands',
} as const;

function leaseSession({ resource, chosen, clientRecording }: LeaseInHand): LeaseSessionDto | null {
  const { shell, account } = resource.entry;
  const { purpose } = chosen;
  if (shell === null || purpose === 'port' || purpose === 'ssh') return null;
  return {
    type: sessionTypes[purpose],
    encrypted: shell.keyArn !== null,
    keyArn: shell.keyArn,
    runAs: shell.runAs,
    writesCommand: purpose !== 'shell' && shell.commands === 'any',
    clientRecording: {
      required: clientRecording,
      recipients: clientRecording && account.auditorsKey !== null ? [account.auditorsKey] : [],
    },
  };
}

/** The key of the gateway's sshd, as whoever enrolled the instance wrote it into a tag that only they may write. */
function hostKeysOf(tags: Readonly<Record<string, string>>): string[] {
  const key = tags[hostKeyTag];
  return key === undefined ? [] : [key];
}
