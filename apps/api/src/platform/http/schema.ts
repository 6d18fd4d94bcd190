/**
 * Short forms for the property decorators of DTO classes, so that a class reads like the contract it is.
 * Each of them documents; validation stays with class-validator, on request classes only.
 */
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';

type SchemaClass = abstract new (...args: never[]) => unknown;

/** An ISO-8601 UTC time. */
export const Time = (options: ApiPropertyOptions = {}) =>
  ApiProperty({ type: String, format: 'date-time', ...options });

/** An ISO-8601 UTC time, or null. */
export const TimeOrNull = () => ApiProperty({ type: String, format: 'date-time', nullable: true });

/** A text, or null. */
export const TextOrNull = () => ApiProperty({ type: String, nullable: true });

/** A whole number. */
export const Whole = (options: ApiPropertyOptions = {}) => ApiProperty({ type: 'integer', ...options });

/** A whole number, or null. */
export const WholeOrNull = () => ApiProperty({ type: 'integer', nullable: true });

/** One of a closed list of texts. */
export const OneOf = (values: readonly string[]) => ApiProperty({ type: String, enum: [...values] });

/** A list of texts, numbers or things. */
export const ListOf = (item: SchemaClass | typeof String) => ApiProperty({ type: [item as never] });

/** A thing. */
export const Thing = (item: SchemaClass) => ApiProperty({ type: item as never });

/** A thing, or null. */
export const ThingOrNull = (item: SchemaClass) => ApiProperty({ type: item as never, nullable: true });

/** A map from text to text, such as tags. */
export const TextMap = () => ApiProperty({ type: 'object', additionalProperties: { type: 'string' } });

/** Any JSON object, such as a rendered policy. */
export const AnyObject = () => ApiProperty({ type: 'object', additionalProperties: true });
