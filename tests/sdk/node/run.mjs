// Starts `node --test` with what an application developer would set, read from the client.env file, and nothing else.
// NODE_EXTRA_CA_CERTS is read when Node.js starts, so it cannot be set from within a test.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = process.env.OCTROI_CLIENT_ENV;
if (!path) {
  console.error('OCTROI_CLIENT_ENV names no client.env file');
  process.exit(2);
}
const pairs = readFileSync(path, 'utf8')
  .split('\n')
  .map((line) => line.match(/^(?:export )?([A-Z_]+)=(.*)$/))
  .filter(Boolean)
  .map(([, key, value]) => [key, value.trim().replace(/^(["'])(.*)\1$/, '$2')]);
const set = Object.fromEntries(
  pairs.filter(([key]) => ['OPENAI_BASE_URL', 'OPENAI_API_KEY', 'NODE_EXTRA_CA_CERTS'].includes(key)),
);
const kept = Object.entries(process.env).filter(([key]) => !/^OPENAI_|_proxy$/i.test(key));
const suites = ['suite.test.mjs', 'ai.test.mjs'].map((name) => fileURLToPath(new URL(name, import.meta.url)));
const child = spawn(process.execPath, ['--test', '--test-reporter=spec', ...suites], {
  env: { ...Object.fromEntries(kept), ...set },
  stdio: 'inherit',
});
child.on('exit', (code) => process.exit(code ?? 1));
