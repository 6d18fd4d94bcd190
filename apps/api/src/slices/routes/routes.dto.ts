import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { Matches, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import { PublicKeyDto, SigningKeyDto } from '../../platform/http/keys.dto.ts';
import { NetworkRouteDto } from '../../platform/http/network.dto.ts';
import { ListOf, TextOrNull, Thing, Time } from '../../platform/http/schema.ts';

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

@ApiSchema({ name: 'SigningKeyList' })
export class SigningKeyListDto {
  @ApiProperty() issuer!: string;
  /** Grows with each rotation. */
  @ApiProperty() serial!: number;
  @ListOf(SigningKeyDto) keys!: SigningKeyDto[];
  /** In the order of the keys. */
  @ListOf(String) fingerprints!: string[];
  /** The keys as one statement signed by the key before them; null before the first rotation. */
  @TextOrNull() keySet!: string | null;
  /** That statement and those of the rotations before it, the oldest first, for who missed some. */
  @ListOf(String) keySets!: string[];
}
