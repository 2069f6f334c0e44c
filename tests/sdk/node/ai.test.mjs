// What an application does with Vercel's AI SDK: the packages ai and @ai-sdk/openai, unmodified. Run it through run.mjs.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { openai } from '@ai-sdk/openai';
import { APICallError, Output, embed, embedMany, generateText, stepCountIs, streamText, tool } from 'ai';
import OpenAI from 'openai';
import { z } from 'zod';

import { assertReceived } from './received.mjs';
import { EMAIL, HEALTH, IBAN, PERSON, PLANTED, PROMPT } from './values.mjs';

const mode = process.env.OCTROI_SDK_MODE;
const kinds = { chat: (model) => openai.chat(model), responses: (model) => openai.responses(model) };
const settled = { maxRetries: 0, system: 'You are the desk of an insurer.' };
const Query = z.object({ query: z.string(), limit: z.number().int().min(1) });
const Letter = z.object({ recipient: z.string(), pages: z.number().int(), copies: z.array(z.string()) });
let model;
let embeddingModel;

before(async () => {
  const names = (await new OpenAI().models.list()).data.map((listed) => listed.id);
  model = process.env.OCTROI_SDK_MODEL ?? names.find((name) => !name.includes('embed'));
  embeddingModel = names.find((name) => name.includes('embed')) ?? model;
});

after(() => assertReceived(mode));

for (const [kind, speak] of Object.entries(kinds)) {
  test(`${kind}: text`, async () => {
    const { text, finishReason } = await generateText({ ...settled, model: speak(model), prompt: PROMPT });
    assert.ok(text.endsWith(PROMPT));
    assert.equal(finishReason, 'stop');
  });

  test(`${kind}: text, streamed`, async () => {
    const result = streamText({ ...settled, model: speak(model), prompt: PROMPT });
    const parts = [];
    for await (const part of result.textStream) parts.push(part);
    assert.ok(parts.length > 10, 'the answer came in one burst');
    assert.ok(parts.join('').endsWith(PROMPT));
    assert.equal(await result.text, parts.join(''));
  });

  test(`${kind}: tools`, async () => {
    const asked = [];
    const found = { name: `Mme ${PERSON}`, iban: IBAN, note: `said "${EMAIL}"` };
    const execute = async (query) => {
      asked.push(query);
      return found;
    };
    const tools = { find_customer: tool({ description: 'Finds a customer.', inputSchema: Query, execute }) };
    const asking = { ...settled, model: speak(model), tools, prompt: PROMPT, stopWhen: stepCountIs(2) };
    const { text, steps } = await generateText(asking);
    assert.equal(steps.length, 2);
    assert.deepEqual(JSON.parse(text.slice(text.indexOf('{'))), found);
    const streamed = streamText(asking);
    const whole = await streamed.text;
    assert.deepEqual(JSON.parse(whole.slice(whole.indexOf('{'))), found);
    assert.equal(asked.length, 2);
    for (const query of asked) assert.equal(query.query, PROMPT);
  });

  test(`${kind}: structured output`, async () => {
    const output = Output.object({ schema: Letter });
    const whole = await generateText({ ...settled, model: speak(model), prompt: PROMPT, output });
    assert.deepEqual(whole.output, { recipient: PROMPT, pages: 1, copies: [PROMPT] });
    const streamed = streamText({ ...settled, model: speak(model), prompt: PROMPT, output });
    let last;
    for await (const partial of streamed.partialOutputStream) last = partial;
    assert.deepEqual(last, whole.output);
  });
}

test('embeddings', async () => {
  const one = await embed({ model: openai.embedding(embeddingModel), value: PROMPT, maxRetries: 0 });
  const many = await embedMany({ model: openai.embedding(embeddingModel), values: [PROMPT, 'Second.'], maxRetries: 0 });
  assert.deepEqual(many.embeddings[0], one.embedding);
  assert.notDeepEqual(many.embeddings[1], one.embedding);
});

test('a health prompt stays home', async () => {
  const asked = generateText({ ...settled, model: openai.chat(model), prompt: HEALTH });
  if (mode !== 'abroad') {
    assert.ok((await asked).text.endsWith(HEALTH));
    return;
  }
  const error = await asked.then(
    () => assert.fail('the request was served'),
    (reason) => reason,
  );
  assert.ok(APICallError.isInstance(error), `not an APICallError: ${error?.name}`);
  assert.match(error.message, /health-stays-hds/, 'the refusal names no rule');
  assert.ok(!PLANTED.some((value) => error.message.includes(value)), 'the error quotes the request');
});
