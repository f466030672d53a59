/**
 * When calls come, and how large they are: as a trace of real traffic had them, or as chance has them. Traces are of
 * either form that is published: CSV with `TIMESTAMP,ContextTokens,GeneratedTokens` (Azure), or lines of JSON with
 * `timestamp` in milliseconds, `input_length` and `output_length` (Mooncake).
 */

export type Arrival = {
  /** After the arrival before it; the first comes at once. */
  readonly afterMs: number
  readonly inputTokens: number
  readonly outputTokens: number
}

type Row = { readonly atMs: number; readonly inputTokens: number; readonly outputTokens: number }

const lineOf = (line: string): Row => {
  if (line.startsWith('{')) {
    const row = JSON.parse(line) as Record<'timestamp' | 'input_length' | 'output_length', number>
    return { atMs: row.timestamp, inputTokens: row.input_length, outputTokens: row.output_length }
  }
  const [at = '', input, output] = line.split(',')
  return {
    atMs: Date.parse(`${at.slice(0, 23).replace(' ', 'T')}Z`),
    inputTokens: Number(input),
    outputTokens: Number(output),
  }
}

/** Throws where a line has no time or no sizes, or there are fewer than two. */
export const readTrace = (text: string): readonly Arrival[] => {
  const rows = text
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('TIMESTAMP'))
    .map(lineOf)
    .toSorted((one, other) => one.atMs - other.atMs)
  const wrong = rows.find((row) => !Object.values(row).every((value) => Number.isFinite(value) && value >= 0))
  if (wrong !== undefined || rows.length < 2) throw new Error(`no trace: ${JSON.stringify(wrong ?? text.slice(0, 80))}`)
  return rows.map(({ atMs, inputTokens, outputTokens }, place) => ({
    afterMs: atMs - (rows[place - 1]?.atMs ?? atMs),
    inputTokens,
    outputTokens,
  }))
}

const generatedLength = 5000
/** Nine of ten are short, the tenth is up to this long. */
const longTokensMax = 100_000

/** Arrivals that know nothing of each other, one a second in the mean. */
export const generate = (chance: () => number): readonly Arrival[] =>
  Array.from({ length: generatedLength }, () => ({
    afterMs: -Math.log(1 - chance()) * 1000,
    inputTokens: Math.ceil(chance() < 0.9 ? chance() * 2000 : chance() * longTokensMax),
    outputTokens: Math.ceil(chance() * 600),
  }))

/** The same arrivals again and again, their pattern kept, so many a second in the mean. */
export function* atRate(arrivals: readonly Arrival[], perSecond: number): Generator<Arrival, never> {
  const totalMs = arrivals.reduce((sum, { afterMs }) => sum + afterMs, 0)
  const faster = arrivals.length / perSecond / (totalMs / 1000)
  for (;;) for (const arrival of arrivals) yield { ...arrival, afterMs: arrival.afterMs * faster }
}
