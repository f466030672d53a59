/** Suites of streams. */

import { bareNode } from '../gateway/bare-node.ts'
import { drover, peers } from '../gateway/index.ts'
import type { Section } from '../page/report.ts'
import { described } from '../page/report.ts'
import type { CrossingRate, CrossingRow } from './crossings.ts'
import { measureCrossings } from './crossings.ts'
import { atMost, within } from './goals.ts'
import type { StreamRow } from './streams.ts'
import { measureStreams, paces, streamModel, warmingModel } from './streams.ts'
import type { Suite } from './suite.ts'
import { sideBySide } from './suite.ts'
import { measureTrace, traceModels } from './traces.ts'
import { callModel, warmText } from './warm.ts'

const fewStreams = 128

const streamSection = (title: string, rows: readonly StreamRow[]): Section => ({
  title,
  method: `Role, then events at an even pace; processor time for each event that came through, time to the first byte of the body, gaps between events. A stall is a gap of more than ten paces. ${warmText} Short streams followed for three seconds.`,
  columns: [
    'gateway',
    'streams',
    'processor us an event',
    'first byte p50 ms',
    'p99 ms',
    'p50 added ms',
    'gap p99 added ms',
    'stalls',
    'memory MiB',
    'failed',
  ],
  rows: rows.map((row) => [
    row.gateway,
    `${row.streams} at ${row.paceMs} ms`,
    row.gateway === 'direct' ? null : row.processorUs.median,
    row.firstByteP50Ms.median,
    row.firstByteP99Ms.median,
    row.gateway === 'direct' ? null : row.addedFirstByteP50Ms.median,
    row.gateway === 'direct' ? null : row.addedGapP99Ms.median,
    row.stalls,
    row.gateway === 'direct' ? null : row.memoryMib.median,
    row.failures,
  ]),
  bars: [2],
})

export const streams = sideBySide({
  name: 'streams',
  about: '32 to 512 streams of 64 events at 20 ms, 4,096 at 500 ms, all gateways',
  gateways: peers,
  models: [...new Set(paces.map(streamModel)), warmingModel, callModel],
  measure: async (bench, effort) => {
    const rows = await measureStreams(bench, paces, effort)
    const of = (gateway: string, count: number) => rows.find((row) => row.gateway === gateway && row.streams === count)
    const cost = (gateway: string) => of(gateway, fewStreams)?.processorUs.median
    const work = 'processor time of an event, same protocol'
    return {
      sections: [streamSection('Streams', rows)],
      goals: [
        atMost(work, { ours: cost('drover'), theirs: cost('bare node'), times: 1.25, peer: 'bare node', unit: 'us' }),
        atMost(work, { ours: cost('drover'), theirs: cost('nginx'), times: 2, peer: 'nginx', unit: 'us' }),
        within('stalls of 512 streams at 20 ms', of('drover', 512)?.stalls, { bound: 0, unit: 'stalls' }),
        within('memory with 4,096 streams at 500 ms', of('drover', 4096)?.memoryMib.median, {
          bound: 350,
          unit: 'MiB',
        }),
      ],
    }
  },
})

/** What bare Node takes to pass on an event of this provider, whose events are larger or smaller than another's. */
const bareOf = (rows: readonly CrossingRow[], { provider }: CrossingRow): number | undefined =>
  rows.find((row) => row.gateway === 'bare node' && row.provider === provider)?.processorUs.median

/** Of these the one that takes the most of what bare Node takes. */
const dearestOf = (rows: readonly CrossingRow[], ours: readonly CrossingRow[]): CrossingRow | undefined => {
  const times = (row: CrossingRow): number => row.processorUs.median / (bareOf(rows, row) ?? Number.NaN)
  return [...ours].sort((one, other) => times(other) - times(one))[0]
}

const crossingSection = (rows: readonly CrossingRow[]): Section => ({
  title: 'Translation',
  method:
    'Streams of 200 pieces, a thought and a call of a tool, one event each 5 ms, 32 at a time, after six seconds of them that are not counted: processor time for each event of the provider, beside that of bare Node with the same provider; and an answer that is no stream, over one connection.',
  columns: [
    'gateway',
    'caller',
    'provider',
    'processor us an event',
    'of bare node',
    'whole p50 ms',
    'whole p99 ms',
    'failed',
  ],
  rows: rows.map((row) => [
    row.gateway,
    row.caller,
    row.provider,
    row.processorUs.median,
    row.processorUs.median / (bareOf(rows, row) ?? Number.NaN),
    row.wholeP50Ms.median,
    row.wholeP99Ms.median,
    row.failures,
  ]),
  bars: [3],
})

const crossingRateSection = (rates: readonly CrossingRate[]): Section => ({
  title: 'Translation at a fixed rate',
  method:
    'Whole answers, open-loop: the highest rate at which p99 is no more than 10 ms above that of bare Node at 20 a second, found by halving; what calls meet at half of it; and the time to the first byte of streams that come at 20 a second, each of which lasts a second.',
  columns: [
    'gateway',
    'caller',
    'provider',
    'calls/s',
    'p50 ms at half of it',
    'p99 ms',
    'first byte of a stream p50 ms',
    'p99 ms',
    'failed',
  ],
  rows: rates.map((row) => [
    row.gateway,
    row.caller,
    row.provider,
    row.highestPerSecond,
    row.halfP50Ms,
    row.halfP99Ms,
    row.firstByteP50Ms,
    row.firstByteP99Ms,
    row.failures,
  ]),
  bars: [3],
})

export const crossings: Suite = {
  name: 'crossings',
  about: 'every format in front with every format behind: an event that is translated beside one that passes',
  run: async (effort) => {
    const { rows, rates, answered, booked } = await measureCrossings(effort)
    const slowest = Math.max(...rates.filter(({ gateway }) => gateway === 'drover').map(({ halfP99Ms }) => halfP99Ms))
    const bareP99Ms = rates.find(({ gateway }) => gateway === 'bare node')?.halfP99Ms
    const ours = rows.filter(({ gateway }) => gateway === 'drover')
    const eventGoal = (work: string, crossings: readonly CrossingRow[], times: number) => {
      const dearest = dearestOf(rows, crossings)
      const theirs = dearest === undefined ? undefined : bareOf(rows, dearest)
      return atMost(work, { ours: dearest?.processorUs.median, theirs, times, peer: 'bare node', unit: 'us' })
    }
    return {
      sections: [crossingSection(rows), crossingRateSection(rates)],
      goals: [
        atMost('p99 at half of the highest rate, the slowest crossing', {
          ours: slowest,
          theirs: bareP99Ms,
          times: 1,
          plus: 50,
          peer: 'bare node',
          unit: 'ms',
        }),
        eventGoal(
          'processor time of an event, same format, the dearest of four',
          ours.filter(({ caller, provider }) => caller === provider),
          1.25,
        ),
        eventGoal(
          'processor time of an event, the dearest translation',
          ours.filter(({ caller, provider }) => caller !== provider),
          2.5,
        ),
      ],
      gateways: [described(bareNode), described(drover)],
      missing: [],
      parity: [{ gateway: 'drover', answered, booked }],
    }
  },
}

export const trace = sideBySide({
  name: 'trace',
  about: 'a workload replayed in time and length, open-loop: --trace FILE, or one that is made up',
  gateways: peers,
  models: traceModels,
  measure: async (bench, effort) => ({
    sections: [
      {
        title: 'A workload replayed',
        method:
          'Prompts of their lengths (4 bytes a token), answers streamed at 100 tokens a second, at the moments at which they came, sped up or slowed down to 15 calls a second; times count from the moment at which a call was due.',
        columns: [
          'gateway',
          'processor us a call',
          'first byte p50 ms',
          'p99 ms',
          'whole p50 ms',
          'p99 ms',
          'calls',
          'failed',
        ],
        rows: (await measureTrace(bench, effort.trace, effort)).map((row) => [
          row.gateway,
          row.gateway === 'direct' ? null : row.processorUs,
          row.firstByteP50Ms,
          row.firstByteP99Ms,
          row.wholeP50Ms,
          row.wholeP99Ms,
          row.calls,
          row.failures,
        ]),
        bars: [3],
      },
    ],
    goals: [],
  }),
})
