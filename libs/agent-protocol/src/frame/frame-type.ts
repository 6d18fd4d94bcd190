/**
 * A frame, big-endian:
 *
 *     0  uint8   type; those from 128 on are ignored by who does not know them, others end the link
 *     1  uint24  length of the body
 *     4  uint32  id of the conversation or question; 0 when it concerns the link
 *     8  n       body
 */
export const frameHeaderBytes = 8;
/** DATA begins with the offset of its first byte, which is 48 bits long and so exact in a double. */
export const offsetBytes = 6;

export const frameTypes = {
  /** Agent: JSON, what it speaks and its challenge. */
  hello: 1,
  /** Client: JSON, its token and the answer to the challenge. */
  claim: 2,
  /** Agent: JSON, the carrier is admitted. */
  welcome: 3,
  /** Agent: JSON, it is not. */
  refused: 4,

  /** Client: uint8 kind (1 TCP, 2 UDP), uint16 port, text of the host. Data may follow at once. */
  open: 16,
  /** Agent: the destination accepted. */
  opened: 17,
  /** uint8 flow code: refused, or broken. */
  reset: 18,
  /** uint48 offset, bytes. */
  data: 19,
  /** uint48 offset, uint24 plain length, packed bytes. */
  packed: 20,
  /** uint48 number of bytes that the direction had. */
  fin: 21,
  /** uint48 offset up to which may be sent. */
  credit: 22,
  /** One datagram; dropped when its flow is unknown. */
  datagram: 23,

  /** Client: uint8 length of the address, address, payload. */
  echo: 32,
  /** Agent: uint8 flow code or 0, payload. */
  echoReply: 33,
  /** Client: uint8 DNS type (1 or 28), name. */
  question: 34,
  /** Agent: uint8 rcode, uint32 seconds to live, then addresses, each with a uint8 length before it. */
  answer: 35,
  /** L3 mode: one IP packet. */
  packet: 36,

  /** Client: a newer token. */
  renew: 48,
  /** Agent: uint48 milliseconds that the token is still good for. */
  renewed: 49,
  /** uint48 bytes received on this carrier since its handshake, uint32 when the last of them came, in tenths of a millisecond of any clock. */
  receipt: 50,
  ping: 51,
  pong: 52,
  /** uint8 end code: the link is over. */
  goodbye: 53,
} as const;

export type FrameType = (typeof frameTypes)[keyof typeof frameTypes];

/** Types that a peer may leave out of its knowledge. */
export const optionalFrom = 128;
