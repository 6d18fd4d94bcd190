import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { networkProtocols, networkWays, type NetworkProtocol, type NetworkWay } from '@sallyport/catalog';
import { ListOf, OneOf, TextOrNull } from './schema.ts';

/** `[[from, to], ...]`, both included. */
const Ports = () =>
  ApiProperty({
    type: 'array',
    items: { type: 'array', items: { type: 'integer' }, minItems: 2, maxItems: 2 },
  });

/** Addresses of a network with the protocol and ports that are reached there; no ports where the protocol has none. */
@ApiSchema({ name: 'NetworkRoute' })
export class NetworkRouteDto {
  @ApiProperty() cidr!: string;
  @Ports() ports!: number[][];
  @OneOf(networkProtocols) proto!: NetworkProtocol;
}

/** What a grant of a subnet reaches, and by which way. */
@ApiSchema({ name: 'Network' })
export class NetworkDto {
  @ListOf(NetworkRouteDto) routes!: NetworkRouteDto[];
  @ListOf(String) suffixes!: string[];
  @TextOrNull() resolver!: string | null;
  @ApiProperty({ type: 'array', items: { type: 'string', enum: [...networkProtocols] } })
  carries!: NetworkProtocol[];
  @OneOf(networkWays) way!: NetworkWay;
  /** Nothing on the far side holds it to the routes: everything that the gateway reaches is reached. */
  @ApiProperty() everything!: boolean;
  /** Bits per second that one client carries in each direction, where that is bounded. */
  @ApiProperty({ type: 'integer', required: false }) maxBps?: number;
}
