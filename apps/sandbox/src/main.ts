import { runSandbox } from './run.ts';

/** The sandbox as a part of the product: one JSON line on standard output says that it is ready. */
await runSandbox(process.argv.slice(2), ({ world, endpoint, installation, agents }) => {
  const [region] = world.catalog.accounts.flatMap(({ regions }) => regions);
  const ready = {
    event: 'ready',
    awsEndpoint: endpoint,
    region,
    principalsFile: installation.principalsFile,
    ...(agents.length === 0 ? {} : { agents }),
  };
  return JSON.stringify(ready) + '\n';
});
