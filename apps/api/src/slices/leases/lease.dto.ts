import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsOptional, Matches } from 'class-validator';
import { ResourceRefDto } from '../../platform/http/references.dto.ts';
import { NetworkDto } from '../../platform/http/network.dto.ts';
import {
  ListOf,
  OneOf,
  TextOrNull,
  Thing,
  ThingOrNull,
  Time,
  Whole,
  WholeOrNull,
} from '../../platform/http/schema.ts';
import { ClusterDto, DatabaseDto, TlsDto } from '../catalog/index.ts';

/** Gateways known to AWS: EC2 instances and hybrid nodes. */
const instanceForm = /^(?:i|mi)-[0-9a-f]{8,17}$/;

@ApiSchema({ name: 'IssueLease' })
export class IssueLeaseDto {
  /** Instances that the client found dead, in the order of finding; another healthy one is taken if there is one. */
  @ApiProperty({ type: [String], required: false, maxItems: 8 })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(8)
  @Matches(instanceForm, { each: true })
  avoid?: string[];
}

@ApiSchema({ name: 'LeaseResource' })
export class LeaseResourceDto extends ResourceRefDto {
  @TextOrNull() host!: string | null;
  @WholeOrNull() port!: number | null;
  @TextOrNull() protocol!: string | null;
  @ApiProperty({ type: TlsDto, nullable: true, required: false }) tls?: TlsDto | null;
  @ThingOrNull(DatabaseDto) database!: DatabaseDto | null;
  @ApiProperty({ type: ClusterDto, nullable: true, required: false }) cluster?: ClusterDto | null;
  @ApiProperty({ type: NetworkDto, nullable: true, required: false }) network?: NetworkDto | null;
}

/** The companion agent that the session ends at. */
@ApiSchema({ name: 'LeaseAgent' })
export class LeaseAgentDto {
  @ApiProperty() id!: string;
  @Whole() port!: number;
  @ApiProperty() instanceId!: string;
}

/** The sshd that the session ends at; the lease lets its holder push a key for this one user. */
@ApiSchema({ name: 'LeaseSsh' })
export class LeaseSshDto {
  @ApiProperty() user!: string;
  @Whole() port!: number;
  /** Availability zone of the instance, which Instance Connect asks for; null where it is not known. */
  @TextOrNull() zone!: string | null;
  /** Lines as in known_hosts, without the name: any other key is refused. */
  @ListOf(String) hostKeys!: string[];
}

/** Short-lived AWS credentials. Present in this answer alone: never stored, never logged. */
@ApiSchema({ name: 'LeaseCredentials' })
export class LeaseCredentialsDto {
  @ApiProperty() accessKeyId!: string;
  @ApiProperty() secretAccessKey!: string;
  @ApiProperty() sessionToken!: string;
  @Time() expiration!: string;
}

@ApiSchema({ name: 'Lease' })
export class LeaseDto {
  @ApiProperty() id!: string;
  @OneOf(['issued']) state!: 'issued';
  @ApiProperty() grantId!: string;
  @Time() usefulUntil!: string;
  @ApiProperty() region!: string;
  @ApiProperty() accountId!: string;
  @ApiProperty() instanceId!: string;
  @ApiProperty() documentName!: string;
  /** `pinned`: the document leads to the resource; otherwise to the agent or the sshd of the gateway. */
  @OneOf(['pinned', 'agent', 'ssh']) way!: 'pinned' | 'agent' | 'ssh';
  @ThingOrNull(LeaseAgentDto) agent!: LeaseAgentDto | null;
  @ThingOrNull(LeaseSshDto) ssh!: LeaseSshDto | null;
  @ApiProperty() sessionReason!: string;
  @ApiProperty() sessionNamePrefix!: string;
  /** The address of the SSM API where it is not AWS's own. */
  @TextOrNull() endpoint!: string | null;
  @Thing(LeaseCredentialsDto) credentials!: LeaseCredentialsDto;
  @Thing(LeaseResourceDto) resource!: LeaseResourceDto;
}
