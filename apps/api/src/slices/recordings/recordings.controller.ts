import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  Query,
  Req,
  Res,
  StreamableFile,
} from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import { Problem } from '@sallyport/problems';
import type { Request, Response } from 'express';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import { limits } from './limits.ts';
import { KeepRecording } from './keep-recording.handler.ts';
import {
  AnnounceRecordingDto,
  RecordingAnnouncedDto,
  RecordingFilterDto,
  SessionRecordingDto,
  SessionRecordingListDto,
} from './recording.dto.ts';
import { RecordingsQuery } from './recordings.query.ts';

const binary = { schema: { type: 'string', format: 'binary' } } as const;
const mediaType = 'application/age';

@ApiTags('recordings')
@Controller()
export class RecordingsController {
  readonly #keep: KeepRecording;
  readonly #recordings: RecordingsQuery;

  constructor(
    @Inject(KeepRecording) keep: KeepRecording,
    @Inject(RecordingsQuery) recordings: RecordingsQuery,
  ) {
    this.#keep = keep;
    this.#recordings = recordings;
  }

  @Post('grants/:id/recordings')
  @Access({ scopes: ['connect'] })
  @ApiOperation({ operationId: 'announceRecording', summary: 'Tell of a recording before its file is sent' })
  @ApiCreatedResponse({ type: RecordingAnnouncedDto })
  async announce(
    @CurrentActor() actor: Actor,
    @Param('id') grantId: string,
    @Body() head: AnnounceRecordingDto,
  ): Promise<RecordingAnnouncedDto> {
    await this.#keep.announce(actor, grantId, head);
    return { id: head.id, upload: `/api/recordings/${head.id}/body` };
  }

  @Put('recordings/:id/body')
  @HttpCode(204)
  @Access({ scopes: ['connect'] })
  @ApiOperation({ operationId: 'sendRecording', summary: 'Send the encrypted file of a recording' })
  @ApiConsumes('application/octet-stream')
  @ApiBody(binary)
  @ApiNoContentResponse()
  async send(@CurrentActor() actor: Actor, @Param('id') id: string, @Req() request: Request): Promise<void> {
    try {
      if (!request.is(['application/octet-stream', mediaType])) throw new Problem('CONTENT_TYPE_UNSUPPORTED');
      const said = request.headers['content-length'];
      await this.#keep.keep(actor, id, bodyOf(request), said === undefined ? undefined : Number(said));
    } catch (error) {
      await letPass(request);
      throw error;
    }
  }

  @Get('recordings')
  @Access({ scopes: ['audit'], roles: ['auditor'] })
  @ApiOperation({ operationId: 'listRecordings', summary: 'Recordings of sessions, the latest first' })
  @ApiOkResponse({ type: SessionRecordingListDto })
  list(@Query() filter: RecordingFilterDto): Promise<SessionRecordingListDto> {
    return this.#recordings.list(filter);
  }

  @Get('recordings/:id')
  @Access({ scopes: ['audit'], roles: ['auditor'] })
  @ApiOperation({ operationId: 'readRecording', summary: 'One recording, without its file' })
  @ApiOkResponse({ type: SessionRecordingDto })
  read(@Param('id') id: string): Promise<SessionRecordingDto> {
    return this.#recordings.read(id);
  }

  @Get('recordings/:id/body')
  @Access({ scopes: ['audit'], roles: ['auditor'] })
  @ApiOperation({ operationId: 'openRecording', summary: 'The encrypted file of a recording' })
  @ApiProduces(mediaType)
  @ApiOkResponse({ content: { [mediaType]: binary } })
  async open(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StreamableFile> {
    const { body, bytes, sha256 } = await this.#recordings.open(actor, id);
    const digest = Buffer.from(sha256, 'hex').toString('base64');
    response.setHeader('Repr-Digest', `sha-256=:${digest}:`);
    return new StreamableFile(body, {
      type: mediaType,
      length: bytes,
      disposition: `attachment; filename="${id}.cast.age"`,
    });
  }
}

/** A client that still sends does not read why it is refused: what it sends is passed over, within bounds. */
async function letPass(request: Request): Promise<void> {
  let passed = 0;
  try {
    for await (const chunk of bodyOf(request)) if ((passed += chunk.length) > limits.bytesMax) return;
  } catch {
    // Whoever has gone hears nothing.
  }
}

/** The chunks of a body. A refusal must not break the connection that is to carry it. */
async function* bodyOf(request: Request): AsyncGenerator<Uint8Array> {
  try {
    yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (error instanceof Problem || request.complete) throw error;
    throw new Problem('RECORDING_DIGEST_MISMATCH', { detail: 'The connection broke.', cause: error });
  }
}
