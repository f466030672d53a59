/** A relay in front of providers that fail in chosen ways and of one that is sound: one pair for each case, so that no case knows another. */

import { strict as assert } from 'node:assert'
import type { Fault, FaultName } from '../fake/fault.ts'
import { closedPort, cutAtEventOf, faultOf, sound } from '../fake/fault.ts'
import type { FakeUpstream, Script, Seen } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { Voice } from '../fake/voice.ts'
import type { OpenAnswer } from './call.ts'
import { openCall } from './call.ts'
import type { Caller } from './caller.ts'
import { makeChance } from './chance.ts'
import type { CallLine, Relay } from './harness.ts'
import { fakeKey, startRelay } from './harness.ts'

export type Case = {
  /** A model id; the first provider is `<name>-faulty`, the other `<name>-sound`. */
  readonly name: string
  readonly fault: FaultName
  /** What stands in `route`, without its deadlines: `strategy: fallback`. */
  readonly route: string
  /** Both providers fail. */
  readonly isEverybody?: boolean
  /** How its providers speak, where not as all others. */
  readonly voice?: Voice
  /** In the place of the fault's own: streams break off before the event with this index. */
  readonly cutAtEvent?: number
}

export type FaultBench = {
  readonly relay: Relay
  readonly key: string
  /** What reached the faulty provider of a case, and the sound one. */
  readonly seenAt: (name: string, which: 'faulty' | 'sound') => readonly Seen[]
  readonly close: () => Promise<void>
}

/** Deadlines of every case: short, so that a silent provider is left soon. */
export const deadlines = { headersMs: 500, firstTokenMs: 500, idleMs: 500, totalMs: 2_000 }

const timeout = `{ connect: 500ms, headers: ${deadlines.headersMs}ms, first_token: ${deadlines.firstTokenMs}ms, idle: ${deadlines.idleMs}ms, total: ${deadlines.totalMs}ms }`

const providerLine = (name: string, { vendor, settings }: Voice, address: string): string =>
  `  ${name}: { vendor: ${vendor}, base_url: "${address}", allow_private: true, api_key: "env:FAKE_KEY"${settings === undefined ? '' : `, ${settings}`} }`

const modelBlock = ({ name, route }: Case): string => `  ${name}:
    targets:
      - { provider: ${name}-faulty, model: m, cost: { input: "1.00", output: "2.00" } }
      - { provider: ${name}-sound, model: m, cost: { input: "2.00", output: "4.00" } }
    price: { input: "3.00", output: "6.00" }
    route: { ${route}, sticky: none, timeout: ${timeout} }`

/** The case that a request is for, by the first step of its path. */
const placeOf = (seen: Seen): string => seen.target.split('/')[1] ?? ''

const scriptsFor = (cases: readonly Case[], usual: Voice, seed: number): ReadonlyMap<string, Script> => {
  const scripts = new Map<string, Script>()
  for (const [index, { name, fault, isEverybody, cutAtEvent, voice = usual }] of cases.entries()) {
    const { script }: Fault = faultOf(fault)
    const plan = { voice, chance: makeChance(seed + index), slowMs: 900 }
    const failing = cutAtEvent === undefined ? script?.(plan) : cutAtEventOf(voice, cutAtEvent)
    if (failing !== undefined) scripts.set(`${name}-faulty`, failing)
    scripts.set(`${name}-sound`, isEverybody === true && failing !== undefined ? failing : sound(voice))
  }
  return scripts
}

type Stand = { readonly upstream: FakeUpstream; readonly voice: Voice }

const configFor = async (cases: readonly Case[], { upstream, voice: usual }: Stand): Promise<string> => {
  const nobody = await closedPort()
  const addressOf = (name: string, isRefused: boolean): string =>
    `http://127.0.0.1:${isRefused ? nobody : upstream.port}/${name}/v1`
  const providers = cases.flatMap(({ name, fault, voice = usual }) => [
    providerLine(`${name}-faulty`, voice, addressOf(`${name}-faulty`, faultOf(fault).script === null)),
    providerLine(`${name}-sound`, voice, addressOf(`${name}-sound`, false)),
  ])
  return `providers:\n${providers.join('\n')}\nmodels:\n${cases.map(modelBlock).join('\n')}\n`
}

/** What one call came to, read to its end. */
export type Outcome = {
  readonly open: OpenAnswer
  readonly text: string
  /** Whether it ended cleanly, and so can be taken for whole. */
  readonly isWhole: boolean
  readonly tookMs: number
}

/** The call of this caller, read to its end, however it ends. */
export async function askOnce(bench: FaultBench, caller: Caller, { model, stream }: Wish): Promise<Outcome> {
  const started = performance.now()
  const open = await openCall(bench.relay.url, { key: bench.key, ...caller.ask(model, stream) })
  let text = ''
  let isWhole = true
  try {
    for (let piece = await open.next(); piece !== null; piece = await open.next()) text += piece.toString()
  } catch (fault) {
    // The relay closes the connection of a cut answer.
    assert.ok(fault instanceof Error)
    isWhole = false
  }
  return { open, text, isWhole, tookMs: performance.now() - started }
}

export type Wish = { readonly model: string; readonly stream: boolean }

/** Starts one relay and one fake for all cases. The same seed fails at the same bytes. */
export async function startFaultBench(cases: readonly Case[], voice: Voice, seed: number): Promise<FaultBench> {
  const scripts = scriptsFor(cases, voice, seed)
  const upstream = await startUpstream((exchange) => scripts.get(placeOf(exchange.seen))?.(exchange))
  const config = await configFor(cases, { upstream, voice })
  const starting = startRelay({ config, env: { FAKE_KEY: fakeKey }, startWithinMs: 120_000 })
  const relay = await starting.catch(async (fault: unknown) => {
    await upstream.close()
    throw fault
  })
  const { key } = await relay.createKey()
  return {
    relay,
    key,
    seenAt: (name, which) => upstream.seen.filter((seen) => placeOf(seen) === `${name}-${which}`),
    close: async () => {
      await upstream.close()
      await relay[Symbol.asyncDispose]()
    },
  }
}

/** The attempts of a record. */
export const attemptsOf = (record: CallLine): readonly CallLine[] => record['attempts'] as readonly CallLine[]
