/** One request to the sandbox, read: what every kind of answer is made from. */

import { Problem } from '#base/problem.ts'
import type { Call } from '#protocol/call.ts'
import type { Directives } from './sandbox-directive.ts'

export type CountTokens = (text: string) => Promise<number> | number

export type SandboxJob = {
  readonly call: Call
  readonly directives: Directives
  /** The text that leads the request, without its directives. */
  readonly said: string
  /** Hex digest of the request: ids are made of it, so that the same request gets the same answer. */
  readonly seed: string
  readonly nowMs: number
  /** How many tokens its model takes in; `null` = unknown. */
  readonly windowTokens: number | null
  readonly countTokens: CountTokens
}

/** More answers than any provider gives to one request. */
const answersMax = 128

/** How many answers are asked for by `n`. @throws Problem `invalid_request_error` over 128. */
export const answersOf = ({ call }: SandboxJob): number => {
  const { n } = call.body()
  const count = typeof n === 'number' ? n : typeof n === 'string' ? Number(n) : 1
  if (Number.isInteger(count) && count >= 1 && count <= answersMax) return count
  throw new Problem('invalid_request_error', {
    message: `'n' must be a whole number from 1 to ${answersMax}.`,
    param: 'n',
    facts: { sandbox: true },
  })
}

/** Whole seconds, as the OpenAI family says times. */
export const createdSeconds = ({ nowMs }: SandboxJob): number => Math.floor(nowMs / 1_000)
