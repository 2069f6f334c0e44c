// What reached the demonstration's servers, looked through for the planted values.

import assert from 'node:assert/strict';
import https from 'node:https';

import { PLANTED } from './values.mjs';

// Abroad none of them crossed, and pseudonyms did; at home they all may.
export async function assertReceived(mode) {
  const bodies = await receivedBodies();
  const seen = PLANTED.flatMap((value, number) => (bodies.includes(value) ? [number] : []));
  if (mode === 'abroad') {
    // Positions, not values: a report must not show what it says was protected.
    assert.deepEqual(seen, [], 'planted values crossed');
    assert.match(bodies, /[A-Z]{2,}_[0-9A-HJKMNP-TV-Z]{8}/, 'no pseudonym crossed, so nothing was tested');
  } else {
    assert.ok(seen.length > 0, 'no planted value reached a server, so nothing was tested');
  }
}

async function receivedBodies() {
  const urls = (process.env.OCTROI_RECEIVED_URLS ?? '').split(',').filter(Boolean);
  assert.ok(urls.length > 0, 'OCTROI_RECEIVED_URLS names no server');
  const raw = (await Promise.all(urls.map(fetched))).join('\n');
  let undone = raw;
  for (let layer = 0; layer < 3; layer += 1) {
    undone = undone.replaceAll(/\\+u([0-9a-fA-F]{4})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
  return `${raw}\n${undone}`;
}

function fetched(url) {
  return new Promise((resolve, reject) => {
    https
      .get(url, (answer) => {
        const parts = [];
        answer.on('data', (part) => parts.push(part));
        answer.on('end', () => resolve(Buffer.concat(parts).toString('utf8')));
        answer.on('error', reject);
      })
      .on('error', reject);
  });
}
