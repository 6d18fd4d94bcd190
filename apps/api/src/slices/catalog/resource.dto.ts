import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { resourceProtocols, type ResourceProtocol } from '@sallyport/catalog';
import { DocumentRefDto, FactsDocumentDto } from '../../platform/http/document.dto.ts';
import { NetworkDto } from '../../platform/http/network.dto.ts';
import { ShellAccessDto, ShellLogsDto, SshAccessDto } from '../../platform/http/session-access.dto.ts';
import {
  AccountRefDto,
  RecordingDto,
  ResourceRefDto,
  resourceKinds,
  type ResourceKind,
} from '../../platform/http/references.dto.ts';
import {
  AnyObject,
  ListOf,
  OneOf,
  TextMap,
  TextOrNull,
  Thing,
  ThingOrNull,
  TimeOrNull,
  Whole,
  WholeOrNull,
} from '../../platform/http/schema.ts';

export const gatewayStates = ['online', 'lost', 'stopped', 'unknown'] as const;
export const logDestinationStates = ['none', 'ready', 'missing', 'unencrypted', 'notChecked'] as const;
export const mineStates = ['none', 'waiting', 'granted', 'connected'] as const;

/** The database behind a resource and the role that people become in it. */
@ApiSchema({ name: 'Database' })
export class DatabaseDto {
  @ApiProperty() name!: string;
  @ApiProperty() role!: string;
  /** `iam`: the password is a token that the lease's credentials sign for `tls.serverName` and the port. */
  @OneOf(['none', 'iam']) auth!: 'none' | 'iam';
}

/** How the far end proves itself: the name to verify instead of the local address, and who signs it. */
@ApiSchema({ name: 'Tls' })
export class TlsDto {
  @ApiProperty() serverName!: string;
  /** PEM certificates; null: public authorities. */
  @TextOrNull() ca!: string | null;
}

/** The EKS cluster behind a resource; its endpoint is host and port. */
@ApiSchema({ name: 'Cluster' })
export class ClusterDto {
  @ApiProperty() name!: string;
  @ApiProperty() serverName!: string;
  @TextOrNull() ca!: string | null;
}

@ApiSchema({ name: 'Gateway' })
export class GatewayDto {
  @TextMap() selector!: Record<string, string>;
  @TextOrNull() instanceId!: string | null;
  /** Its Name tag, by which ssh may call it too. */
  @ApiProperty({ type: String, nullable: true, required: false }) instanceName?: string | null;
  @OneOf(gatewayStates) state!: (typeof gatewayStates)[number];
}

@ApiSchema({ name: 'NotConnectable' })
export class NotConnectableDto {
  @ApiProperty() code!: string;
  @ApiProperty() reason!: string;
}

/** What the policies say to the person who looks. */
@ApiSchema({ name: 'ResourceRule' })
export class ResourceRuleDto {
  @ApiProperty() policy!: string;
  @Whole() maxDurationSeconds!: number;
  @Whole() defaultDurationSeconds!: number;
  @ApiProperty() reasonRequired!: boolean;
  @ApiProperty() reasonExample!: string;
  @ApiProperty() autoApproved!: boolean;
  @ListOf(String) reviewers!: string[];
  @WholeOrNull() usualWaitSeconds!: number | null;
}

/** Where the person who looks stands with a resource. */
@ApiSchema({ name: 'ResourceMine' })
export class ResourceMineDto {
  @OneOf(mineStates) state!: (typeof mineStates)[number];
  @TextOrNull() requestId!: string | null;
  @TextOrNull() grantId!: string | null;
  @TimeOrNull() endsAt!: string | null;
}

@ApiSchema({ name: 'Resource' })
export class ResourceDto {
  @ApiProperty() id!: string;
  @ApiProperty() name!: string;
  @OneOf(resourceKinds) kind!: ResourceKind;
  @ApiProperty() title!: string;
  @ApiProperty() description!: string;
  @ApiProperty() environment!: string;
  @TextMap() tags!: Record<string, string>;
  @TextOrNull() host!: string | null;
  @WholeOrNull() port!: number | null;
  @ApiProperty({ type: String, nullable: true, required: false }) cidr?: string | null;
  /** What a subnet reaches; null for other kinds. */
  @ApiProperty({ type: NetworkDto, nullable: true, required: false }) network?: NetworkDto | null;
  @ApiProperty({ type: SshAccessDto, nullable: true, required: false }) ssh?: SshAccessDto | null;
  @ApiProperty({ type: ShellAccessDto, nullable: true, required: false }) shell?: ShellAccessDto | null;
  @ApiProperty({ type: String, nullable: true, required: false, enum: [...resourceProtocols] })
  protocol?: ResourceProtocol | null;
  @ApiProperty({ type: TlsDto, nullable: true, required: false }) tls?: TlsDto | null;
  @ApiProperty({ type: DatabaseDto, nullable: true, required: false }) database?: DatabaseDto | null;
  @ApiProperty({ type: ClusterDto, nullable: true, required: false }) cluster?: ClusterDto | null;
  @Thing(AccountRefDto) account!: AccountRefDto;
  @ApiProperty() region!: string;
  @Thing(GatewayDto) gateway!: GatewayDto;
  /** Session documents that a grant leads through; none of what is not connectable. */
  @ApiProperty({ type: [FactsDocumentDto], required: false }) documents?: FactsDocumentDto[];
  @ApiProperty() connectable!: boolean;
  @ThingOrNull(NotConnectableDto) notConnectable!: NotConnectableDto | null;
  @Thing(ResourceRuleDto) rule!: ResourceRuleDto;
  @Thing(RecordingDto) recording!: RecordingDto;
  @Thing(ResourceMineDto) mine!: ResourceMineDto;
}

@ApiSchema({ name: 'ResourceList' })
export class ResourceListDto {
  @ListOf(ResourceDto) items!: ResourceDto[];
}

/** Where the instance logs what the shell of a resource shows, and whether that would work. */
@ApiSchema({ name: 'LogDestination' })
export class LogDestinationDto {
  @Thing(ResourceRefDto) resource!: ResourceRefDto;
  @ThingOrNull(ShellLogsDto) logs!: ShellLogsDto | null;
  /**
   * `none`: nothing is logged; `ready`: it is there and encrypted; `missing`; `unencrypted`: no KMS key encrypts it, and
   * shells demand one; `notChecked`: a bucket of which S3 tells the control plane nothing. Whether the instance may write
   * there only a shell shows.
   */
  @OneOf(logDestinationStates) state!: (typeof logDestinationStates)[number];
  /** Why it was not checked, in a sentence for people. */
  @TextOrNull() detail!: string | null;
}

/** What a grant of a resource would let a lease do, as its reviewers are shown it. */
@ApiSchema({ name: 'SessionPolicy' })
export class SessionPolicyDto {
  @Thing(ResourceRefDto) resource!: ResourceRefDto;
  @Thing(AccountRefDto) account!: AccountRefDto;
  @ApiProperty() region!: string;
  @TextOrNull() instanceId!: string | null;
  /** The document that `sessionPolicy` names. */
  @Thing(DocumentRefDto) document!: DocumentRefDto;
  /** All of them: each lease is for one. */
  @ListOf(FactsDocumentDto) documents!: FactsDocumentDto[];
  /** What AWS is sent with a lease; grant and end are placeholders. */
  @AnyObject() sessionPolicy!: Record<string, unknown>;
}
