import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { leasePurposes, type LeasePurpose } from '@sallyport/catalog';
import { OneOf, TextOrNull } from './schema.ts';

@ApiSchema({ name: 'DocumentRef' })
export class DocumentRefDto {
  @ApiProperty() name!: string;
  @ApiProperty() sha256!: string;
}

/** A Session document, and what it is for. */
@ApiSchema({ name: 'FactsDocument' })
export class FactsDocumentDto extends DocumentRefDto {
  @OneOf(leasePurposes) purpose!: LeasePurpose;
  /** The one command that it runs; null: whatever is asked, or a shell. */
  @TextOrNull() command!: string | null;
}
