import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ArrayNotEmpty, IsArray, IsIn, IsNumber, IsOptional, IsString, Matches } from 'class-validator';
import { OneOf } from '../../platform/http/schema.ts';
import { verdicts } from '../access-requests/index.ts';

@ApiSchema({ name: 'RecordReview' })
export class RecordReviewDto {
  @OneOf(verdicts) @IsIn([...verdicts]) verdict!: (typeof verdicts)[number];

  /** The digest of the facts that the reviewer saw: 64 hexadecimal digits. */
  @ApiProperty()
  @Matches(/^[0-9a-f]{64}$/, { message: 'factsDigest must be 64 lower-case hexadecimal digits' })
  factsDigest!: string;

  @ApiProperty({ type: String, required: false, nullable: true }) @IsOptional() @IsString() comment?:
    string | null;

  /** Names of the resources to approve; the others are denied. */
  @ApiProperty({ type: [String], required: false })
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @IsString({ each: true })
  only?: string[];

  /** Shorter than asked; never longer. */
  @ApiProperty({ type: Number, required: false, nullable: true })
  @IsOptional()
  @IsNumber()
  durationSeconds?: number | null;
}
