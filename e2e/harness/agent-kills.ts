import { openTcp } from '@sallyport/agent/testing';
import type { AgentWorld } from './agent-world.ts';

/** A port where nobody listens: conversations to it end at once, refused, and are on disk when that is told. */
const closedPort = 82;
const patienceMs = 60_000;

/**
 * Kills the agent `rounds` times at random moments of its work, and starts it again each time. Resolves with what is wrong: a listener or a
 * process that was left, an agent that does not serve again, a record that was lost or came twice.
 */
export async function killAtRandom(world: AgentWorld, rounds: number): Promise<string[]> {
  const found: string[] = [];
  const isMine = ({ port, end }: { port: number; end: string }) => port === closedPort && end === 'refused';
  const before = world.plane.records.filter(isMine).length;
  for (let round = 1; round <= rounds; round += 1) {
    const agent = await world.start();
    const client = await admitted(world);
    await openTcp(client.link, '10.0.2.60', 7000).opened;
    const told = await openTcp(client.link, '10.0.2.60', closedPort).finished;
    if (told !== 'FLOW_REFUSED') found.push(`round ${String(round)}: a closed port answered ${told}`);
    // A varying number of conversations is under way, in a varying state, when the kill comes.
    for (let more = 0; more < (round * 3) % 40; more += 1) openTcp(client.link, '10.0.2.60', 8080);
    const turns = Math.floor(Math.random() * 60);
    for (let turn = 0; turn < turns; turn += 1) await new Promise((next) => setImmediate(next));
    await world.kill();
    client.link.close();
    const listening = await world.gateway.ask('sh', ['-c', 'ss -Htln "sport = :7443"']);
    if (listening !== '') found.push(`round ${String(round)}: something listens still: ${listening}`);
    if ((await world.gateway.pids()).includes(agent.pid ?? 0))
      found.push(`round ${String(round)}: the process is left`);
  }
  await world.start();
  const last = await admitted(world);
  await openTcp(last.link, '10.0.2.60', 8080).opened;
  const until = performance.now() + patienceMs;
  const arrived = () => world.plane.records.filter(isMine).length - before;
  while (arrived() < rounds && performance.now() < until) await new Promise((next) => setTimeout(next, 50));
  if (arrived() !== rounds)
    found.push(`${String(arrived())} records arrived of ${String(rounds)} conversations that had ended`);
  return found;
}

/** A client of the agent; like the product's it tries again while nobody answers in time, as on a machine that is busy. */
async function admitted(world: AgentWorld): Promise<Awaited<ReturnType<AgentWorld['client']>>> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const client = await world.client();
    try {
      await client.up;
      return client;
    } catch (cause) {
      client.link.close();
      if ((cause as { code?: string }).code !== 'AGENT_UNREACHABLE' || performance.now() > until) throw cause;
    }
  }
}
