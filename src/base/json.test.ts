import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Splice } from './json.ts'
import { hasMember, memberText, readMember, scanTopLevel, spliceTopLevel } from './json.ts'
import { Problem } from './problem.ts'

const scan = (text: string) => scanTopLevel(Buffer.from(text))
const splice = (text: string, edits: Splice): string => spliceTopLevel(scan(text), edits).toString()

const refusal = (source: Buffer | string): Problem => {
  try {
    scanTopLevel(Buffer.from(source as string))
  } catch (problem) {
    assert.ok(problem instanceof Problem)
    assert.equal(problem.code, 'invalid_json')
    return problem
  }
  return assert.fail(`accepted ${JSON.stringify(source.toString())}`)
}

test('members are listed in order with exact offsets', () => {
  const source = Buffer.from(' {\r\n "model" : "kimi-k2",\t"n":1e3 , "x":[{"a":[]},null] }\n')
  const top = scanTopLevel(source)
  const seen = top.members.map((member) => [
    member.key,
    source.toString('utf8', member.keyStart, member.keyEnd),
    source.toString('utf8', member.valueStart, member.valueEnd),
  ])
  assert.deepEqual(seen, [
    ['model', '"model"', '"kimi-k2"'],
    ['n', '"n"', '1e3'],
    ['x', '"x"', '[{"a":[]},null]'],
  ])
  assert.equal(source[top.open], 0x7b)
  assert.equal(source[top.close], 0x7d)
})

test('an empty object has no members', () => {
  assert.deepEqual(scan('{ }').members, [])
})

test('the last of duplicate keys is read, escapes in keys are resolved', () => {
  const top = scan('{"model":"a","m\\u006fdel":"b"}')
  assert.equal(top.members.length, 2)
  assert.equal(readMember(top, 'model'), 'b')
  assert.equal(memberText(top, 'model')?.toString(), '"b"')
  assert.equal(readMember(top, 'absent'), undefined)
  assert.equal(memberText(top, 'absent'), undefined)
})

test('__proto__ is a key like any other', () => {
  const top = scan('{"__proto__":{"admin":true},"constructor":1}')
  assert.ok(hasMember(top, '__proto__'))
  assert.ok(!hasMember(top, 'toString'))
  assert.deepEqual(readMember(top, '__proto__'), { admin: true })
  assert.equal(({} as { admin?: boolean }).admin, undefined)
  const spliced = spliceTopLevel(top, { set: { ['__proto__']: '1' }, rename: { constructor: 'kind' } })
  assert.equal(spliced.toString(), '{"__proto__":1,"kind":1}')
})

const malformed: readonly (readonly [string, number, string])[] = [
  ['   ', 3, 'a JSON object'],
  ['[1]', 0, 'a JSON object'],
  ['"x"', 0, 'a JSON object'],
  ['null', 0, 'a JSON object'],
  ['{', 1, 'a key'],
  ['{"a"', 4, '":"'],
  ['{"a":', 5, 'a value'],
  ['{"a":1', 6, '"," or "}"'],
  ['{"a":1,}', 7, 'a key'],
  ['{,}', 1, 'a key'],
  ["{'a':1}", 1, 'a key'],
  ['{a:1}', 1, 'a key'],
  ['{"a":1}x', 7, 'nothing after'],
  ['{"a":1}{}', 7, 'nothing after'],
  ['{"a":01}', 6, '"," or "}"'],
  ['{"a":-}', 6, 'a digit'],
  ['{"a":1.}', 7, 'a digit'],
  ['{"a":.5}', 5, 'a value'],
  ['{"a":+1}', 5, 'a value'],
  ['{"a":1e}', 7, 'a digit'],
  ['{"a":1e+}', 8, 'a digit'],
  ['{"a":NaN}', 5, 'a value'],
  ['{"a":nul}', 8, '"null"'],
  ['{"a":True}', 5, 'a value'],
  ['{"a":"x', 7, 'the end of a string'],
  ['{"a":"\t"}', 6, 'control character'],
  ['{"a":"\\x"}', 7, 'an escape'],
  ['{"a":"\\u12g4"}', 10, 'hexadecimal'],
  ['{"a":"\\', 7, 'an escape'],
  ['{"a":[1,]}', 8, 'a value'],
  ['{"a":[1}', 7, '"," or "]"'],
  ['{"a":{"b":1]}', 11, '"," or "}"'],
  ['{"a":{1:2}}', 6, 'a key'],
  ['{"a" 1}', 5, '":"'],
  ['{"a":1 "b":2}', 7, '"," or "}"'],
  ['{"a":\u00a01}', 5, 'a value'],
  ['{"a":1}\u0000', 7, 'nothing after'],
  ['{"a":/* no */1}', 5, 'a value'],
]

for (const [text, byte, expected] of malformed)
  test(`refused: ${JSON.stringify(text)}`, () => {
    assert.throws(() => {
      const value: unknown = JSON.parse(text)
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('no object')
    })
    const problem = refusal(text)
    assert.equal(problem.detail.facts?.['byte'], byte)
    assert.ok(String(problem.detail.facts?.['expected']).includes(expected), problem.message)
  })

test('an empty body and a byte order mark are named', () => {
  assert.match(refusal('').message, /empty/)
  assert.match(refusal('\ufeff{}').message, /byte order mark/)
})

test('broken UTF-8 is refused close to where it is', () => {
  const wide = Buffer.from(`{"a":"${'日本語'.repeat(2000)}"}`)
  for (const at of [6, 1000, 17_999]) {
    const broken = Buffer.from(wide)
    broken[at] = 0xff
    const byte = Number(refusal(broken).detail.facts?.['byte'])
    assert.ok(Math.abs(byte - at) <= 8, `${byte} for ${at}`)
  }
  assert.match(refusal(Buffer.from([0x7b, 0x22, 0xc3, 0x22, 0x3a, 0x31, 0x7d])).message, /UTF-8/)
  assert.match(refusal(wide.subarray(0, 8)).message, /UTF-8/)
})

test('the nesting bound is exact', () => {
  const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
  assert.equal(scan(nested(64)).members.length, 1)
  assert.match(refusal(nested(65)).message, /64 levels/)
  assert.match(refusal(`{"a":${'{"b":'.repeat(100_000)}`).message, /64 levels/)
  assert.throws(() => scanTopLevel(Buffer.from(nested(4)), { depthMax: 3 }), Problem)
})

test('the bound on members is exact', () => {
  const wide = (count: number) => `{${Array.from({ length: count }, (_, index) => `"k${index}":0`).join(',')}}`
  assert.equal(scan(wide(4096)).members.length, 4096)
  assert.match(refusal(wide(4097)).message, /4096 members/)
})

test('the scan says yes and no as JSON.parse does, on documents and on damaged ones', () => {
  const document = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ depthSize: 'medium' }))
  const damage = fc.record({ at: fc.nat(), byte: fc.constantFrom(...'{}[],:"\\-+0.eE1 \n\tunlx') })
  fc.assert(
    fc.property(document, fc.option(damage), fc.nat(3), (value, harm, indent) => {
      const text = JSON.stringify(value, null, indent)
      const at = harm === null ? 0 : harm.at % text.length
      const harmed = harm === null ? text : text.slice(0, at) + harm.byte + text.slice(at + 1)
      const source = Buffer.from(harmed).toString()
      let parsed: unknown
      try {
        parsed = JSON.parse(source)
      } catch {
        refusal(source)
        return
      }
      const top = scan(source)
      const read = new Map(top.members.map(({ key }) => [key, readMember(top, key)]))
      assert.deepEqual(read, new Map(Object.entries(parsed as object)))
    }),
    { numRuns: 2000 },
  )
})

test('in a long string every character is seen, wherever it stands and wherever in memory the body begins', () => {
  const characters = [...Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code)), 'é', '号', '😀']
  const isRead = (read: () => unknown): boolean => {
    try {
      read()
      return true
    } catch (thrown) {
      assert.ok(thrown instanceof Problem || thrown instanceof SyntaxError)
      return false
    }
  }
  for (const character of characters)
    for (let before = 0; before < 150; before += 1) {
      const text = `{"a":"${'x'.repeat(before)}${character}${'y'.repeat(150 - before)}","b":1}`
      const bytes = Buffer.from(text)
      const shifted = Buffer.alloc(bytes.length + 8).subarray(before % 4, (before % 4) + bytes.length)
      shifted.set(bytes)
      const expected = isRead(() => JSON.parse(text))
      assert.equal(
        isRead(() => scanTopLevel(shifted)),
        expected,
        JSON.stringify([character, before]),
      )
      if (expected)
        assert.deepEqual(
          scanTopLevel(shifted).members.map(({ key }) => key),
          ['a', 'b'],
        )
    }
})

test('a splice keeps every other byte', () => {
  const odd = '\n{ "model" :"a" ,"x":1.0e+0,\t"x" : "\\u00e9" , "messages":[ ]\r\n}  '
  assert.equal(splice(odd, {}), odd)
  assert.equal(splice(odd, { set: { model: '"b"' } }), odd.replace('"a"', '"b"'))
  assert.equal(splice(odd, { cut: ['x'] }), '\n{ "model" :"a" , "messages":[ ]\r\n}  ')
  assert.equal(splice(odd, { set: { z: '{}', y: 'null' } }), odd.replace('[ ]', '[ ],"z":{},"y":null'))
  assert.equal(splice(odd, { rename: { messages: 'input' } }), odd.replace('"messages"', '"input"'))
})

test('cuts at the beginning, at the end and of everything leave valid objects', () => {
  assert.equal(splice('{"a":1, "b":2, "c":3}', { cut: ['a'] }), '{"b":2, "c":3}')
  assert.equal(splice('{"a":1, "b":2, "c":3}', { cut: ['c'] }), '{"a":1, "b":2}')
  assert.equal(splice('{"a":1, "b":2, "c":3}', { cut: ['a', 'b'] }), '{"c":3}')
  assert.equal(splice('{"a":1, "b":2, "c":3}', { cut: ['b', 'c'] }), '{"a":1}')
  assert.equal(splice('{ "a":1, "b":2 }', { cut: ['a', 'b'] }), '{  }')
  assert.equal(splice('{ "a":1 }', { cut: ['a'], set: { b: '2' } }), '{ "b":2 }')
  assert.equal(splice('{ }', { set: { b: '2' } }), '{"b":2 }')
})

test('every occurrence is changed', () => {
  const twice = '{"m":1,"x":0,"m":2}'
  assert.equal(splice(twice, { set: { m: '9' } }), '{"m":9,"x":0,"m":9}')
  assert.equal(splice(twice, { cut: ['m'] }), '{"x":0}')
  assert.equal(splice(twice, { rename: { m: 'n' } }), '{"n":1,"x":0,"n":2}')
})

test('a renamed member gives way to one that has the name already; swaps are possible', () => {
  assert.equal(splice('{"a":1,"b":2}', { rename: { a: 'b' } }), '{"b":2}')
  assert.equal(splice('{"a":1,"b":2}', { rename: { a: 'b', b: 'a' } }), '{"b":1,"a":2}')
  assert.equal(splice('{"a":1,"b":2}', { rename: { a: 'b' }, cut: ['b'] }), '{"b":1}')
  assert.equal(splice('{"a":1}', { rename: { a: 'b' }, set: { b: '7' } }), '{"b":7}')
})

test('a splice reads as the same change made on the parsed object', () => {
  const keys = fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'é"')
  const document = fc.array(fc.tuple(keys, fc.jsonValue({ maxDepth: 2 })), { maxLength: 8 })
  const values = fc.dictionary(
    keys,
    fc.jsonValue({ maxDepth: 1 }).map((value) => JSON.stringify(value)),
  )
  fc.assert(
    fc.property(document, values, fc.array(keys, { maxLength: 3 }), (members, set, cut) => {
      const source = `{${members.map(([key, value]) => `${JSON.stringify(key)} : ${JSON.stringify(value)}`).join(' , ')}}`
      const expected = new Map<string, unknown>(members.map(([key, value]) => [key, JSON.parse(JSON.stringify(value))]))
      for (const key of cut) expected.delete(key)
      for (const [key, value] of Object.entries(set)) expected.set(key, JSON.parse(value))
      const result = spliceTopLevel(scan(source), { set, cut })
      assert.deepEqual(new Map(Object.entries(JSON.parse(result.toString()) as object)), expected)
    }),
  )
})

test('the names of a document are its text without the insides of long strings, which stay known by how they begin', () => {
  const long = `begins here ${'x'.repeat(5_000)} \\"deep\\" inside`
  const text = `{"a":"${long}","b":["short \\u00e9",{"c":"${long}"}],"${long}":1}`
  const begins = `"${long.slice(0, 1_023)}"`
  assert.equal(scan(text).names(), `{"a":${begins},"b":["short \\u00e9",{"c":${begins}}],${begins}:1}`)
  assert.equal(scan('{"a":"b"}').names(), '{"a":"b"}')
  const top = scan('{"a":"b"}')
  const before = top.names()
  top.forget()
  assert.equal(top.names(), before)
})
