import { expect, it } from 'vitest';
import { preferredPorts } from './index.ts';

it('gives production PostgreSQL the port people guess, then the one of its name', () => {
  expect(preferredPorts({ name: 'prod-rds', port: 5432, environment: 'production' })[0]).toBe(15432);
});
it('gives the same name the same port, within the range', () => {
  const [port] = preferredPorts({ name: 'staging-rds', port: 5432, environment: 'staging' });
  expect(port).toBe(preferredPorts({ name: 'staging-rds', port: 5432 })[0]);
  expect(port).toBeGreaterThanOrEqual(15_000);
  expect(port).toBeLessThan(20_000);
});
