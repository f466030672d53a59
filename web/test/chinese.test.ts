/**
 * The console in Chinese, every page of it with every kind of sentence that the relay says: what is left in English is a name, an id, a command, or what somebody else wrote. Each
 * exception stands below with its reason.
 */

import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import type { Page, Route } from 'playwright-core'
import { textsOf } from '../../src/base/sentence.ts'
import { texts as migrations } from '../pages/migrations/texts.ts'
import type { Visit } from './browser.ts'
import { settled } from './browser.ts'
import { ownPaths, paths } from './paths.ts'
import { saidOf } from './sentences.ts'
import type { Hall } from './stage.ts'
import { enterHall } from './stage.ts'
import { asCustomer, asOperator, assertWell, button, dialog, open } from './visits.ts'

/** Words that are the same in Chinese, or nobody's to translate. */
const allowed: readonly (readonly [words: RegExp, why: string])[] = [
  [/'?\bdrover [a-z][\w -]*(?:--[\w-]+(?:[ =]\S+)?\s?)*/g, 'commands'],
  [
    /\b[a-z_]+: ?(?:\{[^}]*\}|[a-z_]+)|\{[^}]*\}|\bcost\b|\bclients\//g,
    'settings and metrics as a file has them, a folder',
  ],
  [
    /\b[\w$./:@*-]*[\d_./:@*-][\w$./:@*-]*\b/g,
    'ids, addresses, models, metrics, routes, settings: one word with a digit, a dot, a slash, a dash',
  ],
  [
    /\b(?:Drover|Redis|Postgres|SQLite|Stripe|Slack|OpenAI|Anthropic|Gemini|Kimi|DeepSeek|Moonshot|Python|Node|curl|LangChain|Vercel AI|Codex CLI|Claude Code|JavaScript)\b/gi,
    'names of products',
  ],
  [
    /\b(?:tokens?|API|Base URL|URL|ID|IP|JSON Schema|JSONL?|CSV|YAML|HTML|PDF|HTTPS?|SSE|TOTP|CPU|GB|[KMG]i?B|ms|min|TTFT|USD|CNY|RMB|UTC|webhook|SDK|MCP|Ctrl|Enter|IBAN)\b/gi,
    'terms, units and keys of the keyboard that are written so',
  ],
  [/\bE[A-Z]{5,}\b/g, 'faults of the system, by their names'],
  [/“kept”/g, 'the word that stands in a file for a credential'],
]

/** Of the stage: customers, people, keys, providers, plans, recipients, and what was typed into it. */
const named =
  /\b(?:acme|globex|initech|umbrella|default|Ana|search|production|grafana|moonshot|openai|zhipu|deepseek|hook|chat|kimi|cards|secrets|free|pro|team|admin|test|sandbox|litellm|relative|nobody|billing|Chrome|Linux)\b/gi

/** What was typed into it. */
const typed = /Ordered twice by mistake: once is enough|bank of \w+/gi

/** Where data stands that is nobody's to translate: code, names of the machine, what is typed, answers of models. */
const data = 'noscript, code, pre, .mono, .code, textarea, [lang=en], script, style, option[value=en]'

/** Runs in the browser: what is read there, and by those who do not see it. */
const textsOn = (left: string): readonly string[] => {
  const found: string[] = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const holder = node.parentElement
    const text = node.textContent?.trim() ?? ''
    if (text === '' || holder === null || holder.closest(left) !== null) continue
    found.push(text)
  }
  for (const one of document.querySelectorAll('[aria-label], [placeholder]')) {
    if (one.closest('pre, code') !== null) continue
    for (const name of ['aria-label', 'placeholder']) found.push(one.getAttribute(name) ?? '')
  }
  return found
}

const wordForm = /[A-Za-z]{3,}/

/** What of a text is English and no exception; `null` = nothing. */
const englishIn = (text: string): string | null => {
  const rest = [typed, ...allowed.map(([words]) => words), named].reduce(
    (left, words) => left.replace(words, ' '),
    text,
  )
  return wordForm.test(rest) ? text : null
}

async function englishOn(page: Page): Promise<readonly string[]> {
  return [...new Set((await page.evaluate(textsOn, data)).flatMap((text) => englishIn(text) ?? []))]
}

let hall: Hall
before(async () => {
  hall = await enterHall()
})
after(() => hall?.leave())

type Json = Readonly<Record<string, unknown>>

/** Answers a read as the relay would, but for what `change` puts into it. */
async function changed(page: Page, path: RegExp, change: (body: Json) => Json): Promise<void> {
  await page.route(
    ({ pathname }) => path.test(pathname),
    async (route: Route) => {
      const answer = await route.fetch()
      const body = (await answer.json()) as Json
      await route.fulfill({ response: answer, json: answer.ok() ? change(body) : body })
    },
  )
}

const events = (body: Json): Json => {
  const [first] = body['data'] as readonly Json[]
  const data = saidOf.event.map((said, index) => ({ ...first, id: `evt_${index}`, message: said.text, said }))
  return { ...body, data, next: null, names: { acc_1: 'acme', key_1: 'acme-live', prj_1: 'search' } }
}

const decisions = (body: Json): Json => {
  const [first] = body['log'] as readonly Json[]
  const log = saidOf.migration.map((said, index) => ({ ...first, number: index + 1, why: said.text, why_said: said }))
  const standing = saidOf.migration.find(({ code }) => code === 'standing')
  const next = saidOf.migration.find(({ code }) => code === 'next_if_open')
  return { ...body, log, sentence_said: standing, next_said: next }
}

const health = (body: Json): Json => ({ ...body, warnings: textsOf(saidOf.health), warnings_said: saidOf.health })

const plan = (body: Json): Json => ({ ...body, notes: textsOf(saidOf.plan), notes_said: saidOf.plan })

const preflight = (body: Json): Json => {
  const [first] = body['checks'] as readonly Json[]
  const checks = saidOf.preflight.map((said, index) => ({
    ...first,
    check: ['answers', 'keys', 'credit', 'quota', 'conformance', 'way_back'][index % 6],
    arm: index % 2 === 0 ? 'baseline' : null,
    says: said.text,
    says_said: said,
    mend: said.text,
    mend_said: said,
  }))
  return { ...body, checks }
}

const prices = (body: Json): Json => {
  const [first] = body['data'] as readonly Json[]
  const [rate] = (first?.['rates'] ?? []) as readonly Json[]
  const rates = saidOf.price.map((said) => ({ ...rate, why: said.text, why_said: said }))
  return { ...body, data: [{ ...first, rates }] }
}

/** Values that stand in drover.yaml as they are written there. */
const valueForm = /^(?:all|account|project|key)(?:（默认）)?$|^multipart /

/** Each page by its address, and what of it is English. */
async function sweep(visit: Visit, all: readonly string[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const path of all) {
    await open(visit, path)
    const english = (await englishOn(visit.page)).filter(
      (text) => !path.startsWith('/configuration') || !valueForm.test(text),
    )
    found.push(...english.map((text) => `${path}: ${text}`))
  }
  return found
}

const file = `migration: sweep
match: { models: [glm-5] }
baseline: { route: zhipu/glm-5 }
candidate: { route: moonshot/kimi-k2.6, param_policy: shim }
preflight: { conformance: off, health_check: { interval: 1ms, success_threshold: 1 } }
`

describe('in Chinese nothing is left in English', () => {
  const view = { language: 'zh-CN', theme: 'dark', width: 1440 } as const

  test('on any page of the operator, with everything that the relay can say', async () => {
    const visit = await asOperator(hall, view)
    await changed(visit.page, /\/api\/v1\/events$/, events)
    await changed(visit.page, /\/api\/v1\/migrations\/gpt-to-kimi$/, decisions)
    await changed(visit.page, /\/health\/readiness$/, health)
    await changed(visit.page, /\/api\/v1\/prices\/diff$/, prices)
    const ids = async (path: string): Promise<readonly Json[]> =>
      (await hall.stage.ask(path))['data'] as readonly Json[]
    const calls = (await ids('/calls?limit=100')).filter(({ attempts }) => (attempts as readonly Json[]).length > 1)
    const sheets = [
      ...[...calls, ...(await ids('/calls?limit=2'))].map(({ id }) => `/requests?call=${id}`),
      ...(await ids('/payments?first=newest&limit=4')).map(({ id }) => `/orders?order=${id}`),
    ]
    assert.deepEqual(await sweep(visit, [...paths, ...sheets]), [])
    await assertWell(visit)
  })

  test('in a plan and in what is looked at before a start', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await changed(page, /\/migrations\/plan$/, plan)
    await changed(page, /\/migrations\/preflight$/, preflight)
    await open(visit, '/migrations')
    await button(page, say(migrations.start)).click()
    const wizard = dialog(page, say(migrations.startTitle))
    await wizard.getByLabel(say(migrations.file), { exact: true }).fill(file)
    await button(wizard, say(migrations.plan)).click()
    await wizard.getByRole('table', { name: say(migrations.risks) }).waitFor()
    await button(wizard, say(migrations.preflight)).click()
    await wizard.getByRole('table', { name: say(migrations.preflight) }).waitFor()
    await settled(page)
    assert.deepEqual(await englishOn(page), [])
    await assertWell(visit)
  })

  test('on the pages of a customer', async () => {
    const visit = await asCustomer(hall, view)
    assert.deepEqual(await sweep(visit, ['/', '/billing', '/keys', '/usage', ...ownPaths]), [])
    await assertWell(visit)
  })
})
