/** `drover bench`: how fast the relay is that one runs, against its own sandbox: no provider is asked and no money moves. */

import { Command, Option } from 'commander'
import { keyOperations } from '#admin/keys.ts'
import type { Operation } from '#admin/operation.ts'
import { quantileMs } from '#base/histogram.ts'
import { durationMsOf } from '#base/settings.ts'
import type { LoadResult } from './bench/load.ts'
import { runLoad } from './bench/load.ts'
import type { ConnectionFlags } from './connection.ts'
import { connect } from './connection.ts'
import { Failure, usageFailure } from './failure.ts'
import { addConnectionFlags } from './operation-command.ts'
import type { Client } from './remote-client.ts'
import type { Shell } from './shell.ts'

type Flags = ConnectionFlags & {
  readonly duration: string
  readonly concurrency: number
  readonly model: string
  readonly stream?: boolean
  readonly json?: boolean
}

const durationMsMin = 1_000
const durationMsMax = 300_000
const callersMax = 512
/** Of the time, what one caller alone is measured for: without a queue, what is left is the relay. */
const aloneShare = 0.25
const provider = 'sandbox'

type Percentiles = { readonly p50: number | null; readonly p99: number | null }
type Part = {
  readonly callers: number
  readonly calls: number
  readonly failures: Readonly<Record<string, number>>
  readonly calls_per_second: number
  readonly round_trip_ms: Percentiles
  readonly added_ms: Percentiles
}

const percentiles = (times: ReadonlyMap<number, number>): Percentiles => ({
  p50: quantileMs(times, 0.5),
  p99: quantileMs(times, 0.99),
})

const partOf = (callers: number, { calls, failures, tookMs, roundTrips, added }: LoadResult): Part => ({
  callers,
  calls,
  failures: Object.fromEntries(failures),
  calls_per_second: Math.round((calls / tookMs) * 10_000) / 10,
  round_trip_ms: percentiles(roundTrips),
  added_ms: percentiles(added),
})

const operationOf = (verb: string): Operation => keyOperations.find((one) => one.verb === verb) as unknown as Operation

/** A test key for as long as it is measured. */
const withKey = async <T>(client: Client, work: (key: string) => Promise<T>): Promise<T> => {
  const made = await client.run(operationOf('create'), { name: 'drover bench', test: true })
  const { id, key } = made as { readonly id: string; readonly key: string }
  try {
    return await work(key)
  } finally {
    await client.run(operationOf('revoke'), { id })
  }
}

const checkFlags = ({ duration, concurrency }: Flags): number => {
  const forMs = durationMsOf(duration)
  if (forMs === null || forMs < durationMsMin || forMs > durationMsMax)
    throw usageFailure(`--duration ${duration} is no time from 1s to 5m.`, 'Write it with its unit, 10s.')
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > callersMax)
    throw usageFailure(`--concurrency must be a whole number from 1 to ${callersMax}.`, 'Leave it out for 32.')
  return forMs
}

const failed = ({ failures, calls }: LoadResult): void => {
  if (calls > 0) return
  const why = [...failures].map(([code, count]) => `${code} (${count} times)`).join(', ')
  throw new Failure({
    what: 'No call was answered.',
    why: why === '' ? 'it was interrupted' : why,
    next: "'drover doctor' says what is wrong with the server.",
    code: 'failed',
  })
}

/** A key that leads to a provider would cost money. */
const checkProvider = (result: LoadResult): void => {
  if (result.provider === provider) return
  throw new Failure({
    what: `The calls were answered by '${result.provider ?? 'nobody'}', not by the sandbox.`,
    why: null,
    next: 'Look at what stands between this command and the server.',
    code: 'failed',
  })
}

const measure = async (client: Client, flags: Flags, { ports }: Shell): Promise<readonly Part[]> => {
  const forMs = checkFlags(flags)
  const { concurrency, model, stream = false } = flags
  const { clock, signal } = ports
  const order = {
    url: client.where,
    certificate: client.certificate ?? null,
    model,
    stream,
    signal,
    nowMs: clock.monotonicMs,
  }
  return withKey(client, async (key) => {
    // The first calls open connections and warm the server up; they are not counted.
    const first = await runLoad({ ...order, key, callers: Math.min(4, concurrency), forMs: 500 })
    failed(first)
    checkProvider(first)
    const alone = await runLoad({ ...order, key, callers: 1, forMs: forMs * aloneShare })
    failed(alone)
    const together = await runLoad({ ...order, key, callers: concurrency, forMs: forMs * (1 - aloneShare) })
    failed(together)
    return [partOf(1, alone), partOf(concurrency, together)]
  })
}

const cell = (value: number | null): string => (value === null ? '-' : value.toFixed(2)).padStart(9)

const table = (url: string, parts: readonly Part[]): string =>
  [
    `${url}, sandbox: no provider in it`,
    'callers     calls  failed   calls/s   added p50   added p99   round trip p50   round trip p99',
    ...parts.map(({ callers, calls, failures, calls_per_second: rate, added_ms: added, round_trip_ms: trip }) => {
      const failedCalls = Object.values(failures).reduce((sum, count) => sum + count, 0)
      const counts = `${String(callers).padStart(7)} ${String(calls).padStart(9)} ${String(failedCalls).padStart(7)}`
      return `${counts} ${rate.toFixed(1).padStart(9)}  ${cell(added.p50)}ms ${cell(added.p99)}ms  ${cell(trip.p50)}ms     ${cell(trip.p99)}ms`
    }),
    '',
  ].join('\n')

/** Exit 1 where a call failed. */
export const benchCommand = (shell: Shell, exited: (code: number) => void): Command => {
  const command = new Command('bench')
    .description(
      'Measure the relay that runs, against its own sandbox: added milliseconds and calls a second. It makes load.',
    )
    .allowExcessArguments(false)
    .option('--duration <time>', 'For how long, 1s to 5m: a quarter of it with one caller, the rest with all.', '10s')
    .addOption(new Option('--concurrency <n>', `Callers at a time, 1 to ${callersMax}.`).default(32).argParser(Number))
    .option('--model <id>', 'The model that is asked for.', 'kimi-k2')
    .option('--stream', 'Ask for streams.')
    .option('--json', 'Print JSON.')
  addConnectionFlags(command)
  return command.action(async () => {
    const flags = command.opts<Flags>()
    checkFlags(flags)
    const client = await connect(flags, shell.ports)
    try {
      if (!/^https?:/.test(client.where))
        throw new Failure({
          what: 'No server runs.',
          why: null,
          next: "Start one with 'drover serve', or name one with --url and DROVER_ADMIN_KEY.",
          code: 'unreachable',
        })
      const parts = await measure(client, flags, shell)
      if (flags.json === true) shell.terminal.json({ url: client.where, stream: flags.stream === true, parts })
      else shell.terminal.data(table(client.where, parts))
      if (parts.some(({ failures }) => Object.keys(failures).length > 0)) exited(1)
    } finally {
      await client.close()
    }
  })
}
