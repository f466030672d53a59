/** All suites that start gateways. */

import { parts, peers } from '../gateway/index.ts'
import type { CallRow } from './calls.ts'
import { bodySizes, callModel, measureCalls } from './calls.ts'
import { atMost, within } from './goals.ts'
import { measureMemory } from './memory.ts'
import { fixedRates, measureRates } from './rates.ts'
import type { StreamRow } from './streams.ts'
import { measureStreams, paces, streamModel } from './streams.ts'
import type { Suite } from './suite.ts'

const kibibyte = 1024
const smallCall = kibibyte
const fewStreams = 128
const restMs = 60_000

const sizeText = (bytes: number): string =>
  bytes < kibibyte ? `${bytes} B` : bytes < kibibyte * kibibyte ? `${bytes / kibibyte} KiB` : '1 MiB'

const callSection = (title: string, rows: readonly CallRow[]) => ({
  title,
  method:
    'Processor time of the gateway and all its processes for each call at 16 connections, from /proc; time of an answer over one connection, less that of the provider in the same round. Medians of interleaved rounds.',
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

const calls: Suite = {
  name: 'calls',
  about: 'answers in one piece, bodies of 200 bytes to 1 MiB, all gateways',
  gateways: peers,
  models: [callModel],
  run: async (bench, effort) => {
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
}

const streamSection = (title: string, rows: readonly StreamRow[]) => ({
  title,
  method:
    'Role, then events at an even pace; processor time for each event that came through, time to the first byte of the body, gaps between events. A stall is a gap of more than ten paces.',
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

const streams: Suite = {
  name: 'streams',
  about: '32 to 512 streams of 64 events at 20 ms, 4,096 at 500 ms, all gateways',
  gateways: peers,
  models: [...new Set(paces.map(streamModel))],
  run: async (bench, effort) => {
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
}

const rates: Suite = {
  name: 'rates',
  about: 'calls at fixed rates without coordinated omission, and the highest rate at p99 added <= 10 ms',
  gateways: peers,
  models: [callModel],
  run: async (bench, effort) => {
    const { rows, highest } = await measureRates(bench, fixedRates, effort)
    return {
      sections: [
        {
          title: 'Calls at a fixed rate',
          method:
            'Calls of 1 KiB are due at even moments whether or not earlier ones were answered; times count from the moment at which a call was due.',
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
            'The highest rate at which p99 is no more than 10 ms above the provider itself and no call fails, found by halving.',
          columns: ['gateway', 'calls/s'],
          rows: highest.map(({ gateway, ratePerSecond }) => [gateway, ratePerSecond]),
          bars: [1],
          isMoreBetter: true,
        },
      ],
      goals: [],
    }
  },
}

const memory: Suite = {
  name: 'memory',
  about: 'idle, under load, a minute later, and with 10,000 silent connections',
  gateways: peers,
  models: [callModel],
  run: async (bench, effort) => ({
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
}

const partsSuite: Suite = {
  name: 'parts',
  about: 'the relay with parts of it off, and with stricter stores: what each costs',
  gateways: parts,
  models: [callModel],
  run: async (bench, effort) => ({
    sections: [callSection('What each part costs', await measureCalls(bench, [smallCall], effort))],
    goals: [],
  }),
}

export const suites: readonly Suite[] = [calls, streams, rates, memory, partsSuite]
