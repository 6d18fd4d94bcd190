import { Counter, Gauge, Registry } from 'prom-client';
import type { Meters } from '../meters.ts';

/** The meters as Prometheus metrics; `text` is what a scrape reads. */
export function prometheusMeters(): Meters & { text(): Promise<string> } {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `sallyport_agent_${name}`, help, registers });
  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Counter({ name: `sallyport_agent_${name}`, help, labelNames, registers });
  const clients = gauge('clients', 'Admitted clients');
  const flows = gauge('flows', 'Open conversations');
  const ended = counter('flows_ended_total', 'Conversations that ended', ['proto', 'end']);
  const bytes = counter('bytes_total', 'Payload of ended conversations', ['direction']);
  const refusedClients = counter('clients_refused_total', 'Clients refused', ['code']);
  const refusedFlows = counter('destinations_refused_total', 'Destinations refused', ['why']);
  const questions = counter('names_asked_total', 'Names asked for');
  const packets = counter('packets_dropped_total', 'Whole packets (L3) that went nowhere', ['why']);
  const dropped = counter('records_dropped_total', 'Flow records lost to the bound on disk');
  return {
    clients: (now) => clients.set(now),
    flows: (now) => flows.set(now),
    flowEnded: (record) => {
      ended.inc({ proto: record.proto, end: record.end });
      bytes.inc({ direction: 'up' }, record.bytesUp);
      bytes.inc({ direction: 'down' }, record.bytesDown);
    },
    refusedClient: (code) => refusedClients.inc({ code }),
    refusedFlow: (why) => refusedFlows.inc({ why }),
    question: () => questions.inc(),
    packetDropped: (why) => packets.inc({ why }),
    recordsDropped: (count) => dropped.inc(count),
    text: () => registry.metrics(),
  };
}
