/** Workloads as they were: when calls came, how long their prompts were and how much was answered. */

import { readFileSync } from 'node:fs'
import { makeChance } from '../../test/e2e/chance.ts'

export type TracedCall = { readonly atMs: number; readonly inputTokens: number; readonly outputTokens: number }

const seed = 1
const callsMax = 200_000

const fromCsv = (lines: readonly string[]): readonly TracedCall[] =>
  lines.slice(1).map((line) => {
    const [time = '', input, output] = line.split(',')
    return { atMs: Date.parse(`${time.replace(' ', 'T')}Z`), inputTokens: Number(input), outputTokens: Number(output) }
  })

const fromJsonLines = (lines: readonly string[]): readonly TracedCall[] =>
  lines.map((line) => {
    const { timestamp, input_length, output_length } = JSON.parse(line) as Readonly<Record<string, number>>
    return { atMs: timestamp ?? 0, inputTokens: input_length ?? 0, outputTokens: output_length ?? 0 }
  })

/**
 * A trace from a file: Azure's of 2023 (`TIMESTAMP,ContextTokens,GeneratedTokens`), or Mooncake's (a JSON object a line).
 * @throws Error where a line is neither.
 */
export function readTrace(file: string): readonly TracedCall[] {
  const lines = readFileSync(file, 'utf8').trim().split(/\r?\n/).slice(0, callsMax)
  const calls = file.endsWith('.csv') ? fromCsv(lines) : fromJsonLines(lines)
  if (calls.length === 0 || calls.some((call) => !Object.values(call).every(Number.isFinite)))
    throw new Error(
      `${file} is no trace: a CSV of TIMESTAMP,ContextTokens,GeneratedTokens, or JSON lines of timestamp, input_length and output_length`,
    )
  const first = calls[0]?.atMs ?? 0
  return calls.map((call) => ({ ...call, atMs: call.atMs - first }))
}

/** One that is made up: calls at random moments, log-normal lengths about those of chats (medians of 1,000 and 130 tokens). */
export function madeTrace(calls: number): readonly TracedCall[] {
  const chance = makeChance(seed)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance())
  let atMs = 0
  return Array.from({ length: calls }, () => {
    atMs += -Math.log(1 - chance()) * 1000
    return {
      atMs,
      inputTokens: Math.round(1000 * Math.exp(normal())),
      outputTokens: Math.max(1, Math.round(130 * Math.exp(0.8 * normal()))),
    }
  })
}

/** The part of a trace that comes to this many calls in this time, faster or slower than it was. */
export function paced(trace: readonly TracedCall[], ratePerSecond: number, durationMs: number): readonly TracedCall[] {
  const wanted = trace.slice(0, Math.max(1, Math.round((ratePerSecond * durationMs) / 1000)))
  const lastMs = Math.max(1, wanted.at(-1)?.atMs ?? 1)
  return wanted.map((call) => ({ ...call, atMs: (call.atMs / lastMs) * durationMs }))
}
