/**
 * `npm run sbom [-- --out FILE]`: writes the bill of materials of the lock (CycloneDX, JSON) to out/sbom.cdx.json.
 * Reads no registry: the lock holds all it tells.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const root = resolve(import.meta.dirname, '../..');
const { values } = parseArgs({
  options: { out: { type: 'string', default: join(root, 'out/sbom.cdx.json') } },
});

const { status, stdout, stderr } = spawnSync(
  'npm',
  ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only', '--offline'],
  { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
);
if (status !== 0) {
  process.stderr.write(stderr);
  process.exit(status ?? 1);
}

const bill = JSON.parse(stdout) as {
  metadata: { component: { name: string } };
  components: readonly unknown[];
};
// npm names the product after the folder it lies in.
const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name: string };
bill.metadata.component.name = name;
mkdirSync(dirname(values.out), { recursive: true });
writeFileSync(values.out, `${JSON.stringify(bill, undefined, 2)}\n`);
process.stdout.write(`${bill.components.length} components in ${relative(process.cwd(), values.out)}\n`);
