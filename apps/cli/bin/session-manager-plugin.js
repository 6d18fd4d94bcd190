#!/usr/bin/env node
import module from 'node:module';

// Node 22 and later; with older ones start-up is slower and nothing else.
module.enableCompileCache?.();
const { main } = await import('../dist/plugin.js');
await main();
