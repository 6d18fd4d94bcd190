/** How a dial into the private network fails: with the code that a system call would give. */
export class NetworkError extends Error {
  readonly code: 'ECONNREFUSED' | 'EHOSTUNREACH';

  constructor(code: NetworkError['code'], where: string) {
    super(`connect ${code} ${where}`);
    this.name = 'NetworkError';
    this.code = code;
  }
}
