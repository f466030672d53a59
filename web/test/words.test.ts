/** Nothing that the relay says of its settings, or of what it does, is left in English for those who read Chinese. */

import { strict as assert } from 'node:assert'
import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { accessRefusals } from '../../src/base/access-refusals.ts'
import { eventSentences } from '../../src/base/event-sentences.ts'
import { healthSentences } from '../../src/base/health-sentences.ts'
import { moneyRefusals } from '../../src/base/money-refusals.ts'
import { objectRefusals } from '../../src/base/object-refusals.ts'
import { operatorRefusals } from '../../src/base/operator-refusals.ts'
import { problems } from '../../src/base/problem.ts'
import { refusalSays, saying } from '../../src/base/refusal.ts'
import { joined, sayer } from '../../src/base/sentence.ts'
import { trailOperations } from '../../src/base/trail-operation.ts'
import { priceReasons } from '../../src/catalog/price-source/reasons.ts'
import { formBlocks } from '../../src/config/form.ts'
import { blocks } from '../../src/config/schema.ts'
import { phases } from '../../src/migration/itinerary.ts'
import { planSentences } from '../../src/migration/plan-sentences.ts'
import { preflightChecks } from '../../src/migration/preflight.ts'
import { reason, reasons } from '../../src/migration/reasons.ts'
import { risks } from '../../src/migration/risk.ts'
import { comparators } from '../../src/migration/shadow-compare.ts'
import { findings } from '../../src/rehearsal/findings.ts'
import { helpInChinese } from '../pages/configuration/help-in-chinese.ts'
import { formatOf } from '../parts/format.ts'
import { problemsInChinese } from '../parts/problem-words.ts'
import { dictionary } from '../parts/said/dictionary.ts'
import { faultInChinese } from '../parts/said/fault-words.ts'
import { checkNames, phaseNames, respectNames, riskNames } from '../parts/said/names.ts'
import { mitigationsInChinese } from '../parts/said/plan-words.ts'
import { refusalDictionary, tellRefusal } from '../parts/said/refusal-tell.ts'
import { teller } from '../parts/said/tell.ts'
import { trailWord } from '../parts/said/trail-words.ts'

const root = resolve(import.meta.dirname, '../..')

type Schema = Readonly<Record<string, unknown>>

/** Every description below a schema. */
function descriptionsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  const { description } = value as Schema
  const below = Object.values(value).flatMap(descriptionsIn)
  return typeof description === 'string' ? [description, ...below] : below
}

test('each setting of the form is explained in Chinese, and nothing that is not there', () => {
  const schemas = formBlocks.map((name) => z.toJSONSchema(blocks[name], { io: 'input', unrepresentable: 'any' }))
  const said = new Set(schemas.flatMap(descriptionsIn))
  const missing = [...said].filter((help) => helpInChinese[help] === undefined)
  assert.deepEqual(missing, [], 'web/pages/configuration/help-in-chinese.ts has no Chinese for these')
  assert.deepEqual(
    Object.keys(helpInChinese).filter((help) => !said.has(help)),
    [],
  )
  for (const [english, chinese] of Object.entries(helpInChinese)) assert.match(chinese, /\p{Script=Han}/u, english)
})

test('what to do about each refusal of the relay is said in Chinese, and nothing of a code that is not there', () => {
  assert.deepEqual(Object.keys(problemsInChinese).sort(), Object.keys(problems).sort())
  for (const [code, chinese] of Object.entries(problemsInChinese)) assert.match(chinese, /\p{Script=Han}/u, code)
})

const tables = [
  reasons,
  planSentences,
  findings,
  eventSentences,
  healthSentences,
  priceReasons,
  accessRefusals,
  moneyRefusals,
  objectRefusals,
  operatorRefusals,
]
const said = Object.assign({}, ...tables) as Readonly<Record<string, unknown>>

/** What a word fills in or asks for. */
const placesIn = (text: string): readonly string[] => [
  ...new Set([...text.matchAll(/\{(\w+)(?::\w+)?\}|\[!?(\w+)\?/g)].map(([, filled, asked]) => filled ?? asked ?? '')),
]

test('every sentence of the relay that has a code is worded in both languages, with the same things filled in, and no other', () => {
  const count = tables.reduce((sum, table) => sum + Object.keys(table).length, 0)
  assert.equal(Object.keys(said).length, count, 'two sentences have one code')
  const every = { ...dictionary, ...refusalDictionary }
  assert.deepEqual(Object.keys(every).sort(), Object.keys(said).sort())
  for (const [code, [english, chinese]] of Object.entries(every)) {
    // What is only put together has no words of its own.
    if (!['probe', 'check_failed', 'of_rate', 'fault_at'].includes(code)) assert.match(chinese, /\p{Script=Han}/u, code)
    assert.deepEqual([...placesIn(chinese)].sort(), [...placesIn(english)].sort(), code)
    assert.equal(chinese.match(/[[{]/g)?.length, chinese.match(/[\]}]/g)?.length, code)
  }
})

test('a sentence within another is worded as well; one without a word here is told as the relay told it', () => {
  const tell = teller(dictionary)
  const [english, chinese] = (['en', 'zh-CN'] as const).map((language) => ({ format: formatOf(language, 'UTC') }))
  assert.ok(english !== undefined && chinese !== undefined)
  const lack = reason('too_few', { met: 1_200, needed: 2_000 })
  const shut = reason('gate_shut', { step: 2, lack })
  assert.equal(tell(shut, chinese), '第 2 步已到时而关口未开：接触候选的会话为 1,200 个，需要 2,000 个')
  assert.match(tell(shut, english), /^the time of step 2 is over and its gate is not open: 1,200 of 2,000/)
  const counted = { metric: 'error-rate', slower_than_ms: null, share: 0.0123, hits: 5, seen: 406, limit: 0.01 }
  assert.equal(
    tell(reason('over_limit', counted), chinese),
    'error-rate：候选的会话中有 1.23%（406 个中的 5 个），上限为 1%',
  )
  const late = reason('over_limit', { ...counted, slower_than_ms: 900.4, hits: null, seen: null })
  assert.equal(
    tell(late, english),
    'error-rate (slower than 900 ms): 1.23% of the candidate’s conversations, the limit is 1%',
  )
  const asked = reason('by_person', { change: 'pause', actor: 'key:key_1', reason: null })
  assert.equal(tell(asked, { ...chinese, names: { key_1: 'ops' } }), '由 ops 暂停')
  const unknown = sayer({ unheard_of: () => 'It is new.' })('unheard_of')
  assert.equal(tell(unknown, chinese), 'It is new.')
})

test('what the trail tells of, phases, checks, risks and respects have a name in both languages', () => {
  for (const operation of trailOperations) {
    const [english, chinese] = trailWord(operation)
    assert.notEqual(english, operation)
    assert.match(chinese, /\p{Script=Han}/u, operation)
  }
  assert.deepEqual(
    phases.filter((phase) => !(phase in phaseNames)),
    [],
  )
  assert.deepEqual(Object.keys(checkNames).sort(), [...preflightChecks].sort())
  assert.deepEqual(Object.keys(riskNames).sort(), [...risks].sort())
  assert.deepEqual(Object.keys(mitigationsInChinese).sort(), [...risks].sort())
  assert.deepEqual(Object.keys(respectNames).sort(), [...comparators].sort())
})

const faultVerbs =
  'must|needs|names|leads|holds|is|has|does|lists|reaches|signs|unknown|stands|limits|checks|takes|cannot|there (?:is|are)'

/** What a file says of a setting: its texts that go on from the name of one. What is filled in is some figure. */
const faultsIn = (source: string): readonly string[] =>
  [...source.matchAll(new RegExp(`(['"\`])((?:${faultVerbs}) (?:\\\\.|(?!\\1)[^\\\\\\n])*)\\1`, 'g'))]
    .map(([, , text = '']) =>
      text
        .replaceAll("\\'", "'")
        .replace(/\$\{[^}]*\}/g, '7')
        .replace(/ \$\{.*$/, ' 7')
        .replace(/\$\{.*$/, ''),
    )
    .filter((text) => text.length > 8)

test('what is wrong with a setting is said in Chinese, wherever the schemas and the loader say it', () => {
  const files = globSync('src/{config/*,*/settings}.ts', { cwd: root }).filter(
    (file) => !/\.test\.ts$|config\/(?:watch|form|document)\.ts/.test(file),
  )
  assert.ok(files.length > 25)
  const texts = new Set(files.flatMap((file) => faultsIn(readFileSync(join(root, file), 'utf8'))))
  assert.ok(texts.size > 100, `${texts.size} texts`)
  const missing = [...texts].filter((text) => !/\p{Script=Han}/u.test(faultInChinese(text) ?? ''))
  assert.deepEqual(missing, [], 'web/parts/said/fault-words.ts has no Chinese for these')
  const place = { place: 'drover.yaml:3:5', path: 'server.prot' }
  const fault = refusalSays('fault_at', { ...place, what: "unknown key; did you mean 'port'?" })
  const chinese = { format: formatOf('zh-CN', 'UTC') }
  const stays = saying('file_stays', { why: joined([fault, fault], '\n') }).said
  const worded = 'drover.yaml:3:5 server.prot：未知的键；是否指“port”？'
  assert.equal(tellRefusal(stays, chinese), `文件未改动：${worded}；${worded}`)
})

test('why a migration is not started is said in the words of its plan and of what was looked at', () => {
  const chinese = { format: formatOf('zh-CN', 'UTC') }
  const breaks = sayer(planSentences)('no_model', { model: 'kimi-k9' })
  const check = { check: 'keys', arm: 'candidate', says: sayer(findings)('needs_no_key'), mend: null }
  const planned = saying('not_started', { why: [breaks], is_plan: true })
  assert.match(
    planned.message,
    /^The migration is not started: match\.models: there is no model "kimi-k9"\. 'drover migrate plan'/,
  )
  const told = tellRefusal(planned.said, chinese)
  assert.match(told, /^迁移未启动：match\.models：没有模型“kimi-k9”。/)
  assert.match(told, /“drover migrate plan”可查看完整计划。$/)
  const looked = tellRefusal(
    saying('not_started', { why: [reason('check_failed', check)], is_plan: false }).said,
    chinese,
  )
  assert.doesNotMatch(looked, /its provider|shows the whole plan/)
  assert.match(looked, /--skip-preflight/)
})

test('an amount is written one way wherever it stands: cents at least, more digits where cents would say nothing, no needless zeros', () => {
  const { money } = formatOf('en', 'UTC')
  const nano = [
    '250000000000',
    '250004300000',
    '-12500000000',
    '1000000000',
    '120000000',
    '51234567',
    '4321000',
    '12',
    '0',
  ]
  assert.deepEqual(
    nano.map((one) => money(one)),
    [...['$250.00', '$250.00', '-$12.50', '$1.00', '$0.12', '$0.0512', '$0.004321', '$0.000000012', '$0.00']],
  )
  assert.equal(money(null), '–')
})
