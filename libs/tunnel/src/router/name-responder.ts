import { Buffer } from 'node:buffer';
import dnsPacket from 'dns-packet';
import { isIPv4 } from 'node:net';
import type { Effects } from '@sallyport/effects';
import type { Reach } from '../reach/reach.ts';
import type { NameSettings } from './contract.ts';

/** Seconds that a fixed address may be remembered: a grant ends sooner than names usually do. */
const fixedSeconds = 5;
/** Seconds that an answer of the private network may be remembered at most. */
const longestSeconds = 60;
const addressesMax = 32;
/** Questions that wait for the private network's resolver at once. */
const waitingMax = 256;
const askMs = 5_000;
/** Without EDNS an answer has 512 bytes (RFC 1035). */
const plainLength = 512;
const ednsLength = 1232;
/** "Blocked" (RFC 8914): the name has addresses, but none that is granted. */
const blocked = { option: 15, data: Buffer.from([0, 15]) };

export interface NameResponderSettings {
  readonly names: NameSettings;
  readonly reach: Reach;
  /** Whether an address is one of the grant's: others are left out of answers, so that no program goes past the tunnel unnoticed. */
  readonly granted: (address: string) => boolean;
  readonly effects: Effects;
  readonly debug: (message: string) => void;
}

type Code = 'NOERROR' | 'NXDOMAIN' | 'REFUSED' | 'SERVFAIL' | 'NOTIMP' | 'FORMERR';
const codes: Readonly<Record<Code, number>> = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
};

interface Answer {
  readonly code: Code;
  readonly addresses: readonly string[];
  readonly ttl: number;
  /** Addresses were left out because they are not granted. */
  readonly blocked: boolean;
}

/**
 * Answers for the names of the grant and for nothing else: whole names with a fixed address from here, others of the listed suffixes by asking the
 * private network. AAAA is answered too (with nothing, where there is nothing), so that no other resolver is asked for it.
 */
export class NameResponder {
  answered = 0;
  refused = 0;
  readonly #settings: NameResponderSettings;
  readonly #fixed: ReadonlyMap<string, string | null>;
  readonly #suffixes: readonly string[];
  #waiting = 0;

  constructor(settings: NameResponderSettings) {
    this.#settings = settings;
    this.#fixed = new Map(settings.names.names.map(({ name, address }) => [plain(name), address]));
    this.#suffixes = settings.names.suffixes.map(plain);
  }

  /** The answer to a query in wire form; undefined for what deserves none. `room` is how long an answer may be without EDNS. */
  async answer(query: Uint8Array, signal: AbortSignal, room = plainLength): Promise<Uint8Array | undefined> {
    let asked: dnsPacket.DecodedPacket;
    try {
      asked = dnsPacket.decode(Buffer.from(query));
    } catch {
      return undefined;
    }
    if (asked.type !== 'query') return undefined;
    const edns = asked.additionals?.find((record) => record.type === 'OPT');
    const [question] = asked.questions ?? [];
    const answer =
      asked.questions?.length !== 1 || question === undefined
        ? only('FORMERR')
        : (((asked.flags ?? 0) >>> 11) & 15) !== 0
          ? only('NOTIMP')
          : await this.#decide(question, signal);
    this.#count(answer, question?.name);
    const allowed = edns === undefined ? room : Math.max(room, Math.min(edns.udpPayloadSize, ednsLength));
    return encode(asked, answer, edns !== undefined, allowed);
  }

  #count({ code }: Answer, name: string | undefined): void {
    if (code === 'NOERROR' || code === 'NXDOMAIN') this.answered += 1;
    else {
      this.refused += 1;
      this.#settings.debug(`no answer for the name ${name ?? ''}: ${code}`);
    }
  }

  async #decide({ name, type, class: among }: dnsPacket.Question, signal: AbortSignal): Promise<Answer> {
    const wanted = plain(name);
    if (among !== undefined && among !== 'IN') return only('REFUSED');
    const fixed = this.#fixed.get(wanted);
    if (typeof fixed === 'string') {
      const fits = type === (isIPv4(fixed) ? 'A' : 'AAAA');
      return { code: 'NOERROR', addresses: fits ? [fixed] : [], ttl: fixedSeconds, blocked: false };
    }
    if (
      fixed === undefined &&
      !this.#suffixes.some((suffix) => wanted === suffix || wanted.endsWith(`.${suffix}`))
    )
      return only('REFUSED');
    // Other types of a name that is ours have no records: saying so keeps the question from going elsewhere.
    if (type !== 'A' && type !== 'AAAA') return only('NOERROR');
    return this.#ask(wanted, type, signal);
  }

  async #ask(name: string, type: 'A' | 'AAAA', signal: AbortSignal): Promise<Answer> {
    const { reach, effects, granted, debug } = this.#settings;
    if (reach.resolve === undefined || this.#waiting >= waitingMax) return only('SERVFAIL');
    const abort = new AbortController();
    const late = effects.timers.after(askMs, () => abort.abort());
    this.#waiting += 1;
    try {
      const found = await reach.resolve(name, type, AbortSignal.any([signal, abort.signal]));
      const addresses = found.addresses.filter(granted).slice(0, addressesMax);
      const left = found.addresses.length > 0 && addresses.length === 0;
      if (left) debug(`the addresses of ${name} are not granted: ${found.addresses.join(' ')}`);
      const ttl = Math.max(0, Math.min(found.ttlSeconds, longestSeconds));
      return { code: found.code, addresses, ttl, blocked: left };
    } catch (error) {
      debug(`${name} could not be asked of the private network: ${String(error)}`);
      return only('SERVFAIL');
    } finally {
      effects.timers.cancel(late);
      this.#waiting -= 1;
    }
  }
}

function only(code: Code): Answer {
  return { code, addresses: [], ttl: 0, blocked: false };
}

/** A name as names are compared: lower case, no dot at its end. */
function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function encode(asked: dnsPacket.DecodedPacket, answer: Answer, edns: boolean, room: number): Uint8Array {
  const questions = asked.questions?.slice(0, 1) ?? [];
  const [question] = questions;
  const type = question?.type === 'AAAA' ? ('AAAA' as const) : ('A' as const);
  const answers = answer.addresses.map((data) => ({
    ...{ type, data, ttl: answer.ttl, class: 'IN' as const },
    name: question?.name ?? '',
  }));
  const options = answer.blocked ? [{ code: blocked.option, data: blocked.data }] : [];
  const additionals = edns
    ? [{ type: 'OPT' as const, name: '.' as const, udpPayloadSize: ednsLength, flags: 0, options }]
    : [];
  const base = dnsPacket.AUTHORITATIVE_ANSWER | ((asked.flags ?? 0) & dnsPacket.RECURSION_DESIRED);
  const form = (flags: number, shown: typeof answers) =>
    dnsPacket.encode({
      type: 'response',
      id: asked.id ?? 0,
      flags: flags | codes[answer.code],
      questions,
      answers: shown,
      additionals: additionals as dnsPacket.Answer[],
    });
  const whole = form(base | dnsPacket.RECURSION_AVAILABLE, answers);
  return whole.length <= room
    ? whole
    : form(base | dnsPacket.RECURSION_AVAILABLE | dnsPacket.TRUNCATED_RESPONSE, []);
}
