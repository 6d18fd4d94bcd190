import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';

/** Sends binary messages that leave together at the end of the turn of the event loop, in one system call. */
export function corkedSender(socket: WebSocket, raw: Socket): (frame: Uint8Array) => void {
  let corked = false;
  return (frame) => {
    if (!corked) {
      corked = true;
      raw.cork();
      process.nextTick(() => {
        corked = false;
        raw.uncork();
      });
    }
    socket.send(frame, { binary: true });
  };
}
