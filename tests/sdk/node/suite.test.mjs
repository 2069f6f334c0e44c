// What an application does with the official package. Run it through run.mjs.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import OpenAI from 'openai';
import { zodFunction, zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';

import { assertReceived } from './received.mjs';
import { EMAIL, HEALTH, IBAN, PERSON, PHONE, PLANTED, PROMPT } from './values.mjs';

const mode = process.env.OCTROI_SDK_MODE;
assert.ok(['home', 'abroad', 'direct'].includes(mode), 'OCTROI_SDK_MODE must be home, abroad or direct');
const gatewayOnly = { skip: mode === 'direct' ? 'only a gateway does this' : false };

const client = new OpenAI({ maxRetries: 0, timeout: 60_000 });
let model;
let embeddingModel;

const messages = [
  { role: 'system', content: 'You are the desk of an insurer.' },
  { role: 'user', content: PROMPT },
];
const Query = z.object({ query: z.string(), limit: z.number().int().min(1) });
const tool = zodFunction({ name: 'find_customer', parameters: Query });
const responseTool = {
  type: 'function',
  name: 'find_customer',
  strict: true,
  parameters: {
    type: 'object',
    properties: { query: { type: 'string' } },
    required: ['query'],
    additionalProperties: false,
  },
};
const Letter = z.object({ recipient: z.string(), pages: z.number().int(), copies: z.array(z.string()) });

before(async () => {
  const names = (await client.models.list()).data.map((listed) => listed.id);
  model = process.env.OCTROI_SDK_MODEL ?? names.find((name) => !name.includes('embed'));
  embeddingModel = names.find((name) => name.includes('embed')) ?? model;
});

after(() => assertReceived(mode));

test('models', async () => {
  const listed = [];
  for await (const entry of client.models.list()) listed.push(entry.id);
  assert.ok(listed.includes(model));
});

test('chat', async () => {
  const completion = await client.chat.completions.create({ model, messages, n: 2 });
  assert.equal(completion.choices.length, 2);
  for (const choice of completion.choices) {
    assert.equal(choice.finish_reason, 'stop');
    assert.ok(choice.message.content.endsWith(PROMPT));
  }
  assert.ok(completion.usage.total_tokens > 0);
});

test('chat, streamed', async () => {
  const texts = ['', ''];
  let chunks = 0;
  let usage;
  const stream = await client.chat.completions.create({
    model,
    messages,
    n: 2,
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const chunk of stream) {
    chunks += 1;
    usage = chunk.usage ?? usage;
    for (const choice of chunk.choices) texts[choice.index] += choice.delta.content ?? '';
  }
  for (const text of texts) assert.ok(text.endsWith(PROMPT));
  assert.ok(chunks > 10, 'the answer came in one burst');
  assert.ok(usage.completion_tokens > 0);
});

test('chat, streaming helper', async () => {
  const stream = client.chat.completions.stream({ model, messages });
  let text = '';
  stream.on('content', (delta) => (text += delta));
  assert.equal(await stream.finalContent(), text);
  assert.ok(text.endsWith(PROMPT));
});

test('chat, tool round trip', async () => {
  const first = await client.chat.completions.parse({ model, messages, tools: [tool] });
  const { message } = first.choices[0];
  const [call] = message.tool_calls;
  assert.deepEqual(call.function.parsed_arguments, { query: PROMPT, limit: 1 });
  const result = { name: `Mme ${PERSON}`, iban: IBAN, note: `said "${EMAIL}"` };
  const answer = { role: 'tool', tool_call_id: call.id, content: JSON.stringify(result) };
  const second = await client.chat.completions.create({ model, messages: [...messages, message, answer], tools: [tool] });
  const repeated = second.choices[0].message.content;
  assert.deepEqual(JSON.parse(repeated.slice(repeated.indexOf('{'))), result);
});

test('chat, streamed tool call', async () => {
  let name = '';
  let args = '';
  let finished;
  const stream = await client.chat.completions.create({
    model,
    messages,
    tools: [tool],
    tool_choice: { type: 'function', function: { name: 'find_customer' } },
    stream: true,
  });
  for await (const chunk of stream) {
    for (const choice of chunk.choices) {
      for (const call of choice.delta.tool_calls ?? []) {
        name += call.function.name ?? '';
        args += call.function.arguments ?? '';
      }
      finished = choice.finish_reason ?? finished;
    }
  }
  assert.equal(name, 'find_customer');
  assert.equal(finished, 'tool_calls');
  assert.deepEqual(JSON.parse(args), { query: PROMPT, limit: 1 });
});

test('chat, tool runner', async () => {
  const asked = [];
  const runner = client.chat.completions.runTools({
    model,
    messages,
    tools: [
      zodFunction({
        name: 'find_customer',
        parameters: Query,
        function: (query) => {
          asked.push(query);
          return `call ${PHONE}`;
        },
      }),
    ],
    stream: true,
  });
  assert.ok((await runner.finalContent()).endsWith(`call ${PHONE}`));
  assert.deepEqual(asked, [{ query: PROMPT, limit: 1 }]);
});

test('chat, structured output', async () => {
  const response_format = zodResponseFormat(Letter, 'letter');
  const completion = await client.chat.completions.parse({ model, messages, response_format });
  assert.deepEqual(completion.choices[0].message.parsed, { recipient: PROMPT, pages: 1, copies: [PROMPT] });
  const streamed = await client.chat.completions.stream({ model, messages, response_format }).finalChatCompletion();
  assert.equal(streamed.choices[0].message.parsed.recipient, PROMPT);
});

test('completions', async () => {
  const completion = await client.completions.create({ model, prompt: PROMPT });
  assert.ok(completion.choices[0].text.endsWith(PROMPT));
  let text = '';
  for await (const chunk of await client.completions.create({ model, prompt: PROMPT, stream: true })) {
    text += chunk.choices[0].text;
  }
  assert.ok(text.endsWith(PROMPT));
});

test('embeddings', async () => {
  const packed = await client.embeddings.create({ model: embeddingModel, input: [PROMPT, 'Second.'] });
  assert.notDeepEqual(packed.data[0].embedding, packed.data[1].embedding);
  const plain = await client.embeddings.create({ model: embeddingModel, input: PROMPT, encoding_format: 'float' });
  // Without a format the SDK asks for base64 and unpacks it; both must be the same vector of the same text.
  const [left, right] = [packed.data[0].embedding, plain.data[0].embedding];
  assert.equal(left.length, right.length);
  assert.ok(left.every((value, at) => Math.abs(value - right[at]) < 1e-6));
});

test('responses', async () => {
  const response = await client.responses.create({ model, input: PROMPT, instructions: 'You are the desk of an insurer.' });
  assert.equal(response.status, 'completed');
  assert.ok(response.output_text.endsWith(PROMPT));
  const items = await client.responses.create({
    model,
    input: [{ role: 'user', content: [{ type: 'input_text', text: PROMPT }] }],
  });
  assert.ok(items.output_text.endsWith(PROMPT));
});

test('responses, streamed', async () => {
  const kinds = new Set();
  let text = '';
  let completed;
  for await (const event of await client.responses.create({ model, input: PROMPT, stream: true })) {
    kinds.add(event.type);
    if (event.type === 'response.output_text.delta') text += event.delta;
    if (event.type === 'response.output_text.done') assert.equal(event.text, text);
    if (event.type === 'response.completed') completed = event.response;
  }
  assert.ok(text.endsWith(PROMPT));
  assert.equal(completed.output[0].content[0].text, text);
  assert.deepEqual(
    [...kinds],
    [
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ],
  );
});

test('responses, streaming helper and structured output', async () => {
  const text = { format: zodTextFormat(Letter, 'letter') };
  const parsed = await client.responses.parse({ model, input: PROMPT, text });
  assert.deepEqual(parsed.output_parsed, { recipient: PROMPT, pages: 1, copies: [PROMPT] });
  const streamed = await client.responses.stream({ model, input: PROMPT, text }).finalResponse();
  assert.equal(streamed.output_parsed.recipient, PROMPT);
});

test('responses, function round trip', async () => {
  const asked = [{ role: 'user', content: PROMPT }];
  const first = await client.responses.create({ model, input: asked, tools: [responseTool] });
  const call = first.output.find((item) => item.type === 'function_call');
  assert.deepEqual(JSON.parse(call.arguments), { query: PROMPT });
  const result = { name: `Mme ${PERSON}`, phone: PHONE };
  const answer = { type: 'function_call_output', call_id: call.call_id, output: JSON.stringify(result) };
  const second = await client.responses.create({ model, input: [...asked, ...first.output, answer], tools: [responseTool] });
  const repeated = second.output_text;
  assert.deepEqual(JSON.parse(repeated.slice(repeated.indexOf('{'))), result);
});

test('responses, streamed function call', async () => {
  let args = '';
  let done;
  const stream = await client.responses.create({ model, input: PROMPT, tools: [responseTool], stream: true });
  for await (const event of stream) {
    if (event.type === 'response.function_call_arguments.delta') args += event.delta;
    if (event.type === 'response.function_call_arguments.done') done = event.arguments;
  }
  assert.equal(done, args);
  assert.deepEqual(JSON.parse(args), { query: PROMPT });
});

test('an unknown key is an AuthenticationError', async () => {
  const stranger = client.withOptions({ apiKey: 'sk-not-a-key-of-this-gateway' });
  const error = await failure(stranger.chat.completions.create({ model, messages }));
  assert.ok(error instanceof OpenAI.AuthenticationError);
  assertShaped(error, 401);
});

test('an unknown model is refused', async () => {
  const error = await failure(client.chat.completions.create({ model: 'no-such-model', messages }));
  assertShaped(error, 400, 403, 404);
});

test('a malformed request is a BadRequestError', async () => {
  const error = await failure(client.chat.completions.create({ model, messages: PROMPT }));
  assert.ok(error instanceof OpenAI.BadRequestError);
  assertShaped(error, 400);
});

test('an endpoint that is not governed is a NotFoundError that names it', gatewayOnly, async () => {
  const error = await failure(client.files.list());
  assert.ok(error instanceof OpenAI.NotFoundError);
  assertShaped(error, 404);
  assert.ok(error.message.includes('/v1/files'));
});

test('a health prompt stays home', async () => {
  const asked = { model, messages: [{ role: 'user', content: HEALTH }] };
  if (mode !== 'abroad') {
    const completion = await client.chat.completions.create(asked);
    assert.ok(completion.choices[0].message.content.endsWith(HEALTH));
    return;
  }
  for (const stream of [false, true]) {
    const error = await failure(client.chat.completions.create({ ...asked, stream }));
    assertShaped(error, 403, 503);
    assert.match(error.message, /health-stays-hds/, 'the refusal names no rule');
    assert.match(error.message, /HDS|GDPR/, 'the refusal gives no reason');
  }
});

test('headers say what happened', gatewayOnly, async () => {
  const { data, response } = await client.chat.completions.create({ model, messages }).withResponse();
  assert.ok(response.headers.get('octroi-request-id'));
  const told = [...response.headers].filter(([name]) => name.startsWith('octroi-')).map(([, value]) => value);
  assert.ok(told.includes(mode === 'abroad' ? 'US' : 'FR'));
  assert.ok(data.choices[0].message.content.endsWith(PROMPT));
});

async function failure(promise) {
  const error = await promise.then(
    () => assert.fail('the request was served'),
    (reason) => reason,
  );
  assert.ok(error instanceof OpenAI.APIError, `not an APIError: ${error?.name}`);
  return error;
}

function assertShaped(error, ...statuses) {
  assert.ok(statuses.includes(error.status), `status ${error.status}`);
  assert.ok(error.error?.message, 'the error has no message');
  assert.ok(error.type, 'the error has no type');
  assert.notEqual(error.code, undefined, 'the error has no code');
  assert.ok(!PLANTED.some((value) => error.message.includes(value)), 'the error quotes the request');
}

test('kept responses', { skip: mode === 'abroad' ? 'nothing is kept abroad' : false }, async () => {
  const first = await client.responses.create({ model, input: PROMPT });
  const stream = client.responses.stream({ model, input: 'And now?', previous_response_id: first.id });
  const second = await stream.finalResponse();
  assert.ok(second.output_text.includes(PROMPT) && second.output_text.endsWith('And now?'));
  assert.equal(second.previous_response_id, first.id);
  assert.equal((await client.responses.retrieve(second.id)).id, second.id);
  await client.responses.delete(second.id);
  await assert.rejects(client.responses.retrieve(second.id), OpenAI.NotFoundError);
});
