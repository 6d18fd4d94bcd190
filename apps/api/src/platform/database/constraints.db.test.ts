import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from './migrate.ts';
import { migrationsFolder } from './migrations-folder.ts';
import { availableServers, startTestServer, type TestServer } from '../../testing/database.ts';

const folder = join(migrationsFolder(), '..', 'sql-tests');
const situation = readFileSync(join(folder, 'situation.sql'), 'utf8');

const rules = readdirSync(folder)
  .filter((file) => file.endsWith('.sql') && file !== 'situation.sql')
  .map((file) => {
    const sql = readFileSync(join(folder, file), 'utf8');
    const expected = /^-- expects (\w{5})(?: (\w+))?$/m.exec(sql);
    if (!expected) throw new Error(`${file} does not say what it expects`);
    return {
      file,
      title: sql.slice(3, sql.indexOf('\n')),
      sqlState: expected[1],
      constraint: expected[2],
      role: /^-- as (\w+)$/m.exec(sql)?.[1],
      sql,
    };
  });

describe.each(availableServers())('on $name', ({ binaries }) => {
  let server: TestServer;
  let client: pg.Client;
  let ownerUrl: string;
  beforeAll(async () => {
    server = await startTestServer(binaries);
    ({ ownerUrl } = await server.freshDatabase());
    client = new pg.Client({ connectionString: ownerUrl });
    await client.connect();
  });
  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  it('applies the migrations once', async () => {
    expect(await migrate(ownerUrl, migrationsFolder())).toEqual([]);
  });

  it.each(rules)('$title ($file)', async ({ sql, sqlState, constraint, role }) => {
    await client.query('BEGIN');
    try {
      await client.query(situation);
      if (role) await client.query(`SET LOCAL ROLE ${role}`);
      const refusal = await client.query(sql).then(
        () => undefined,
        (error: pg.DatabaseError) => ({ sqlState: error.code, constraint: error.constraint }),
      );
      expect(refusal).toEqual({ sqlState, constraint });
    } finally {
      await client.query('ROLLBACK');
    }
  });
});
