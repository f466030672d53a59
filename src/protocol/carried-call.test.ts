import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CarriedCall } from './carried-call.ts'
import { callsWithout, gatherCalls, nameOfCall, putBack, readCarriedCall } from './carried-call.ts'
import type { Block, Message } from './chat-request.ts'
import type { Part } from './part.ts'

const at = (block: number) => ({ choice: 0, block }) as const
const signature = { format: 'anthropic', value: 'c2ln' }

/** Claude, thinking between its calls: two thoughts, two texts, two calls. */
const interleaved: readonly Part[] = [
  { type: 'reasoning-start', ...at(0) },
  { type: 'reasoning-delta', ...at(0), text: 'First ' },
  { type: 'reasoning-delta', ...at(0), text: 'this.' },
  { type: 'reasoning-end', ...at(0), carriers: [signature] },
  { type: 'text-delta', ...at(1), text: 'Grüße 👋🏽.' },
  { type: 'tool-input-start', ...at(2), id: 'toolu_0123456789', name: 'tide', kind: 'function', executor: 'caller' },
  { type: 'tool-input-delta', ...at(2), text: '{"port":' },
  { type: 'tool-input-delta', ...at(2), text: '"Brest","day":1}' },
  { type: 'reasoning-end', ...at(3), carriers: [{ format: 'anthropic', value: 'b3RoZXI=' }] },
  { type: 'text-delta', ...at(4), text: 'And now' },
  { type: 'tool-input-start', ...at(5), id: 'toolu_9876543210', name: 'moon', kind: 'function', executor: 'caller' },
  { type: 'finish', choice: 0, reason: 'tool-calls', raw: 'tool_use' },
]

const gathered = (parts: readonly Part[]): ReadonlyMap<string, CarriedCall> => {
  const gatherer = gatherCalls()
  for (const part of parts) gatherer.see(part)
  return gatherer.calls()
}

const call = (id: string, name: string, input: string): Block => ({
  type: 'tool-call',
  id,
  name,
  kind: 'function',
  executor: 'caller',
  input,
  carriers: [],
})

const turn = (content: readonly Block[]): readonly Message[] => [
  { role: 'user', content: [{ type: 'text', text: 'When?' }], name: null },
  { role: 'assistant', content, name: null },
]

const claude = { takes: ({ format }: { readonly format: string }) => format === 'anthropic', plainThought: false }
const shapes = (messages: readonly Message[]): readonly string[] =>
  (messages[1]?.content ?? []).map((block) =>
    block.type === 'reasoning'
      ? block.carriers.map(({ value }) => value).join()
      : block.type === 'text'
        ? block.text
        : block.type,
  )

const first = call('toolu_0123456789', 'tide', '{"day": 1, "port": "Brest"}')
const second = call('toolu_9876543210', 'moon', '{}')

test('each block goes back to where it stood, though the caller has joined the texts and sorted the arguments', () => {
  const calls = gathered(interleaved)
  const find = (name: string) => calls.get(name) ?? null
  const told = turn([{ type: 'text', text: 'Grüße 👋🏽.And now' }, first, second])
  assert.deepEqual(callsWithout({ messages: told }), ['toolu_0123456789', 'toolu_9876543210'])
  assert.deepEqual(shapes(putBack(told, find, claude)), [
    'c2ln',
    'Grüße 👋🏽.',
    'tool-call',
    'b3RoZXI=',
    'And now',
    'tool-call',
  ])
  // Where the text is another one, thoughts stand before what they led to.
  const changed = turn([{ type: 'text', text: 'Greetings.' }, first, second])
  assert.deepEqual(shapes(putBack(changed, find, claude)), ['c2ln', 'Greetings.', 'tool-call', 'b3RoZXI=', 'tool-call'])
  // A caller that split the calls over two messages finds each thought with its call.
  const alone = turn([second])
  assert.deepEqual(shapes(putBack(alone, find, claude)), ['b3RoZXI=', 'tool-call'])
  // What the caller brings itself is left as it is, and so is what the target would not take.
  const brought: Block = { type: 'reasoning', text: 'mine', redacted: false, summary: false, carriers: [signature] }
  const whole = turn([brought, first, second])
  assert.deepEqual(shapes(putBack(whole, find, claude)), ['c2ln', 'tool-call', 'tool-call'])
  assert.deepEqual(shapes(putBack(told, find, { ...claude, takes: () => false })), shapes(told))
})

test('a call of other arguments, of another name, or that nothing is known of, stays as it is', () => {
  const calls = gathered(interleaved)
  const find = (name: string) => calls.get(name) ?? null
  for (const other of [
    call('toolu_0123456789', 'tide', '{"port":"Dover","day":1}'),
    call('toolu_0123456789', 'tides', '{"port":"Brest","day":1}'),
    call('toolu_5555555555', 'tide', '{"port":"Brest","day":1}'),
  ]) {
    const told = turn([other])
    assert.equal(putBack(told, find, claude)[1], told[1])
  }
})

test('ids that only count are told apart by what the user had said', () => {
  assert.equal(nameOfCall('toolu_0123456789', 'a'), nameOfCall('toolu_0123456789', 'b'))
  for (const id of ['functions.tide:0', 'call_1', '0', 'some.namespace.tool:17'])
    assert.notEqual(nameOfCall(id, 'a'), nameOfCall(id, 'b'))
})

test('an answer without calls, or with nothing that must come back, leaves nothing; what is kept survives JSON', () => {
  assert.equal(gathered(interleaved.slice(0, 5)).size, 0)
  assert.equal(gathered(interleaved.filter(({ type }) => !type.startsWith('reasoning'))).size, 0)
  const [[, kept] = ['', null]] = [...gathered(interleaved)]
  assert.deepEqual(readCarriedCall(JSON.parse(JSON.stringify(kept))), kept)
  assert.equal(readCarriedCall({ digest: 'x' }), null)
})
