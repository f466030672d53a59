/**
 * Gaps between the pieces of streams, by provider. Calls bring their gaps already counted, and the client library of Prometheus takes
 * single values only: a long stream would be thousands of them at once. So this is a histogram of its own, in the same text format.
 */

import { gapBoundsMs } from '#base/call-record.ts'

type Series = { readonly counts: number[]; sumSeconds: number }

/** What was counted, by provider. */
export type Gaps = readonly (readonly [string, { readonly counts: readonly number[]; readonly sumSeconds: number }])[]

export type GapHistogram = {
  /** `counts` by the bounds of `gapBoundsMs`, the last beyond them. */
  readonly add: (provider: string, counts: readonly number[]) => void
  readonly read: () => Gaps
}

const name = 'drover_stream_gap_seconds'
const help = 'Time between the pieces of a stream, as the provider sent them; the sum is of the middles of the buckets.'
const boundsSeconds = gapBoundsMs.map((boundMs) => boundMs / 1_000)

/** The middle of a bucket, in seconds; of the last, which has no end, its beginning. */
export const middleSeconds = (bucket: number): number => {
  const from = boundsSeconds[bucket - 1] ?? 0
  return (from + (boundsSeconds[bucket] ?? from)) / 2
}

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

const linesOf = ([provider, { counts, sumSeconds }]: Gaps[number]): readonly string[] => {
  const label = `provider="${escaped(provider)}"`
  let total = 0
  const buckets = counts.map((count, at) => {
    total += count
    return `${name}_bucket{le="${boundsSeconds[at] ?? '+Inf'}",${label}} ${total}`
  })
  return [...buckets, `${name}_sum{${label}} ${sumSeconds}`, `${name}_count{${label}} ${total}`]
}

/** Series are as many as there are providers in the configuration. */
export const makeGapHistogram = (): GapHistogram => {
  const series = new Map<string, Series>()
  return {
    add: (provider, counts) => {
      const known = series.get(provider) ?? {
        counts: new Array<number>(boundsSeconds.length + 1).fill(0),
        sumSeconds: 0,
      }
      series.set(provider, known)
      for (const [bucket, count] of counts.entries()) {
        known.counts[bucket] = (known.counts[bucket] ?? 0) + count
        known.sumSeconds += count * middleSeconds(bucket)
      }
    },
    read: () => [...series],
  }
}

/** What several have counted, together. */
export const addGaps = (parts: readonly Gaps[]): Gaps => {
  const sums = new Map<string, Series>()
  for (const [provider, { counts, sumSeconds }] of parts.flat()) {
    const known = sums.get(provider)
    if (known === undefined) sums.set(provider, { counts: [...counts], sumSeconds })
    else {
      for (const [bucket, count] of counts.entries()) known.counts[bucket] = (known.counts[bucket] ?? 0) + count
      known.sumSeconds += sumSeconds
    }
  }
  return [...sums]
}

/** Prometheus text format 0.0.4; empty where nothing was counted. */
export const gapsText = (gaps: Gaps): string =>
  gaps.length === 0
    ? ''
    : `${[`# HELP ${name} ${help}`, `# TYPE ${name} histogram`, ...gaps.flatMap(linesOf)].join('\n')}\n`
