import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import {
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsString,
  Max,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator';
import { ListOf, OneOf, Thing, Time, TimeOrNull, Whole } from '../../platform/http/schema.ts';
import { roles, scopes, type Role, type Scope } from '../../platform/http/actor.ts';
import { accessTokenDaysMax, accessTokenNameCharactersMax, passwordCharactersMax } from './limits.ts';

@ApiSchema({ name: 'MeCounts' })
export class MeCountsDto {
  @Whole() toReview!: number;
  @Whole() activeGrants!: number;
  @Whole() liveSessions!: number;
}

@ApiSchema({ name: 'ServerRef' })
export class ServerRefDto {
  @ApiProperty() name!: string;
  @ApiProperty() version!: string;
}

/** Who is signed in, by what, and what waits for them. */
@ApiSchema({ name: 'Me' })
export class MeDto {
  @ApiProperty() id!: string;
  @ApiProperty() name!: string;
  @ApiProperty() email!: string;
  @ApiProperty({ type: [String], enum: [...roles] }) roles!: Role[];
  @ListOf(String) groups!: string[];
  @OneOf(['cookie', 'token']) signedInBy!: 'cookie' | 'token';
  @ApiProperty({ type: [String], enum: [...scopes], nullable: true }) scopes!: Scope[] | null;
  @Thing(MeCountsDto) counts!: MeCountsDto;
  @Thing(ServerRefDto) server!: ServerRefDto;
}

@ApiSchema({ name: 'SignIn' })
export class SignInDto {
  @ApiProperty() @IsString() @MinLength(1) @MaxLength(254) email!: string;
  @ApiProperty({ format: 'password' })
  @IsString()
  @MinLength(1)
  @MaxLength(passwordCharactersMax)
  password!: string;
}

@ApiSchema({ name: 'CliSignIn' })
export class CliSignInDto extends SignInDto {
  @ApiProperty() @IsString() @MinLength(1) @MaxLength(accessTokenNameCharactersMax) deviceName!: string;
}

@ApiSchema({ name: 'CliSignedIn' })
export class CliSignedInDto {
  @ApiProperty() token!: string;
  @ApiProperty() tokenId!: string;
  @Time() expiresAt!: string;
  @Thing(MeDto) me!: MeDto;
}

export const accessTokenStates = ['active', 'expired', 'revoked'] as const;

@ApiSchema({ name: 'AccessToken' })
export class AccessTokenDto {
  @ApiProperty() id!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ type: [String], enum: [...scopes] }) scopes!: Scope[];
  @Time() createdAt!: string;
  @Time() expiresAt!: string;
  @TimeOrNull() lastUsedAt!: string | null;
  @OneOf(accessTokenStates) state!: (typeof accessTokenStates)[number];
}

/** The one answer in which the token itself appears. */
@ApiSchema({ name: 'NewAccessToken' })
export class NewAccessTokenDto extends AccessTokenDto {
  @ApiProperty() token!: string;
}

@ApiSchema({ name: 'AccessTokenList' })
export class AccessTokenListDto {
  @ListOf(AccessTokenDto) items!: AccessTokenDto[];
}

@ApiSchema({ name: 'MakeAccessToken' })
export class MakeAccessTokenDto {
  @ApiProperty() @IsString() @MinLength(1) @MaxLength(accessTokenNameCharactersMax) name!: string;
  @ApiProperty({ type: [String], enum: [...scopes] })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn([...scopes], { each: true })
  scopes!: Scope[];
  @Whole() @IsInt() @Min(1) @Max(accessTokenDaysMax) expiresInDays!: number;
}
