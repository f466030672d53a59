/** Suites of calls that are answered whole. */

import { bareNode } from '../gateway/bare-node.ts'
import type { Bench } from '../gateway/bench.ts'
import { direct } from '../gateway/direct.ts'
import { fromCache } from '../gateway/drover.ts'
import { fullRelay, grownRelays } from '../gateway/grown.ts'
import { drover, parts, peers } from '../gateway/index.ts'
import { onOtherRuntimes } from '../gateway/runtimes.ts'
import { threeNodes } from '../gateway/three-nodes.ts'
import type { Section } from '../page/report.ts'
import type { CallRow } from './calls.ts'
import { bodySizes, measureCalls, smallCall } from './calls.ts'
import type { Effort } from './effort.ts'
import { atMost, within } from './goals.ts'
import { measureMemory } from './memory.ts'
import { fixedRates, measureRates } from './rates.ts'
import { measureStarts } from './starts.ts'
import type { Outcome } from './suite.ts'
import { sideBySide } from './suite.ts'
import { callModel, warmText } from './warm.ts'

const kibibyte = 1024
const cachedSizes = [smallCall, 50 * kibibyte]
const restMs = 60_000
/** Added at the 99th percentile, at half of the highest rate. */
const [mustAddMs, goalAddMs] = [50, 5]
const startMaxMs = 1_000
/** What is called flat: as much as rounds of the same relay differ by. */
const growthMax = 1.1

const sizeText = (bytes: number): string =>
  bytes < kibibyte ? `${bytes} B` : bytes < kibibyte * kibibyte ? `${bytes / kibibyte} KiB` : '1 MiB'

const callSection = (title: string, rows: readonly CallRow[]): Section => ({
  title,
  method: `Processor time of the gateway and all its processes for each call at 16 connections, from /proc; time of an answer over one connection, less that of the provider in the same round. Medians of interleaved rounds. ${warmText}`,
  columns: [
    'gateway',
    'body',
    'processor us a call',
    'p50 ms',
    'p99 ms',
    'p50 added ms',
    'p99 added ms',
    'calls/s at 16',
    'failed',
  ],
  rows: rows.map((row) => [
    row.gateway,
    sizeText(row.bodyBytes),
    row.gateway === 'direct' ? null : row.processorUs.median,
    row.p50Ms.median,
    row.p99Ms.median,
    row.gateway === 'direct' ? null : row.addedP50Ms.median,
    row.gateway === 'direct' ? null : row.addedP99Ms.median,
    row.perSecond.median,
    row.failures,
  ]),
  bars: [2],
})

export const calls = sideBySide({
  name: 'calls',
  about: 'answers in one piece, bodies of 200 bytes to 1 MiB, all gateways',
  gateways: peers,
  models: [callModel],
  measure: async (bench, effort) => {
    const rows = await measureCalls(bench, bodySizes, effort)
    const of = (gateway: string) => rows.find((row) => row.gateway === gateway && row.bodyBytes === smallCall)
    const cost = (gateway: string) => of(gateway)?.processorUs.median
    const work = 'processor time of a call of 1 KiB'
    const ours = cost('drover')
    return {
      sections: [callSection('Calls answered whole', rows)],
      goals: [
        atMost(work, { ours, theirs: cost('bare node'), times: 1.5, peer: 'bare node', unit: 'us' }),
        atMost(work, { ours, theirs: cost('portkey'), times: 1 / 6, peer: 'portkey', unit: 'us' }),
        atMost(work, { ours, theirs: cost('nginx'), times: 4.5, peer: 'nginx', unit: 'us' }),
        atMost('added at one connection, p50', {
          ours: of('drover')?.addedP50Ms.median,
          theirs: of('bare node')?.addedP50Ms.median,
          times: 1,
          plus: 0.15,
          peer: 'bare node',
          unit: 'ms',
        }),
        atMost('added at one connection, p99', {
          ours: of('drover')?.addedP99Ms.median,
          theirs: of('bare node')?.addedP99Ms.median,
          times: 1,
          plus: 0.5,
          peer: 'bare node',
          unit: 'ms',
        }),
        within('added at one connection over the provider, p99', of('drover')?.addedP99Ms.median, {
          bound: 1,
          unit: 'ms',
        }),
      ],
    }
  },
})

/** What calls meet at fixed rates, and at half of the highest that a gateway holds. */
const ratesOf = async (
  bench: Bench,
  effort: Effort,
  { rates: asked, judged }: { readonly rates: readonly number[]; readonly judged: readonly string[] },
): Promise<Pick<Outcome, 'sections' | 'goals'>> => {
  const { rows, highest } = await measureRates(bench, asked, effort)
  const floorMs = rows.find(({ gateway }) => gateway === 'direct')?.p99Ms
  const addedAtHalf = (name: string): number | undefined => {
    const half = highest.find(({ gateway }) => gateway === name)?.half ?? undefined
    return half === undefined || floorMs === undefined ? undefined : half.p99Ms - floorMs
  }
  return {
    sections: [
      {
        title: 'Calls at a fixed rate',
        method: `Calls of 1 KiB are due at even moments whether or not earlier ones were answered; times count from the moment at which a call was due. ${warmText}`,
        columns: ['gateway', 'calls/s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'failed', 'generator late p99 ms'],
        rows: rows.map((row) => [
          row.gateway,
          String(row.ratePerSecond),
          row.p50Ms,
          row.p99Ms,
          row.p999Ms,
          row.failures,
          row.lateP99Ms,
        ]),
        bars: [3],
      },
      {
        title: 'Highest rate',
        method:
          'The highest rate at which p99 is no more than 10 ms above the provider itself and no call fails, found by halving; and what calls meet at half of it.',
        columns: ['gateway', 'calls/s', 'p50 ms at half of it', 'p99 ms', 'p99.9 ms', 'failed'],
        rows: highest.map(({ gateway, ratePerSecond, half }) => [
          gateway,
          ratePerSecond,
          half?.p50Ms ?? null,
          half?.p99Ms ?? null,
          half?.p999Ms ?? null,
          half?.failures ?? null,
        ]),
        bars: [1],
      },
    ],
    goals: judged.flatMap((name) =>
      [mustAddMs, goalAddMs].map((bound) =>
        within(`p99 at half of the highest rate, over the provider at the lowest rate: ${name}`, addedAtHalf(name), {
          bound,
          unit: 'ms',
        }),
      ),
    ),
  }
}

export const rates = sideBySide({
  name: 'rates',
  about: 'calls at fixed rates without coordinated omission, and the highest rate at p99 added <= 10 ms',
  gateways: peers,
  models: [callModel],
  measure: (bench, effort) => ratesOf(bench, effort, { rates: fixedRates, judged: ['drover'] }),
})

/** Three nodes, their Postgres and the front share the machine with the callers: more a second says nothing about them. */
const nodeRates = [50, 200] as const

export const nodes = sideBySide({
  name: 'nodes',
  about: 'calls at fixed rates through three nodes on one Postgres behind HAProxy, beside one on its own store',
  gateways: [direct, drover, threeNodes],
  models: [callModel],
  measure: (bench, effort) => ratesOf(bench, effort, { rates: nodeRates, judged: ['three nodes'] }),
})

export const memory = sideBySide({
  name: 'memory',
  about: 'idle, under load, a minute later, and with 10,000 silent connections',
  gateways: peers,
  models: [callModel],
  measure: async (bench, effort) => ({
    sections: [
      {
        title: 'Memory',
        method:
          'Proportional set size of all processes of a gateway, in MiB; load is 64 connections with bodies of 10 KiB.',
        columns: ['gateway', 'idle', 'under load', 'a minute later', '10,000 silent connections'],
        rows: (await measureMemory(bench, restMs, effort)).map((row) => [
          row.gateway,
          row.idleMib,
          row.loadMib,
          row.laterMib,
          row.connectionsMib,
        ]),
        bars: [2],
      },
    ],
    goals: [],
  }),
})

export const partsOff = sideBySide({
  name: 'parts',
  about: 'the relay with parts of it off, and with stricter stores: what each costs',
  gateways: parts,
  models: [callModel],
  measure: async (bench, effort) => ({
    sections: [callSection('What each part costs', await measureCalls(bench, [smallCall], effort))],
    goals: [],
  }),
})

export const runtimes = sideBySide({
  name: 'runtimes',
  about: 'the relay and a bare proxy on Node 24 and Bun, beside the engine that comes with the relay',
  gateways: [direct, bareNode, drover, ...onOtherRuntimes],
  models: [callModel],
  measure: async (bench, effort) => ({
    sections: [callSection('Engines', await measureCalls(bench, [smallCall], effort))],
    goals: [],
  }),
})

export const cache = sideBySide({
  name: 'cache',
  about: 'calls that are answered from what was kept of one like them, beside calls that are sent on',
  gateways: [direct, bareNode, drover, fromCache],
  models: [callModel],
  measure: async (bench, effort) => ({
    sections: [callSection('Answers given again', await measureCalls(bench, cachedSizes, effort))],
    goals: [],
  }),
})

export const growth = sideBySide({
  name: 'growth',
  about:
    'a call of a relay with 100,000 keys, 1,000 models, a million stored calls; ten million where --gateways names them',
  gateways: [direct, drover, ...grownRelays],
  models: [callModel],
  measure: async (bench, effort) => {
    const rows = await measureCalls(bench, [smallCall], effort)
    const cost = (gateway: string) => rows.find((row) => row.gateway === gateway)?.processorUs.median
    return {
      sections: [callSection('What grows', rows)],
      goals: grownRelays.map(({ name }) =>
        atMost(`processor time of a call: ${name}`, {
          ours: cost(name),
          theirs: cost('drover'),
          times: growthMax,
          peer: 'an empty relay',
          unit: 'us',
        }),
      ),
    }
  },
})

export const start = sideBySide({
  name: 'start',
  about: 'from the start of the program until it listens, with an empty store and with a million stored calls',
  gateways: [drover, fullRelay],
  models: [callModel],
  measure: async (bench, effort) => {
    const rows = await measureStarts(bench, effort)
    return {
      sections: [
        {
          title: 'Start',
          method: `The relay is ended in good order and started again on its store, ${effort.rounds} times in turns; the first start is not counted.`,
          columns: ['gateway', 'ms until it listens', 'least', 'most'],
          rows: rows.map(({ gateway, startMs: { median, min, max } }) => [gateway, median, min, max]),
          bars: [1],
        },
      ],
      goals: rows.map(({ gateway, startMs }) =>
        within(`start: ${gateway}`, startMs.median, { bound: startMaxMs, unit: 'ms' }),
      ),
    }
  },
})
