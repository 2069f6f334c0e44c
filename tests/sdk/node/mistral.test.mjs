// The official @mistralai/mistralai package, unmodified: chat, streams, fill in the middle, embeddings.

import assert from 'node:assert/strict';
import test from 'node:test';

import { Mistral } from '@mistralai/mistralai';

const VALUES = ['Camille Aubertin', 'camille.aubertin@example.com', '01 99 00 12 34', 'FR76 3000 6000 0112 3456 7890 189'];
const PROMPT = `Write to Mme ${VALUES[0]} (${VALUES[1]}, tel. ${VALUES[2]}); refund to IBAN ${VALUES[3]}.`;

const client = new Mistral({ serverURL: process.env.OCTROI_URL, apiKey: process.env.OCTROI_KEY });
const messages = [{ role: 'user', content: PROMPT }];

function back(text) {
  VALUES.forEach((value, number) => assert.ok(text.includes(value), `value ${number} did not come back`));
}

test('chat, whole and streamed', async () => {
  back((await client.chat.complete({ model: 'assistant', messages })).choices[0].message.content);
  let text = '';
  for await (const event of await client.chat.stream({ model: 'assistant', messages })) {
    text += event.data.choices[0].delta.content ?? '';
  }
  back(text);
});

test('fill in the middle and embeddings', async () => {
  back((await client.fim.complete({ model: 'assistant', prompt: PROMPT })).choices[0].message.content);
  assert.ok((await client.embeddings.create({ model: 'assistant', inputs: VALUES })).data.length > 0);
});
