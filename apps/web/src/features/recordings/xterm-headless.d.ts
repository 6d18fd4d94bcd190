/** The package's own `module` field names a file that it does not hold, so the file is named here. */
declare module '@xterm/headless/lib-headless/xterm-headless.mjs' {
  export { Terminal } from '@xterm/headless';
}
