// The official @anthropic-ai/sdk package, unmodified: messages, streams, tools, refusals.

import assert from 'node:assert/strict';
import test from 'node:test';

import Anthropic from '@anthropic-ai/sdk';

const VALUES = ['Camille Aubertin', 'camille.aubertin@example.com', '01 99 00 12 34', 'FR76 3000 6000 0112 3456 7890 189'];
const PROMPT = `Write to Mme ${VALUES[0]} (${VALUES[1]}, tel. ${VALUES[2]}); refund to IBAN ${VALUES[3]}.`;
const TOOL = { name: 'write_letter', input_schema: { type: 'object', properties: { text: { type: 'string' } } } };

const client = new Anthropic({ baseURL: process.env.OCTROI_URL, apiKey: process.env.OCTROI_KEY, maxRetries: 0 });
const ask = (more = {}) => ({ model: 'assistant', max_tokens: 100, messages: [{ role: 'user', content: PROMPT }], ...more });

function back(text) {
  VALUES.forEach((value, number) => assert.ok(text.includes(value), `value ${number} did not come back`));
  assert.ok(!text.includes('PERSON_'), 'a pseudonym was left');
}

test('a message comes back whole', async () => {
  const message = await client.messages.create(ask());
  back(message.content[0].thinking);
  back(message.content[1].text);
});

test('a stream comes back whole', async () => {
  const message = await client.messages.stream(ask()).finalMessage();
  back(message.content[1].text);
});

test('streamed arguments of tools are objects with the values', async () => {
  const message = await client.messages.stream(ask({ tools: [TOOL] })).finalMessage();
  assert.equal(message.content[1].name, 'write_letter');
  back(message.content[1].input.text);
});

test('counts, models, refusals', async () => {
  assert.ok((await client.messages.countTokens({ model: 'assistant', messages: ask().messages })).input_tokens > 0);
  assert.equal((await client.models.retrieve('assistant')).id, 'assistant');
  await assert.rejects(client.messages.create(ask({ model: 'unknown' })), Anthropic.NotFoundError);
});
