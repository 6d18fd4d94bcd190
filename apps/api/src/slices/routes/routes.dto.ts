import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { Equals, IsString, Matches, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import { NetworkRouteDto } from '../../platform/http/network.dto.ts';
import { ListOf, Thing, Time } from '../../platform/http/schema.ts';

/** The public half of an Ed25519 key (RFC 8037). */
@ApiSchema({ name: 'PublicKey' })
export class PublicKeyDto {
  @ApiProperty({ enum: ['OKP'] }) @Equals('OKP') kty!: string;
  @ApiProperty({ enum: ['Ed25519'] }) @Equals('Ed25519') crv!: string;
  /** 32 bytes in base64url. */
  @ApiProperty({ pattern: '^[A-Za-z0-9_-]{43}$' }) @IsString() @Matches(/^[A-Za-z0-9_-]{43}$/) x!: string;
}

@ApiSchema({ name: 'IssueAgentToken' })
export class IssueAgentTokenDto {
  /** The client's key of this connection: the token is worth nothing without it. */
  @Thing(PublicKeyDto) @ValidateNested() @Type(() => PublicKeyDto) publicKey!: PublicKeyDto;
  /** The gateway that the lease led through. */
  @ApiProperty() @Matches(/^(?:i|mi)-[0-9a-f]{8,17}$/) instanceId!: string;
}

/** What a companion agent obeys for 60 s at most. */
@ApiSchema({ name: 'AgentToken' })
export class AgentTokenDto {
  @ApiProperty() token!: string;
  @Time() expiresAt!: string;
  @ListOf(NetworkRouteDto) allow!: NetworkRouteDto[];
}

/** What the privileged helper of a laptop obeys: which routes and names it may set, until the grant ends. */
@ApiSchema({ name: 'RouteGrant' })
export class RouteGrantDto {
  @ApiProperty() token!: string;
  @Time() expiresAt!: string;
  /** Of the key that signed it (RFC 7638). */
  @ApiProperty() fingerprint!: string;
}

/** A public key that verifies what the control plane signs. */
@ApiSchema({ name: 'SigningKey' })
export class SigningKeyDto extends PublicKeyDto {
  @ApiProperty() kid!: string;
  @ApiProperty({ enum: ['EdDSA'] }) alg!: string;
  @ApiProperty({ enum: ['sig'] }) use!: string;
}

@ApiSchema({ name: 'SigningKeyList' })
export class SigningKeyListDto {
  @ApiProperty() issuer!: string;
  @ListOf(SigningKeyDto) keys!: SigningKeyDto[];
  /** In the order of the keys. */
  @ListOf(String) fingerprints!: string[];
}
