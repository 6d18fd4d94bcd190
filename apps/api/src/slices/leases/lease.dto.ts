import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { leasePurposes, type LeasePurpose } from '@sallyport/catalog';
import { ArrayMaxSize, IsArray, IsIn, IsOptional, Matches } from 'class-validator';
import { ResourceRefDto } from '../../platform/http/references.dto.ts';
import { NetworkDto } from '../../platform/http/network.dto.ts';
import { ShellAccessDto, SshAccessDto } from '../../platform/http/session-access.dto.ts';
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

const sessionTypes = ['Standard_Stream', 'InteractiveCommands', 'NonInteractiveCommands'] as const;
const ways = ['pinned', 'agent', 'ssh', 'shell'] as const;

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

  /** What the lease is to be for; by default what the resource is mostly asked for. */
  @ApiProperty({ enum: [...leasePurposes], required: false })
  @IsOptional()
  @IsIn(leasePurposes)
  purpose?: LeasePurpose;

  /** The name of a command, where the resource gives a list of them. */
  @ApiProperty({ required: false, maxLength: 40 })
  @IsOptional()
  @Matches(/^[a-z][a-z0-9-]{0,39}$/)
  command?: string;
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
  @ApiProperty({ type: SshAccessDto, nullable: true, required: false }) ssh?: SshAccessDto | null;
  @ApiProperty({ type: ShellAccessDto, nullable: true, required: false }) shell?: ShellAccessDto | null;
}

/** The companion agent that the session ends at. */
@ApiSchema({ name: 'LeaseAgent' })
export class LeaseAgentDto {
  @ApiProperty() id!: string;
  @Whole() port!: number;
  @ApiProperty() instanceId!: string;
}

/** The sshd that the session ends at, and the one user to sign in as. */
@ApiSchema({ name: 'LeaseSsh' })
export class LeaseSshDto {
  @ApiProperty() user!: string;
  @Whole() port!: number;
  /** Availability zone of the instance, which Instance Connect asks for; null where it is not known. */
  @TextOrNull() zone!: string | null;
  @ApiProperty() instanceId!: string;
  /** Whether the lease lets its holder push a key of a minute for that user. */
  @ApiProperty() instanceConnect!: boolean;
  /** Lines as in known_hosts, without the name: any other key is refused. Empty: the first one seen is kept. */
  @ListOf(String) hostKeys!: string[];
}

/** Whether the client must record what is shown, and to whom the recording is sealed. */
@ApiSchema({ name: 'LeaseClientRecording' })
export class LeaseClientRecordingDto {
  @ApiProperty() required!: boolean;
  /** Public X25519 keys. */
  @ListOf(String) recipients!: string[];
}

/** The shell or command that the session opens. */
@ApiSchema({ name: 'LeaseSession' })
export class LeaseSessionDto {
  @OneOf(sessionTypes) type!: (typeof sessionTypes)[number];
  /** True: a session that is not encrypted with the key must be refused by the client too. */
  @ApiProperty() encrypted!: boolean;
  @TextOrNull() keyArn!: string | null;
  /** The OS user, which the session tag SSMSessionRunAs names. */
  @ApiProperty() runAs!: string;
  /** Whether the caller writes the command (parameter `command` of the document), or it stands in the document. */
  @ApiProperty() writesCommand!: boolean;
  @Thing(LeaseClientRecordingDto) clientRecording!: LeaseClientRecordingDto;
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
  @OneOf(leasePurposes) purpose!: LeasePurpose;
  /**
   * `pinned`: the document leads to the resource; `agent`, `ssh`: to the agent or the sshd of the instance; `shell`: it
   * opens a shell or a command there.
   */
  @OneOf(ways) way!: (typeof ways)[number];
  @ThingOrNull(LeaseAgentDto) agent!: LeaseAgentDto | null;
  @ThingOrNull(LeaseSshDto) ssh!: LeaseSshDto | null;
  @ThingOrNull(LeaseSessionDto) session!: LeaseSessionDto | null;
  @ApiProperty() sessionReason!: string;
  @ApiProperty() sessionNamePrefix!: string;
  /** The address of the SSM API where it is not AWS's own. */
  @TextOrNull() endpoint!: string | null;
  @Thing(LeaseCredentialsDto) credentials!: LeaseCredentialsDto;
  @Thing(LeaseResourceDto) resource!: LeaseResourceDto;
}
