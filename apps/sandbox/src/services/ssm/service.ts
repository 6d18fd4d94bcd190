import type { Clock } from '@sallyport/effects';
import { agentCalls } from '../../attached-agent/start-up-calls.ts';
import type { Authoriser } from '../../authorise/authoriser.ts';
import type { SessionDesk } from '../../gateway/session-desk.ts';
import type { World } from '../../world/world.ts';
import { operations, type Service } from '../operation.ts';
import type { CommandDesk } from './command-desk.ts';
import { getCommandInvocation, listCommandInvocations, sendCommand } from './commands.ts';
import {
  describeDocument,
  describeInstanceInformation,
  getDocument,
  listTagsForResource,
} from './inventory.ts';
import { describeSessions, resumeSession, terminateSession } from './sessions.ts';
import { startSession } from './start-session.ts';

/** SSM: the calls of Session Manager and Run Command, and what inventory reads. */
export function ssmService(
  world: World,
  authoriser: Authoriser,
  { desk, commands, clock }: { desk: SessionDesk; commands: CommandDesk; clock: Clock },
): Service {
  return {
    signingName: 'ssm',
    eventSource: 'ssm.amazonaws.com',
    operations: operations(
      startSession(world, authoriser, desk),
      resumeSession(authoriser, desk),
      terminateSession(authoriser, desk),
      describeSessions(authoriser, desk),
      describeInstanceInformation(world, authoriser, clock),
      getDocument(world, authoriser),
      listTagsForResource(world, authoriser),
      describeDocument(world, authoriser),
      sendCommand(world, authoriser, commands),
      getCommandInvocation(authoriser, commands),
      listCommandInvocations(authoriser, commands),
      ...agentCalls(world, authoriser),
    ),
  };
}
