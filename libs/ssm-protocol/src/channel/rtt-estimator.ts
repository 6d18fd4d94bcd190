const millisecond = 1_000_000; // nanoseconds
const firstRto = 200 * millisecond;
const firstSmoothed = 100 * millisecond;
const granularity = 10 * millisecond;
const longestRto = 1000 * millisecond;

/**
 * The retransmission timer of section 6.3, in nanoseconds as floats like the official ends, so that states compare exactly:
 * RTTVAR = 3/4 RTTVAR + 1/4 |SRTT - rtt| with the old SRTT, SRTT = 7/8 SRTT + 1/8 rtt, RTO = min(1 s, SRTT + max(10 ms, 4 RTTVAR)).
 * Samples of resent messages count too (no Karn rule).
 */
export class RttEstimator {
  smoothedNs = firstSmoothed;
  variationNs = 0;
  rtoNs = firstRto;

  /** Takes the round trip of one acknowledged message, milliseconds. */
  sample(rttMs: number): void {
    const rtt = rttMs * millisecond;
    this.variationNs = this.variationNs * 0.75 + Math.abs(this.smoothedNs - rtt) * 0.25;
    this.smoothedNs = this.smoothedNs * 0.875 + rtt * 0.125;
    const rto = this.smoothedNs + Math.max(granularity, 4 * this.variationNs);
    this.rtoNs = Math.floor(Math.min(longestRto, rto));
  }

  /** The time-out in milliseconds. */
  get rtoMs(): number {
    return this.rtoNs / millisecond;
  }

  /** Smoothed round trip in milliseconds. */
  get smoothedMs(): number {
    return this.smoothedNs / millisecond;
  }
}
