import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { leasePurposes, type LeasePurpose } from '@sallyport/catalog';
import { IsBoolean, IsInt, IsISO8601, IsOptional, IsString, Matches, MaxLength, Min } from 'class-validator';
import { PersonRefDto, ResourceRefDto } from '../../platform/http/references.dto.ts';
import { ListOf, OneOf, TextOrNull, Thing, Time, TimeOrNull, Whole } from '../../platform/http/schema.ts';

export const recordingStates = ['announced', 'stored', 'removed'] as const;
export type RecordingState = (typeof recordingStates)[number];

export const recordingIdForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What a client says of a recording before it sends the file. */
@ApiSchema({ name: 'AnnounceRecording' })
export class AnnounceRecordingDto {
  /** A UUID in small letters, made by the client. */
  @ApiProperty() @Matches(recordingIdForm) id!: string;
  @ApiProperty() @IsString() @MaxLength(64) sessionId!: string;
  @Time() @IsISO8601({ strict: true }) startedAt!: string;
  @ApiProperty({ type: String, format: 'date-time', required: false, nullable: true })
  @IsOptional()
  @IsISO8601({ strict: true })
  endedAt?: string | null;
  /** Of the encrypted file. */
  @Whole() @IsInt() @Min(1) bytes!: number;
  /** Of the encrypted file, in hex. */
  @ApiProperty() @Matches(/^[0-9a-f]{64}$/) sha256!: string;
  /** False when a crash of the client cut it short. */
  @ApiProperty() @IsBoolean() complete!: boolean;
}

/** Where the file goes. */
@ApiSchema({ name: 'RecordingAnnounced' })
export class RecordingAnnouncedDto {
  @ApiProperty() id!: string;
  @ApiProperty() upload!: string;
}

/** What a client recorded of a session; its text is for the holders of the auditors' keys alone. */
@ApiSchema({ name: 'SessionRecording' })
export class SessionRecordingDto {
  @ApiProperty() id!: string;
  @OneOf(recordingStates) state!: RecordingState;
  @ApiProperty() grantId!: string;
  @ApiProperty() sessionId!: string;
  @OneOf(leasePurposes) purpose!: LeasePurpose;
  @Thing(PersonRefDto) person!: PersonRefDto;
  @Thing(ResourceRefDto) resource!: ResourceRefDto;
  @Time() startedAt!: string;
  @TimeOrNull() endedAt!: string | null;
  @Whole() bytes!: number;
  @ApiProperty() sha256!: string;
  @ApiProperty() complete!: boolean;
  @TimeOrNull() storedAt!: string | null;
  /** When its body is removed. */
  @TimeOrNull() keptUntil!: string | null;
  @TimeOrNull() removedAt!: string | null;
}

@ApiSchema({ name: 'SessionRecordingList' })
export class SessionRecordingListDto {
  @ListOf(SessionRecordingDto) items!: SessionRecordingDto[];
  @TextOrNull() nextCursor!: string | null;
}

/** Filters of the list; all of them must hold. */
export class RecordingFilterDto {
  @ApiProperty({ type: String, required: false }) @IsOptional() @IsString() cursor?: string;
  @ApiProperty({ type: String, required: false }) @IsOptional() @IsString() person?: string;
  @ApiProperty({ type: String, required: false }) @IsOptional() @IsString() resource?: string;
  @ApiProperty({ type: String, required: false }) @IsOptional() @IsString() session?: string;
  @ApiProperty({ type: String, required: false }) @IsOptional() @IsString() grant?: string;
}
