import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ChatRequest } from './chat-request.ts'
import { noParameters } from './chat-request.ts'
import { chatToolName, claudeToolName, fitToolNames, geminiToolName, plainToolName, withOwnName } from './tool-name.ts'

const tool = (name: string) => ({ kind: 'function', name, description: null, parameters: null, strict: null }) as const
const requestOf = (names: readonly string[], more: Partial<ChatRequest> = {}): ChatRequest => ({
  ...noParameters,
  ...{ source: 'openai-chat', stream: false, messages: [], extra: {} },
  tools: names.map(tool),
  ...more,
})
const start = (name: string) =>
  ({ type: 'tool-input-start', choice: 0, block: 0, id: 'a', name, kind: 'function', executor: 'caller' }) as const

test('any names go out in a form that is taken, each as another, and come back as they were', () => {
  const forms = [plainToolName, claudeToolName, chatToolName, geminiToolName]
  const any = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 90 }),
    fc.stringMatching(/^[\w.:/-]{1,90}$/),
  )
  fc.assert(
    fc.property(fc.uniqueArray(any, { maxLength: 8 }), fc.constantFrom(...forms), (own, form) => {
      const { request, names } = fitToolNames(requestOf(own), form)
      const sent = request.tools.map(({ name }) => name)
      assert.ok(sent.every((name) => form.test(name)))
      assert.equal(new Set(sent).size, own.length)
      assert.deepEqual(
        sent.map((name) => (withOwnName(start(name), names) as ReturnType<typeof start>).name),
        own,
      )
    }),
  )
})

test('a tool has one name wherever it is named, and others are left alone', () => {
  const call = { type: 'tool-call', id: 'a', name: 'files.read', kind: 'function', input: '{}', carriers: [] } as const
  const result = { type: 'tool-result', id: 'a', name: 'files.read', isError: false, content: [] } as const
  const message = { name: null, content: [{ ...call, executor: 'caller' as const }] }
  const asked = requestOf(['files.read', 'plain'], {
    toolChoice: { mode: 'tool', name: 'files.read', kind: 'function' },
    messages: [
      { ...message, role: 'assistant' },
      { role: 'tool', name: null, content: [{ ...result, executor: 'caller' }] },
    ],
  })
  const { request, names } = fitToolNames(asked, plainToolName)
  const [sent] = names.keys()
  assert.match(sent ?? '', /^files_read_[0-9a-f]{8}$/)
  const said = JSON.stringify(request)
  assert.ok(!said.includes('files.read') && said.includes('"plain"'))
  assert.equal(said.split(`"${sent}"`).length - 1, 4)
  const { request: allowed } = fitToolNames(
    requestOf(['a.b'], { toolChoice: { mode: 'allowed', required: true, names: ['a.b', 'plain'] } }),
    plainToolName,
  )
  assert.ok(!JSON.stringify(allowed).includes('a.b'))
  assert.deepEqual(fitToolNames(asked, geminiToolName), { request: asked, names: new Map() }, 'Gemini takes dots')
  assert.deepEqual(fitToolNames(asked, undefined), { request: asked, names: new Map() })
})

test('each format gets a name as it is where it takes it: Claude long ones, Kimi none without a letter in front, Vertex no colons', () => {
  const goesAsItIs = (name: string, form: RegExp) => fitToolNames(requestOf([name]), form).names.size === 0
  const long = `mcp__${'a'.repeat(100)}`
  const taken = [long, '_private', '21st_magic', 'files.read', 'mcp:read'].map((name) =>
    [claudeToolName, plainToolName, chatToolName, geminiToolName].map((form) => goesAsItIs(name, form)),
  )
  assert.deepEqual(taken, [
    [true, false, false, false],
    [true, true, false, true],
    [true, true, false, false],
    [false, false, false, true],
    [false, false, false, false],
  ])
  const sent = [...fitToolNames(requestOf(['_private', '21st_magic']), chatToolName).names.keys()]
  assert.deepEqual(
    sent.map((name) => name.slice(0, -8)),
    ['t_private_', 't21st_magic_'],
  )
})
