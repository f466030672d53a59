import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import { catalogOf } from '#catalog/load.ts'
import type { Inbound } from '#http/inbound.ts'
import { labelsOf } from './labels.ts'
import { codeOf, openStage } from './test-stage.ts'
import { completion } from './test-upstream.ts'

const inbound = (headers: Readonly<Record<string, string>>): Inbound => ({
  id: 'call_1',
  origin: '',
  method: 'POST',
  path: '/v1/chat/completions',
  query: new URLSearchParams(),
  headers,
  remoteAddress: '192.0.2.1',
  fromLoopback: false,
  arrivedMs: 0,
  signal: new AbortController().signal,
  body: { kind: 'none' },
})

const read = (headers: Readonly<Record<string, string>> = {}) => labelsOf(inbound(headers))

const assertRefused = (headers: Readonly<Record<string, string>>, param: string, why: RegExp): void =>
  assert.throws(
    () => read(headers),
    (thrown) =>
      thrown instanceof Problem &&
      thrown.code === 'invalid_request_error' &&
      thrown.detail.param === param &&
      why.test(thrown.message),
  )

test('a call without labels has none', () => {
  const { tags, ...others } = read({ 'x-drover-tags': ' ', 'x-session-id': '' })
  assert.deepEqual(Object.entries(tags), [])
  assert.deepEqual(others, {
    callSite: null,
    session: null,
    strict: false,
    exact: false,
    arm: null,
    clientDeadlineMs: null,
    clientSilenceMs: null,
  })
})

test('a switch is on or off; what is neither is refused, so that nobody takes for strict what is not', () => {
  for (const text of ['true', 'TRUE', '1']) assert.equal(read({ 'x-drover-strict': text }).strict, true, text)
  for (const text of ['false', '0', '']) assert.equal(read({ 'x-drover-exact': text }).exact, false, text)
  assertRefused({ 'x-drover-strict': 'yes please' }, 'x-drover-strict', /neither "true" nor "false"/)
  assertRefused({ 'x-drover-exact': 'on' }, 'x-drover-exact', /x-drover-exact/)
})

test('an arm is one of the two; any other name is refused, so that nobody takes an answer for one of the candidate', () => {
  assert.equal(read({ 'x-drover-arm': ' Candidate ' }).arm, 'candidate')
  assert.equal(read({ 'x-drover-arm': '' }).arm, null)
  assertRefused({ 'x-drover-arm': 'canary' }, 'x-drover-arm', /neither "baseline" nor "candidate"/)
})

test('tags are pairs; values may hold an equals sign and blanks around are cut', () => {
  const { tags } = read({ 'x-drover-tags': 'team=search, query = a=b ,empty=,__proto__=x' })
  assert.deepEqual(Object.entries(tags), [
    ['team', 'search'],
    ['query', 'a=b'],
    ['empty', ''],
    ['__proto__', 'x'],
  ])
})

test('tags that are not pairs, too many or too long are refused by name', () => {
  assertRefused({ 'x-drover-tags': 'team' }, 'x-drover-tags', /without "="/)
  assertRefused({ 'x-drover-tags': 'team=a, team=b' }, 'x-drover-tags', /a tag twice/)
  assertRefused({ 'x-drover-tags': '=search' }, 'x-drover-tags', /without "="/)
  assertRefused({ 'x-drover-tags': ' =search' }, 'x-drover-tags', /without "="/)
  assertRefused({ 'x-drover-tags': 'a=1,' }, 'x-drover-tags', /without "="/)
  const pairs = (count: number): string => Array.from({ length: count }, (_, index) => `t${index}=1`).join()
  assert.equal(Object.keys(read({ 'x-drover-tags': pairs(16) }).tags).length, 16)
  assertRefused({ 'x-drover-tags': pairs(17) }, 'x-drover-tags', /more than 16/)
  assert.equal(read({ 'x-drover-tags': `a=${'x'.repeat(64)}` }).tags['a']?.length, 64)
  assertRefused({ 'x-drover-tags': `a=${'x'.repeat(65)}` }, 'x-drover-tags', /over 64 characters/)
  assertRefused({ 'x-drover-tags': `${'x'.repeat(65)}=a` }, 'x-drover-tags', /over 64 characters/)
})

for (const header of ['x-drover-call-site', 'x-session-id'])
  test(`${header} is kept, and refused when it is too long`, () => {
    const labels = read({ [header]: 'y'.repeat(256) })
    assert.equal(`${labels.callSite ?? ''}${labels.session ?? ''}`, 'y'.repeat(256))
    assertRefused({ [header]: 'y'.repeat(257) }, header, /longer than 256 characters/)
  })

test('strict is asked for in so many words', () => {
  assert.equal(read({ 'x-drover-strict': 'True' }).strict, true)
  assert.equal(read({ 'x-drover-strict': 'false' }).strict, false)
})

test("the client's deadline is kept a little short of it, and never under half", () => {
  const deadline = (text: string) => read({ 'x-stainless-timeout': text }).clientDeadlineMs
  assert.equal(deadline('600'), 599_750)
  assert.equal(deadline('0.3'), 150)
  for (const nothing of ['', '0', '-1', 'soon', 'Infinity']) assert.equal(deadline(nothing), null)
})

test('labels reach the record, and a header that is refused reaches nobody else', async () => {
  const stage = openStage()
  await stage.call({ headers: { 'x-session-id': 's'.repeat(257) } }).then((caller) => {
    assert.deepEqual([caller.status(), codeOf(caller.json())], [400, 'invalid_request_error'])
    assert.equal(caller.record().error, 'invalid_request_error')
  })
  assert.equal(stage.arrivals('alpha'), 0)
  const caller = await stage.call({
    headers: { 'x-drover-tags': 'team=search', 'x-drover-call-site': 'app/a.ts:7', 'x-session-id': 'chat-9' },
  })
  stage.arrival('alpha').answer(400, { error: { message: 'No.' } })
  await stage.settle()
  const { tags, callSite, session, conversation } = caller.record()
  assert.deepEqual({ ...tags }, { team: 'search' })
  assert.deepEqual([callSite, session], ['app/a.ts:7', 'chat-9'])
  assert.match(conversation ?? '', /^[0-9a-f]{32}$/)
})

test('a parameter that the model cannot take is adjusted with a warning, and refused where strict is asked for', async () => {
  const page = { url: 'https://alpha.example', read: '2026-11-22' }
  const alpha = {
    vendor: 'alpha',
    name: 'Alpha',
    docs: page.url,
    sources: { page },
    rules: { cool: { parameters: { temperature: { fixed: 1 } }, source: 'page' } },
    models: [{ id: 'alpha-1', rules: ['cool'], source: 'page' }],
  }
  const stage = openStage({ catalog: catalogOf([{ name: 'alpha.json', text: JSON.stringify(alpha) }]) })
  const body = { temperature: 0.7 }
  const refused = await stage.call({ body, headers: { 'x-drover-strict': 'true' } })
  assert.deepEqual([refused.status(), codeOf(refused.json())], [400, 'unsupported_parameter'])
  assert.deepEqual([refused.record().end, stage.arrivals('alpha'), stage.timers()], ['refused', 0, 0])
  const adjusted = await stage.call({ body })
  assert.equal(stage.arrival('alpha').body()['temperature'], 1)
  stage.arrival('alpha').answer(200, completion('Hi'))
  await stage.settle()
  assert.equal(adjusted.header('x-drover-warnings'), 'temperature:fixed at 1')
  assert.deepEqual(adjusted.record().attempts[0]?.shims, ['temperature:fixed'])
})
