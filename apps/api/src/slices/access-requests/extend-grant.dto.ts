import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { IsISO8601, IsNumber, IsOptional, IsString } from 'class-validator';

/** The form only; whether the duration will do is the domain's to say. */
@ApiSchema({ name: 'ExtendGrant' })
export class ExtendGrantDto {
  @ApiProperty() @IsNumber() durationSeconds!: number;

  /** Left out: the reason of the grant. */
  @ApiProperty({ type: String, required: false, nullable: true }) @IsOptional() @IsString() reason?:
    string | null;

  @ApiProperty({ type: String, required: false, nullable: true }) @IsOptional() @IsString() ticket?:
    string | null;

  /** The end that the person saw: a command repeated after its answer was lost does not extend twice. */
  @ApiProperty({ type: String, format: 'date-time', required: false, nullable: true })
  @IsOptional()
  @IsISO8601({ strict: true })
  seenEndsAt?: string | null;
}
