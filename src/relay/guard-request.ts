/** A request as guardrails let it pass: refused, or with what they take out spliced, every other byte as it came. */

import { Buffer } from 'node:buffer'
import { parseExactly } from '#base/exact-json.ts'
import { scanTopLevel } from '#base/json.ts'
import type { JsonLeaf } from '#base/json-leaves.ts'
import { replaceLeaves } from '#base/json-leaves.ts'
import type { JsonObject } from '#base/json-type.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { Form } from '#http/inbound.ts'
import type { Decisions, Guard, GuardHook } from '#policy/guard.ts'
import { blocked, guardsFor, guardText, looksAtText, makeDecisions } from '#policy/guard.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { Call } from '#protocol/call.ts'
import { fieldsOf } from '#protocol/openai/request.ts'
import { textBytes } from '#protocol/openai/text-bytes.ts'
import type { Draft } from './draft.ts'
import { namingKeys, saysWords } from './guard-leaves.ts'
import type { Snapshot } from './snapshot.ts'

/** Asks a webhook, with a body of JSON; gives what it answers. Rejects where it gives no answer in time. */
export type AskHook = (hook: GuardHook, question: { readonly id: string; readonly body: string }) => Promise<JsonObject>

const reasonLengthMax = 200

/** Members whose objects a model or a caller has filled in under names of its own: there an `id` says what any other word does. */
const freeKeys: ReadonlySet<string> = new Set(['input', 'args', 'response', 'arguments', 'metadata', 'variables'])

/** Members that every call has, whatever a list of parameters says. */
const bodyKeys: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'system',
  'systemInstruction',
  'contents',
  'input',
  'prompt',
  'query',
  'documents',
  'stream',
])

type Guarding = { readonly guards: readonly Guard[]; readonly decisions: Decisions }

const changedLeaf = (leaf: JsonLeaf, guarding: Guarding): string | null =>
  saysWords(leaf) ? guardText(leaf.text, { ...guarding, side: 'request' }) : null

const changedCall = (call: Call, source: string): Call => {
  const bytes = Buffer.from(source)
  let parsed: JsonObject | null = null
  return {
    ...call,
    payload: { kind: 'json', top: scanTopLevel(bytes) },
    inputBytes: textBytes(bytes),
    body: () => {
      parsed ??= parseExactly(source) as JsonObject
      return parsed
    },
  }
}

/** What is asked for, apart from what it says. */
const checkShape = (guard: Guard, call: Call): string | null => {
  const { promptBytesMax, modelsAllowed, parametersAllowed, parametersDenied } = guard
  if (promptBytesMax !== null && call.inputBytes > promptBytesMax)
    return `its text has ${call.inputBytes} bytes, and ${promptBytesMax} are the most`
  const model = modelsAllowed && [call.model, ...call.models].find((one) => !modelsAllowed.includes(one))
  if (typeof model === 'string') return `model '${model.slice(0, 100)}' is not among those that it allows`
  const names = Object.keys(call.body()).filter((name) => !bodyKeys.has(name))
  const parameter = names.find(
    (name) => parametersDenied.includes(name) || (parametersAllowed !== null && !parametersAllowed.includes(name)),
  )
  return parameter === undefined ? null : `parameter '${parameter.slice(0, 100)}' is not allowed by it`
}

/** What is asked for, by every guardrail that looks at requests. @throws Problem `content_blocked`. */
export const checkShapes = (call: Call, { guards, decisions }: Guarding): void => {
  for (const guard of guards) {
    const why = checkShape(guard, call)
    if (why === null) continue
    if (guard.action !== 'note') throw blocked(guard, why)
    decisions.note({ guard, label: 'request that it would refuse' }, 'request')
  }
}

/** Fields of a form say words too: the prompt of a picture, what a sound is about. */
const changedForm = (call: Call, form: Form, guarding: Guarding): Call => {
  const parts = form.parts.map((part) => {
    if (part.kind !== 'field' || namingKeys.has(part.name)) return part
    const value = guardText(part.value, { ...guarding, side: 'request' })
    return value === null ? part : { ...part, value }
  })
  if (parts.every((part, place) => part === form.parts[place])) return call
  const changed = { ...form, parts }
  return { ...call, payload: { kind: 'form', form: changed }, body: () => fieldsOf(changed) }
}

const checkTexts = (call: Call, guarding: Guarding): Call => {
  const guards = guarding.guards.filter(looksAtText)
  if (guards.length === 0) return call
  if (call.payload.kind === 'form') return changedForm(call, call.payload.form, { ...guarding, guards })
  const source = call.payload.top.source.toString('utf8')
  const changed = replaceLeaves(source, (leaf) => changedLeaf(leaf, { ...guarding, guards }), freeKeys)
  return changed === source ? call : changedCall(call, changed)
}

const questionOf = (guard: Guard, call: Call, draft: Draft): string => {
  const { id, key, account, project } = draft
  const facts = { guardrail: guard.name, call: id, key, account, project, protocol: call.protocol, model: call.model }
  const request = call.payload.kind === 'json' ? call.payload.top.source.toString('utf8') : JSON.stringify(call.body())
  return `${JSON.stringify(facts).slice(0, -1)},"request":${request}}`
}

export type GuardOrder = {
  readonly snapshot: Snapshot
  readonly key: KeyFacts
  readonly call: Call
  readonly draft: Draft
  readonly askHook: AskHook
}

type Verdict = { readonly passes: boolean; readonly reason: string }

const verdictOf = ({ action, reason }: JsonObject): Verdict => {
  if (action !== 'pass' && action !== 'block')
    throw new Problem('upstream_error', { message: 'its answer has no "action" that is "pass" or "block"' })
  return { passes: action === 'pass', reason: typeof reason === 'string' ? reason.slice(0, reasonLengthMax) : '' }
}

/** Gives what the webhook's answer adds to the record. @throws Problem `content_blocked`. */
const askHookOf = async (guard: Guard, call: Call, { draft, askHook }: GuardOrder): Promise<string | null> => {
  const { hook, action, name } = guard
  if (hook === null) return null
  let verdict: Verdict
  try {
    verdict = verdictOf(await askHook(hook, { id: draft.id, body: questionOf(guard, call, draft) }))
  } catch (thrown) {
    if (hook.onFailure === 'block') throw blocked(guard, `its webhook gave no answer: ${asProblem(thrown).message}`)
    return `guardrail.${name}:webhook gave no answer and the request passed`
  }
  if (verdict.passes) return `guardrail.${name}:webhook passed the request`
  if (action === 'note') return `guardrail.${name}:webhook would have blocked the request`
  throw blocked(guard, `its webhook said no${verdict.reason === '' ? '' : `: ${verdict.reason}`}`)
}

export type GuardedRequest = {
  readonly call: Call
  /** Those that look at the reply. */
  readonly replyGuards: readonly Guard[]
}

/**
 * Holds the call against every guardrail that is for it, the webhooks last; decisions go to the draft.
 * @throws Problem `content_blocked`.
 */
export const guardRequest = async (order: GuardOrder): Promise<GuardedRequest> => {
  const { snapshot, key, call, draft } = order
  if (snapshot.guards.length === 0) return { call, replyGuards: [] }
  const plan = snapshot.accounts.get(key.account)?.plan ?? null
  const own = guardsFor(snapshot.guards, { key, plan, models: [call.model, ...call.models] })
  const guarding = { guards: own.filter(({ sides }) => sides.includes('request')), decisions: makeDecisions() }
  try {
    checkShapes(call, guarding)
    const changed = checkTexts(call, guarding)
    for (const guard of guarding.guards) {
      const told = await askHookOf(guard, changed, order)
      if (told !== null) draft.warnings = [...draft.warnings, told]
    }
    return { call: changed, replyGuards: own.filter((guard) => guard.sides.includes('reply') && looksAtText(guard)) }
  } finally {
    draft.warnings = [...draft.warnings, ...guarding.decisions.warnings()]
  }
}
