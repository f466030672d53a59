/** Tool use as a whole: calls that are valid, and calls that come when another endpoint would make them. */

import { schemaFaults } from '#base/json-schema.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Trigger } from '#probe/accuracy/agreement.ts'
import { compareTriggers } from '#probe/accuracy/agreement.ts'
import { deskQuestions, deskTools } from '#probe/accuracy/cases.ts'
import { chat, room, user } from '#probe/chat/ask.ts'
import { firstChoice, readChat } from '#probe/chat/reading.ts'
import type { Ask, Exchange } from '#probe/exchange.ts'
import { wilson } from '#probe/interval.ts'
import { brokenBy, Findings, unsupported } from '#probe/judgement.ts'
import type { Facts, Probe } from '#probe/probe.ts'
import { objectAt, parsed } from '#probe/wire-events.ts'
import { groupOf, impossible } from './define.ts'

const system: JsonObject = {
  role: 'system',
  content:
    'You are a travel desk. Today is 2027-01-01. Call a tool when one answers the question; else answer in words.',
}

const questions = (facts: Facts, more: Partial<Ask> = {}): Ask[] =>
  deskQuestions.map((question) => ({
    ...chat(facts, { messages: [system, user(question)], tools: deskTools, ...room(facts, 512) }),
    ...more,
  }))

const schemaOf = (name: string): JsonObject | null => {
  const tool = deskTools.find((one) => objectAt(one, 'function')['name'] === name)
  return tool === undefined ? null : objectAt(objectAt(tool, 'function'), 'parameters')
}

type Turn = {
  readonly trigger: Trigger
  readonly unfinished: boolean
  readonly faults: readonly string[]
  readonly calls: number
}

const inputFaults = (name: string, input: string): readonly string[] => {
  const schema = schemaOf(name)
  if (schema === null) return [`a tool '${name.slice(0, 60)}' that does not exist`]
  const value = parsed(input)
  return isObject(value) ? schemaFaults(value, schema).slice(0, 1) : ['arguments that are no JSON object']
}

/** Whatever the finish reason says: a call counts when it is there, and its arguments are looked at. */
const turnOf = (exchange: Exchange): Turn => {
  if (brokenBy(exchange) !== null || exchange.status !== 200)
    return { trigger: null, unfinished: false, faults: [], calls: 0 }
  const { tools, finishes, toolFaults } = firstChoice(readChat(exchange))
  const faults = tools.flatMap(({ name, input }) => inputFaults(name, input))
  return {
    trigger: tools.length > 0 || finishes[0] === 'tool_calls',
    unfinished: finishes.length === 0,
    faults: [...faults, ...toolFaults],
    calls: tools.length,
  }
}

const refusesTools = (had: readonly Exchange[]): boolean =>
  had.length > 0 && had.every(({ status }) => status === 400 || status === 404 || status === 422)

const percent = (rate: number): string => `${(rate * 100).toFixed(1)} %`

const checkTurns = (turns: readonly Turn[], findings: Findings): void => {
  const away = turns.filter(({ trigger }) => trigger === null).length
  const unfinished = turns.filter((turn) => turn.unfinished).length
  findings.measure('unavailable', away)
  findings.must(away === 0, `${away} of ${turns.length} questions got no answer, after repeats.`)
  findings.must(unfinished === 0, `${unfinished} answers have no finish reason.`)
}

const validity: Probe['judge'] = (had) => {
  if (refusesTools(had)) return unsupported('Tools are refused.')
  const turns = had.map(turnOf)
  const called = turns.filter(({ calls }) => calls > 0)
  if (called.length === 0 && turns.every(({ trigger }) => trigger === false))
    return unsupported('The model called no tool.')
  const valid = called.filter(({ faults }) => faults.length === 0).length
  const { low, high } = wilson(valid, called.length)
  const findings = new Findings()
  checkTurns(turns, findings)
  findings.measure('turns_with_calls', called.length)
  findings.measure('valid', valid)
  findings.note(
    `${valid} of ${called.length} turns with calls are valid: 95 % interval ${percent(low)} to ${percent(high)}.`,
  )
  for (const fault of new Set(called.flatMap(({ faults }) => faults))) findings.must(false, `A call has ${fault}.`)
  return findings.judgement()
}

/** Below this chance the difference is no accident. */
const chanceMin = 0.05

const agreement: Probe['judge'] = (had, { hasReference }) => {
  if (!hasReference) return unsupported('There is nothing to compare with (--against).')
  if (refusesTools(had)) return unsupported('Tools are refused.')
  const size = deskQuestions.length
  const turns = had.map(turnOf)
  const [target, reference, again] = [turns.slice(0, size), turns.slice(size, 2 * size), turns.slice(2 * size)]
  const triggers = (list: readonly Turn[]): readonly Trigger[] => list.map(({ trigger }) => trigger)
  if (reference.every(({ trigger }) => trigger === null)) return unsupported('The reference does not answer.')
  const { f1, floor, targetOnly, floorOnly, chance } = compareTriggers(
    triggers(target),
    triggers(reference),
    triggers(again),
  )
  const findings = new Findings()
  checkTurns(target, findings)
  findings.measure('f1', Number(f1.toFixed(4)))
  findings.measure('f1_of_reference_with_itself', Number(floor.toFixed(4)))
  findings.measure('differs_alone', targetOnly)
  findings.measure('reference_differs_alone', floorOnly)
  findings.note(`F1 ${percent(f1)}; the reference agrees with itself at ${percent(floor)}.`)
  findings.must(
    chance >= chanceMin,
    `Tools are called at other times than the reference does, beyond its own noise: ${targetOnly} against ${floorOnly} cases (p = ${chance.toFixed(4)}).`,
  )
  return findings.judgement()
}

export const accuracyProbes = groupOf({ group: 'accuracy', dependents: { parameters: ['tools', 'functions'] } }, [
  {
    id: 'tool-validity',
    title: 'Calls of a travel desk are valid',
    level: 'warning',
    countsAbsence: true,
    modes: ['plain', 'stream'],
    rule: 'Every call names a tool that exists, with arguments that are an instance of its schema; every answer has a finish reason.',
    remedy: impossible('Another host of the same model may do better: its engine decides.'),
    known: ['K2 on some hosts: 72 to 76 % of calls valid (2025-11)'],
    ask: (facts) => questions(facts),
    judge: validity,
  },
  {
    id: 'tool-agreement',
    title: 'Tools are called when the reference calls them',
    level: 'warning',
    countsAbsence: true,
    rule: 'Disagreement is within what the reference has with itself (sign test, 5 %). Needs --against.',
    remedy: impossible('Another host of the same model may do better: its engine decides.'),
    known: ["Moonshot's own endpoint agrees with itself at F1 76 to 84 %"],
    ask: (facts) =>
      facts.hasReference
        ? [...questions(facts), ...questions(facts, { to: 'reference' }), ...questions(facts, { to: 'reference' })]
        : [],
    judge: agreement,
  },
])
