import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { Equals, IsString, Matches } from 'class-validator';

/** The public half of an Ed25519 key (RFC 8037). */
@ApiSchema({ name: 'PublicKey' })
export class PublicKeyDto {
  @ApiProperty({ enum: ['OKP'] }) @Equals('OKP') kty!: string;
  @ApiProperty({ enum: ['Ed25519'] }) @Equals('Ed25519') crv!: string;
  /** 32 bytes in base64url. */
  @ApiProperty({ pattern: '^[A-Za-z0-9_-]{43}$' }) @IsString() @Matches(/^[A-Za-z0-9_-]{43}$/) x!: string;
}

/** A public key that verifies what the control plane signs. */
@ApiSchema({ name: 'SigningKey' })
export class SigningKeyDto extends PublicKeyDto {
  @ApiProperty() kid!: string;
  @ApiProperty({ enum: ['EdDSA'] }) alg!: string;
  @ApiProperty({ enum: ['sig'] }) use!: string;
}
