/**
 * Moves calls onto Drover from inside your own program, a few percent at a time. Copy this file; it needs Node 20 and nothing else.
 * docs/migrate/client-edge.md goes through it step by step.
 *
 *   const edge = new DroverEdge({
 *     migration: 'onto-drover',
 *     baseline: { baseURL: 'https://api.openai.com/v1', apiKey: process.env.OPENAI_API_KEY },
 *     candidate: { baseURL: 'https://relay.example.com/v1', apiKey: process.env.DROVER_API_KEY },
 *   })
 *   const answer = await edge.call(conversationId, ({ baseURL, apiKey }) =>
 *     new OpenAI({ baseURL, apiKey, maxRetries: 0 }).chat.completions.create({ … }))
 *
 * - A conversation goes to the candidate where its bucket lies under DROVER_PERCENT: raising the percentage moves further ones
 *   over and none back. DROVER_PERCENT=0 sends all to the baseline; DROVER_PERCENT_FILE names a file that says it to a running program.
 * - A relay that is down is gone around: the call goes to the baseline once, and for a few seconds no other call tries the relay.
 * - What came of each call, on both arms, is reported to the relay in the background: never awaited, never thrown.
 */

import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'

export type Place = { readonly baseURL: string; readonly apiKey: string | undefined }
export type ArmName = 'baseline' | 'candidate'
export type Arm = { readonly name: ArmName; readonly baseURL: string; readonly apiKey: string }

export type EdgeSettings = {
  /** The migration's name at the relay. */
  readonly migration: string
  readonly baseline: Place
  readonly candidate: Place
  /** 0 to 100, asked before every call; absent: DROVER_PERCENT_FILE, else DROVER_PERCENT. What is no such number is 0. */
  readonly percent?: () => string | number | undefined
  /** Decides who moves first. Absent: the migration's name. */
  readonly salt?: string
  /** Where outcomes are reported; absent: the candidate's host and key. `null`: nowhere. */
  readonly report?: { readonly url: string; readonly key: string | undefined } | null
  /** Monotonic milliseconds; absent: the program's own clock. */
  readonly nowMs?: () => number
}

/** Of one report, and of all that wait: of more the oldest are dropped, and counted. */
const batchMax = 100
const waitingMax = 1_000
const reportEveryMs = 2_000
const reportTimeoutMs = 5_000
/** What began longer ago is not taken by the relay any more. */
const agoMsMax = 3_500_000
/** How long no call tries a relay that was down, and how old the file's percentage may be. */
const downMs = 5_000
const percentAgeMs = 1_000
const causesMax = 5

/** What the relay calls the conversation: a digest, so that no name leaves the program. */
export const unitOf = (conversation: string): string =>
  createHash('sha256').update(conversation.slice(0, 512)).digest('hex').slice(0, 32)

/** 0 to 9999: the same in every language and on every machine, for a salt and a unit. */
export const bucketOf = (salt: string, unit: string): number =>
  createHash('sha256').update(`${salt}\0${unit}`).digest().readUIntBE(0, 6) % 10_000

/** '5' -> 500, 0.5 -> 50; what is no decimal number from 0 to 100 -> 0. */
export const basisPoints = (percent: string | number | undefined): number => {
  const text = String(percent).trim()
  return /^\d+(?:\.\d+)?$/.test(text) && Number(text) <= 100 ? Math.round(Number(text) * 100) : 0
}

// What an SDK gave or threw, whichever it was.

type Fields = Readonly<Record<string, unknown>>
const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})
const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : [])
const numberIn = (...values: readonly unknown[]): number | null =>
  values.find((value): value is number => typeof value === 'number') ?? null

/** Usage of Chat Completions, Responses and Messages in the relay's terms: `input` includes what was cached. */
const tokensOf = (usage: Fields): Record<string, number | null> => {
  const input = numberIn(usage['prompt_tokens'], usage['input_tokens'])
  const read = numberIn(usage['cache_read_input_tokens'])
  const beside = (read ?? 0) + (numberIn(usage['cache_creation_input_tokens']) ?? 0)
  const inputDetails = fieldsOf(usage['prompt_tokens_details'] ?? usage['input_tokens_details'])
  const outputDetails = fieldsOf(usage['completion_tokens_details'] ?? usage['output_tokens_details'])
  return {
    input: input === null ? null : input + beside,
    cached_input: numberIn(inputDetails['cached_tokens'], read),
    output: numberIn(usage['completion_tokens'], usage['output_tokens']),
    reasoning: numberIn(outputDetails['reasoning_tokens']),
  }
}

/** Whether a chunk of a stream holds some of the answer: text, thought, a call, the end. */
const says = (chunk: Fields): boolean => {
  if (typeof chunk['type'] === 'string') return /delta$|completed$|stop$/.test(chunk['type'])
  if (!Array.isArray(chunk['choices'])) return true
  return listOf(chunk['choices']).some(({ delta, finish_reason: finish }) => {
    const { role: _role, ...said } = fieldsOf(delta)
    return Boolean(finish) || Object.values(said).some(Boolean)
  })
}

const isTruncated = ({ choices, delta, status, stop_reason: stop }: Fields): boolean =>
  listOf(choices).some(({ finish_reason: finish }) => finish === 'length') ||
  [stop, fieldsOf(delta)['stop_reason']].includes('max_tokens') ||
  status === 'incomplete'

const statusOf = (error: unknown): number | null => numberIn(fieldsOf(error)['status'], fieldsOf(error)['statusCode'])
const nameOf = (error: unknown): string => `${fieldsOf(error)['name']} ${error?.constructor?.name}`
const connectionCode = /^(?:ECONN|ENOTFOUND|EAI_|EHOST|ENET|EPIPE|ETIMEDOUT|UND_ERR_CONNECT|UND_ERR_SOCKET)/

/** The connection was not made, or broke. */
const isUnreachable = (error: unknown): boolean => {
  let cause = error
  for (let depth = 0; depth < causesMax && cause; depth += 1) {
    if (/APIConnectionError/.test(nameOf(cause)) || connectionCode.test(String(fieldsOf(cause)['code']))) return true
    cause = fieldsOf(cause)['cause']
  }
  return false
}

/** How a call ended, in the relay's words; `null` = the program itself threw, which says nothing of the arm. */
const outcomeOf = (error: unknown): string | null => {
  const status = statusOf(error)
  if (status === null) {
    if (/Abort/.test(nameOf(error))) return 'left'
    if (isUnreachable(error)) return 'unreachable'
    if (/Timeout/.test(nameOf(error))) return 'timeout'
    return error instanceof SyntaxError ? 'malformed' : null
  }
  const words: Readonly<Record<number, string>> = { 408: 'timeout', 429: 'rate_limited', 503: 'overloaded' }
  const more: Readonly<Record<number, string>> = { 504: 'timeout', 529: 'overloaded' }
  return words[status] ?? more[status] ?? (status >= 500 ? 'upstream_error' : 'rejected')
}

class RelayDown extends Error {}

/** Whether the relay is down, rather than the call wrong. */
const isDown = (error: unknown): boolean =>
  error instanceof RelayDown || [502, 503].includes(statusOf(error) ?? 0) || outcomeOf(error) === 'unreachable'

/** A file that cannot be read says nothing, which is 0: all goes to the baseline. */
const textOf = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** What a call went by: the relay judges it in the step that has this percentage, however late it is told. */
type Split = { readonly arm: ArmName; readonly percent: number; readonly epoch: number | null }

/** One call as it goes. */
class Turn {
  readonly arm: ArmName
  readonly #split: Split
  readonly #unit: string | null
  readonly #stream: boolean
  readonly #nowMs: () => number
  readonly #startMs = Date.now()
  readonly #begunMs: number
  #firstMs: number | null = null
  #lastMs: number | null = null
  #gapMs: number | null = null
  #tokens = tokensOf({})
  #truncated = false

  constructor(
    split: Split,
    how: { readonly unit: string | null; readonly stream: boolean; readonly nowMs: () => number },
  ) {
    this.arm = split.arm
    this.#split = split
    this.#unit = how.unit
    this.#stream = how.stream
    this.#nowMs = how.nowMs
    this.#begunMs = how.nowMs()
  }

  /** A whole answer, or a chunk of one. */
  see(chunk: unknown): void {
    const nowMs = this.#nowMs()
    if (this.#lastMs !== null && this.#firstMs !== null) this.#gapMs = Math.max(this.#gapMs ?? 0, nowMs - this.#lastMs)
    if (says(fieldsOf(chunk))) this.#firstMs ??= nowMs
    this.#lastMs = nowMs
    for (const holder of [chunk, fieldsOf(chunk)['response'], fieldsOf(chunk)['message']].map(fieldsOf)) {
      for (const [name, count] of Object.entries(tokensOf(fieldsOf(holder['usage']))))
        this.#tokens[name] = count ?? this.#tokens[name] ?? null
      this.#truncated ||= isTruncated(holder)
    }
  }

  hasBegun = (): boolean => this.#lastMs !== null

  observation(outcome: string, status: number | null): Fields {
    const first = this.#stream ? this.#firstMs : null
    const output = this.#tokens['output'] ?? null
    const spanMs = first === null ? null : (this.#lastMs ?? first) - first
    return {
      id: randomUUID(),
      arm: this.arm,
      unit: this.#unit,
      percent: this.#split.percent,
      epoch: this.#split.epoch,
      start_ms: this.#startMs,
      duration_ms: Math.round(this.#nowMs() - this.#begunMs),
      stream: this.#stream,
      outcome,
      status,
      ttft_ms: first === null ? null : Math.round(first - this.#begunMs),
      tpot_micros:
        spanMs === null || output === null || output < 2 ? null : Math.round((spanMs * 1_000) / (output - 1)),
      longest_gap_ms: first === null || this.#gapMs === null ? null : Math.round(this.#gapMs),
      tokens: this.#tokens,
      usage_missing: outcome === 'ok' && output === null,
      truncated: this.#truncated,
    }
  }
}

/** Observations on their way to the relay. */
class Reports {
  readonly #url: string
  readonly #key: string
  #waiting: Fields[] = []
  #timer: NodeJS.Timeout | null = null
  #sending: Promise<void> | null = null
  dropped = 0
  error: string | null = null
  /** Of the relay's evidence, as it last said. */
  epoch: number | null = null

  constructor(url: string, key: string) {
    this.#url = url
    this.#key = key
  }

  add(...observations: readonly Fields[]): void {
    const all = [...this.#waiting, ...observations]
    this.#waiting = all.slice(-waitingMax)
    this.dropped += all.length - this.#waiting.length
    this.#timer ??= setTimeout(() => this.flush(), this.error === null ? reportEveryMs : downMs).unref()
  }

  /** Sends what waits; resolves when it is sent or could not be. Never rejects. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null
    })
    await this.#sending
  }

  async #sendAll(): Promise<void> {
    const all = this.#waiting
    this.#waiting = all.filter(({ start_ms: startMs }) => Number(startMs) > Date.now() - agoMsMax)
    this.dropped += all.length - this.#waiting.length
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchMax)
      const status = await this.#send(batch)
      if (status >= 200 && status < 300) continue
      const isRefused = status >= 400 && status < 500 && status !== 429
      if (isRefused) this.dropped += batch.length
      // The relay is away: later, before what has come meanwhile.
      else return this.add(...batch, ...this.#waiting.splice(0))
    }
  }

  /** Where feedback goes is beside where outcomes go. */
  async say(conversation: string, bad: boolean): Promise<boolean> {
    try {
      const answer = await fetch(this.#url.replace(/observations$/, 'feedback'), {
        method: 'POST',
        headers: { authorization: `Bearer ${this.#key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ feedback: [{ conversation, bad }] }),
        signal: AbortSignal.timeout(reportTimeoutMs),
      })
      await answer.body?.cancel()
      return answer.ok
    } catch {
      return false
    }
  }

  /** The status of the answer; 0 = none came. */
  async #send(observations: readonly Fields[]): Promise<number> {
    try {
      const answer = await fetch(this.#url, {
        method: 'POST',
        headers: { authorization: `Bearer ${this.#key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ observations, dropped: this.dropped }),
        signal: AbortSignal.timeout(reportTimeoutMs),
      })
      const said = fieldsOf(await answer.json().catch(() => null))
      const { status } = answer
      this.error = status < 300 ? null : `${this.#url} answered ${status}`
      if (status < 300) this.epoch = numberIn(said['epoch'])
      return status
    } catch (error) {
      this.error = String(error)
      return 0
    }
  }
}

type Run<T> = (arm: Arm) => Promise<T>

/** Splits calls between two places, and tells the relay what came of them. One for the whole program. */
export class DroverEdge {
  readonly #settings: EdgeSettings
  readonly #reports: Reports | null
  readonly #nowMs: () => number
  #downUntilMs = Number.NEGATIVE_INFINITY
  #file: { readonly text: string | undefined; readonly atMs: number } | null = null

  constructor(settings: EdgeSettings) {
    this.#settings = settings
    const { report, candidate, migration, nowMs = () => performance.now() } = settings
    this.#nowMs = nowMs
    const path = `/api/v1/migrations/${encodeURIComponent(migration)}/observations`
    const to = report === undefined ? { url: new URL(path, candidate.baseURL).href, key: candidate.apiKey } : report
    this.#reports = to === null ? null : new Reports(to.url, to.key ?? '')
  }

  /** Where a conversation belongs now; `null` = nothing names it, and chance decides for this call alone. */
  arm(conversation: string | null): Arm {
    return this.#place(this.#split(conversation).arm)
  }

  /** Runs one call at its arm, or at the baseline where the relay is down. Throws what `run` threw last. */
  async call<T>(conversation: string | null, run: Run<T>): Promise<T> {
    const turn = this.#begin(conversation, false)
    try {
      const answer = await this.#atArm(turn, run)
      turn.see(answer)
      this.#tell(turn, 'ok', 200)
      return answer
    } catch (error) {
      return await this.#around(turn, error, run)
    }
  }

  /** The same for a stream: the way around ends with its first chunk. */
  async *stream<T>(conversation: string | null, run: Run<AsyncIterable<T>>): AsyncGenerator<T> {
    const turn = this.#begin(conversation, true)
    let isTold = false
    const tell = (outcome: string | null, status: number | null): void => {
      isTold = true
      this.#tell(turn, outcome, status)
    }
    try {
      for await (const chunk of await this.#atArm(turn, run)) {
        turn.see(chunk)
        yield chunk
      }
      tell(turn.hasBegun() ? 'ok' : 'empty', 200)
    } catch (error) {
      if (turn.hasBegun()) {
        tell(outcomeOf(error) === 'left' ? 'left' : 'cut', statusOf(error) ?? 200)
        throw error
      }
      isTold = true
      yield* await this.#around(turn, error, run)
    } finally {
      // Whoever reads has stopped.
      if (!isTold) tell('left', 200)
    }
  }

  /** Says that somebody called the answers of a conversation bad, or good: once for each conversation. Gives whether the relay has taken it; never rejects. */
  async feedback(conversation: string, bad: boolean): Promise<boolean> {
    return (await this.#reports?.say(unitOf(conversation), bad)) ?? false
  }

  /** Sends what is not reported yet: before the program ends. */
  async flush(): Promise<void> {
    await this.#reports?.flush()
  }

  /** For your own monitoring. `dropped` = observations that the relay never got. */
  state(): { readonly isDown: boolean; readonly dropped: number; readonly reportError: string | null } {
    const { dropped = 0, error = null } = this.#reports ?? {}
    return { isDown: this.#nowMs() < this.#downUntilMs, dropped, reportError: error }
  }

  #begin(conversation: string | null, stream: boolean): Turn {
    const unit = conversation === null ? null : unitOf(conversation)
    return new Turn(this.#split(conversation), { unit, stream, nowMs: this.#nowMs })
  }

  #split(conversation: string | null): Split {
    const { salt, migration } = this.#settings
    const bucket = bucketOf(salt ?? migration, unitOf(conversation ?? randomUUID()))
    const weight = basisPoints(this.#percent())
    const arm = bucket < weight ? 'candidate' : 'baseline'
    return { arm, percent: weight / 100, epoch: this.#reports?.epoch ?? null }
  }

  /** A relay that was down a moment ago is not tried. */
  async #atArm<T>(turn: Turn, run: Run<T>): Promise<T> {
    if (turn.arm === 'candidate' && this.#nowMs() < this.#downUntilMs) throw new RelayDown()
    return await run(this.#place(turn.arm))
  }

  /** After a failure before anything came: around the relay, if that is what failed. */
  async #around<T>(turn: Turn, error: unknown, run: Run<T>): Promise<T> {
    if (turn.arm === 'baseline' || !isDown(error)) {
      this.#tell(turn, outcomeOf(error), statusOf(error))
      throw error
    }
    if (!(error instanceof RelayDown)) this.#downUntilMs = this.#nowMs() + downMs
    // What the other arm must answer has failed at the one that it belongs to.
    this.#tell(turn, 'moved', statusOf(error))
    return await run(this.#place('baseline'))
  }

  #tell(turn: Turn, outcome: string | null, status: number | null): void {
    if (outcome !== null) this.#reports?.add(turn.observation(outcome, status))
  }

  #place(name: ArmName): Arm {
    const { baseURL, apiKey } = this.#settings[name]
    return { name, baseURL, apiKey: apiKey ?? '' }
  }

  #percent(): string | number | undefined {
    if (this.#settings.percent !== undefined) return this.#settings.percent()
    const file = process.env['DROVER_PERCENT_FILE']
    if (file === undefined) return process.env['DROVER_PERCENT']
    const nowMs = this.#nowMs()
    if (this.#file === null || nowMs - this.#file.atMs > percentAgeMs) this.#file = { text: textOf(file), atMs: nowMs }
    return this.#file.text
  }
}
