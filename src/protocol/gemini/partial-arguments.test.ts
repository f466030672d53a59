import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PartialArguments } from './partial-arguments.ts'

test('pieces go where their paths lead, and texts that go on are added to', () => {
  const args = new PartialArguments()
  args.add([{ jsonPath: '$.port', stringValue: 'Br', willContinue: true }])
  args.add([{ jsonPath: '$.port', stringValue: 'est' }])
  args.add([
    { jsonPath: '$.days[0].n', numberValue: 2 },
    { jsonPath: "$['a b'].ok", boolValue: true },
  ])
  args.add([{ jsonPath: '$.days[1]', nullValue: 'NULL_VALUE' }])
  assert.deepEqual(JSON.parse(args.text()), { port: 'Brest', days: [{ n: 2 }, null], 'a b': { ok: true } })
})

test('what is told again is told anew, and what leads nowhere is left out', () => {
  const args = new PartialArguments()
  args.add([{ jsonPath: '$.a', stringValue: 'x' }])
  args.add([{ jsonPath: '$.a', stringValue: 'y' }])
  args.add([
    { jsonPath: 'a', stringValue: 'z' },
    { jsonPath: '$', stringValue: 'z' },
    { jsonPath: '$.__proto__.b', stringValue: 'z' },
  ])
  args.add('nonsense')
  assert.equal(args.text(), '{"a":"y"}')
})
