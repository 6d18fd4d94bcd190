import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsISO8601,
  IsNumber,
  IsOptional,
  IsString,
} from 'class-validator';
import { ListOf } from '../../platform/http/schema.ts';

/** The form only; whether the duration or the reason will do is the domain's to say, with its own codes. */
@ApiSchema({ name: 'SubmitAccessRequest' })
export class SubmitAccessRequestDto {
  @ListOf(String)
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(20)
  @IsString({ each: true })
  resources!: string[];

  @ApiProperty() @IsNumber() durationSeconds!: number;
  @ApiProperty() @IsString() reason!: string;
  @ApiProperty({ type: String, required: false, nullable: true }) @IsOptional() @IsString() ticket?:
    string | null;

  @ApiProperty({ type: String, format: 'date-time', required: false, nullable: true })
  @IsOptional()
  @IsISO8601({ strict: true })
  startsAt?: string | null;
}
