#!/usr/bin/env node
/**
 * Speaks the command line of Prisma's schema engine (JSON-RPC, one object a line on stdin and stdout) on top of
 * the engine's WebAssembly form, so that no binary is ever downloaded (ADR 0040). For developers (`migrate dev`,
 * `diff`, `status`) and the drift check; the product itself migrates by apps/api/src/platform/database/migrate.ts.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

// The packages belong to the API; this file stands beside the schema.
const require = createRequire(new URL('../apps/api/package.json', import.meta.url));
/** A package of the API; of one that is CommonJS, what it exports. */
const load = async (name) => {
  const loaded = await import(require.resolve(name));
  return { ...loaded.default, ...loaded };
};

const { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } = await load('@prisma/driver-adapter-utils');
// The very module, since the engine keeps its state in it.
const engineModule = await import(require.resolve('@prisma/schema-engine-wasm/schema_engine_bg'));
const wasmFile = require
  .resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  .replace(/schema_engine_bg.*$/, 'schema_engine_bg.wasm');

/** The type `"char"` of PostgreSQL's own tables, which the adapter cannot read, and the one to read it as. */
const catalogCharOid = 18;
const textOid = 25;

async function loadEngine() {
  const { instance } = await WebAssembly.instantiate(readFileSync(wasmFile), {
    './schema_engine_bg.js': engineModule,
  });
  engineModule.__wbg_set_wasm(instance.exports);
  globalThis.PRISMA_WASM_PANIC_REGISTRY = {
    set_message(message) {
      this.message = message;
    },
    get() {
      return this.message;
    },
  };
  instance.exports.__wbindgen_start();
}

/** Runs a script in one simple-protocol call: adapters split it at `;`, which breaks function bodies. */
function withWholeScripts(adapter, run) {
  adapter.executeScript = async (sql) => {
    try {
      await run(sql);
    } catch (error) {
      adapter.onError(error);
    }
  };
  return adapter;
}

/** A throw-away database in memory, into which migrations are replayed; the real one is never touched by that. */
async function shadow() {
  const { PGlite } = await load('@electric-sql/pglite');
  const { btree_gist } = await load('@electric-sql/pglite/contrib/btree_gist');
  const { PrismaPGlite } = await load('pglite-prisma-adapter');
  const database = new PGlite({ extensions: { btree_gist } });
  return withWholeScripts(await new PrismaPGlite(database).connect(), (sql) => database.exec(sql));
}

/** Reads `"char"` columns as text and declares them as single characters, as the engine expects them. */
function withCatalogChars(adapter) {
  const charsOf = new WeakMap();
  const performIO = adapter.performIO.bind(adapter);
  adapter.performIO = async (query) => {
    const result = await performIO(query);
    const chars = (result.fields ?? []).map((field) => field.dataTypeID === catalogCharOid);
    charsOf.set(query, chars);
    for (const field of result.fields ?? [])
      if (field.dataTypeID === catalogCharOid) field.dataTypeID = textOid;
    return result;
  };
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    const chars = charsOf.get(query) ?? [];
    const columnTypes = result.columnTypes.map((type, index) =>
      chars[index] ? ColumnTypeEnum.Character : type,
    );
    return { ...result, columnTypes };
  };
  return adapter;
}

async function server(url) {
  const { PrismaPg } = await load('@prisma/adapter-pg');
  const { parseIntoClientConfig } = await load('pg-connection-string');
  // Parsed fields, never `connectionString`: pg lets that win over `database`.
  const factory = new PrismaPg(parseIntoClientConfig(url));
  const connect = async () => {
    const adapter = withCatalogChars(await factory.connect());
    return withWholeScripts(adapter, (sql) => adapter.client.query(sql));
  };
  return { provider: factory.provider, adapterName: factory.adapterName, connect, connectToShadowDb: shadow };
}

const scratch = { provider: 'postgres', adapterName: 'pglite', connect: shadow, connectToShadowDb: shadow };

/** `cli can-connect-to-database` and `cli create-database`: exit status, and the error as the SECOND line of stderr. */
async function answerCommand(command, url) {
  const fail = (code, message) => {
    const first = { level: 'INFO', target: 'schema_engine', fields: { message: 'start' } };
    const second = { level: 'ERROR', target: 'schema_engine::logger', fields: { error_code: code, message } };
    process.stderr.write(`${JSON.stringify(first)}\n${JSON.stringify(second)}`);
    process.exit(1);
  };
  const { default: pg } = await import(require.resolve('pg'));
  const target = new URL(url);
  const database = decodeURIComponent(target.pathname.slice(1));
  if (command === 'create-database') target.pathname = '/postgres';
  else if (command !== 'can-connect-to-database') fail('P1000', `unsupported command ${command}`);
  const client = new pg.Client({ connectionString: target.href });
  try {
    await client.connect();
    if (command === 'create-database') await client.query(`CREATE DATABASE ${pg.escapeIdentifier(database)}`);
    await client.end();
    process.exit(0);
  } catch (error) {
    fail(error.code === '3D000' ? 'P1003' : 'P1001', error.message);
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: { datamodels: { type: 'string', multiple: true }, datasource: { type: 'string' } },
});
const url = values.datasource ? JSON.parse(values.datasource).url : undefined;
if (positionals[0] === 'cli') await answerCommand(positionals[1], url);

await loadEngine();
const datamodels = values.datamodels?.map((file) => [file, readFileSync(file, 'utf8')]);
const start = (factory) =>
  engineModule.SchemaEngine.new({ datamodels }, () => {}, bindMigrationAwareSqlAdapterFactory(factory));
let engine;

async function answer(method, params) {
  const replays = method === 'diff' && [params.from, params.to].some((side) => side.tag === 'migrations');
  const chosen = replays ? await start(scratch) : await (engine ??= server(url).then(start));
  return chosen[method === 'getDatabaseVersion' ? 'version' : method](params);
}

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

let current;
// A panic of the engine ends it outside any promise; Prisma would take the silence for success.
process.on('uncaughtException', (error) => {
  const message = globalThis.PRISMA_WASM_PANIC_REGISTRY?.message ?? error.message;
  process.stdout.write(
    `${JSON.stringify({ jsonrpc: '2.0', id: current, error: { code: 4466, message, data: { is_panic: false, message } } })}\n`,
    () => process.exit(1),
  );
});

async function serve({ id, method, params }) {
  current = id;
  try {
    const result = await answer(method, params);
    if (method === 'diff' && result?.stdout != null)
      send({ id: `print-${id}`, method: 'print', params: { content: result.stdout } });
    send({ id, result: result ?? null });
  } catch (error) {
    const code = error.code ?? error.error_code;
    const data = { is_panic: false, message: error.message, error_code: code, meta: error.meta ?? null };
    send({
      id,
      error: { code: 4466, message: 'An error happened. Check the data field for details.', data },
    });
  }
}

let queue = Promise.resolve();
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const call = line.trim() ? JSON.parse(line) : {};
    if (call.method) queue = queue.then(() => serve(call));
  })
  .on('close', () => void queue.then(() => process.exit(0)));
