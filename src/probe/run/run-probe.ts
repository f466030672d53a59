/** One run of one probe: its rounds, one after the other; repeats of what was refused for the moment; its judgement. */

import type { Clock } from '#base/clock.ts'
import type { Gate } from '#base/gate.ts'
import type { Ask, Exchange, Send } from '#probe/exchange.ts'
import type { Facts, Mode, Probe } from '#probe/probe.ts'
import { evidenceOf } from '#probe/redact.ts'
import type { Outcome } from './outcome.ts'
import type { Purse } from './purse.ts'

export type RunPorts = {
  readonly send: Send
  readonly purse: Purse
  readonly clock: Clock
  readonly gate: Gate
  readonly secrets: readonly string[]
  readonly signal: AbortSignal
}

const repeatsMax = 2
const waitMsMax = 10_000
const exchangesShownMax = 3

const isBusy = ({ status }: Exchange): boolean => status === 429 || status === 503 || status === 529

const waitOf = ({ headers }: Exchange, attempt: number): number => {
  const seconds = Number(headers['retry-after'])
  return Math.min(waitMsMax, Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : 500 * 2 ** attempt)
}

const wait = (delayMs: number, { clock, signal }: RunPorts): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const cancel = clock.after(delayMs, resolve)
    signal.addEventListener(
      'abort',
      () => {
        cancel()
        resolve()
      },
      { once: true },
    )
  })

/** A busy endpoint is asked again, a bounded number of times; each time costs. */
const sendPatiently = async (ask: Ask, ports: RunPorts, seesRefusals: boolean): Promise<Exchange> => {
  for (let attempt = 0; ; attempt += 1) {
    const exchange = await ports.send(ask)
    ports.purse.settle(exchange)
    const isWorthIt = isBusy(exchange) || exchange.end === 'unreachable'
    if (!isWorthIt || seesRefusals || attempt >= repeatsMax || ask.over === 'http2' || ports.signal.aborted)
      return exchange
    await wait(waitOf(exchange, attempt), ports)
    if (ports.purse.hold([ask]) !== null) return exchange
  }
}

/** Why the probe says nothing; `null` = it can be judged. */
const hindrance = (exchange: Exchange, probe: Probe): string | null => {
  if (exchange.ask.over === 'http2' || probe.countsAbsence === true) return null
  if (exchange.end === 'unreachable') return `the endpoint was not reached (${exchange.fault ?? 'no reason'})`
  if (probe.seesRefusals !== true && isBusy(exchange)) return `the endpoint answered ${exchange.status} again and again`
  return null
}

const roundOf = async (asks: readonly Ask[], probe: Probe, ports: RunPorts): Promise<readonly Exchange[] | string> => {
  const refused = ports.purse.hold(asks)
  if (refused !== null) return refused
  const one = (ask: Ask): Promise<Exchange> => sendPatiently(ask, ports, probe.seesRefusals === true)
  const had = await Promise.all(asks.map((ask) => (probe.alone === true ? one(ask) : ports.gate(() => one(ask)))))
  return had.map((exchange) => hindrance(exchange, probe)).find((why) => why !== null) ?? had
}

/** Runs it. Never rejects. */
export const runProbe = async (probe: Probe, facts: Facts, ports: RunPorts): Promise<Outcome> => {
  const mode: Mode = facts.stream ? 'stream' : 'plain'
  const had: Exchange[] = []
  const evidence = () => had.slice(0, exchangesShownMax).map((exchange) => evidenceOf(exchange, ports.secrets))
  for (const round of probe.rounds) {
    if (ports.signal.aborted) return { mode, evidence: evidence(), notRun: 'the run was stopped' }
    const asks = round(facts, had)
    if (asks.length === 0) break
    const came = await roundOf(asks, probe, ports)
    if (typeof came === 'string') return { mode, evidence: evidence(), notRun: came }
    had.push(...came)
  }
  return { mode, evidence: evidence(), judgement: probe.judge(had, facts) }
}
