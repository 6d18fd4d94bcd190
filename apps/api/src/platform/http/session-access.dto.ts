import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ListOf, OneOf, TextOrNull, Thing, ThingOrNull, Whole } from './schema.ts';

/** How the sshd of a host is reached: the one user, and whether a key of a minute is pushed. */
@ApiSchema({ name: 'SshAccess' })
export class SshAccessDto {
  @ApiProperty() user!: string;
  @Whole() port!: number;
  @ApiProperty() instanceConnect!: boolean;
}

/** Where the instance logs what a shell shows. */
@ApiSchema({ name: 'ShellLogs' })
export class ShellLogsDto {
  @OneOf(['cloudWatch', 's3']) to!: 'cloudWatch' | 's3';
  /** The log group, or the bucket. */
  @ApiProperty() place!: string;
  /** Of a bucket. */
  @TextOrNull() prefix!: string | null;
}

/** A command that may be run and whose words are not the caller's. */
@ApiSchema({ name: 'NamedCommand' })
export class NamedCommandDto {
  @ApiProperty() name!: string;
  @ApiProperty() run!: string;
}

/** What commands may be run: whatever the caller writes, those of the list, or none. */
@ApiSchema({ name: 'ShellCommands' })
export class ShellCommandsDto {
  @OneOf(['any', 'listed', 'none']) which!: 'any' | 'listed' | 'none';
  @ListOf(NamedCommandDto) listed!: NamedCommandDto[];
}

/** What sessions on a host may do, as whom, and how they are kept. */
@ApiSchema({ name: 'ShellAccess' })
export class ShellAccessDto {
  @ApiProperty() runAs!: string;
  /** Whether a login shell is given. */
  @ApiProperty() login!: boolean;
  @Thing(ShellCommandsDto) commands!: ShellCommandsDto;
  @ApiProperty() encrypted!: boolean;
  @TextOrNull() keyArn!: string | null;
  @ThingOrNull(ShellLogsDto) logs!: ShellLogsDto | null;
  /** Whether the client must record what is shown, sealed to the auditors' key. */
  @ApiProperty() clientRecording!: boolean;
}
