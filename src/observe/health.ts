/** Whether the process lives, and whether it should be given traffic. Never asks a provider anything that costs. */

import { Buffer } from 'node:buffer'
import type { Sentence } from '#base/sentence.ts'
import { textsOf } from '#base/sentence.ts'
import type { Answer } from '#http/inbound.ts'

export type Check = {
  readonly name: string
  readonly ok: boolean
  /** What is wrong, or worth knowing. */
  readonly detail: Sentence | null
}

const answer = (status: number, value: unknown): Answer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
  body: Buffer.from(`${JSON.stringify(value)}\n`),
})

/** 200 for as long as the process can answer at all. */
export const livenessAnswer = (version: string): Answer => answer(200, { status: 'alive', version })

/** 200 when every check holds, else 503 naming those that do not. */
export const readinessAnswer = (checks: readonly Check[], warnings: readonly Sentence[]): Answer => {
  const ready = checks.every((check) => check.ok)
  return answer(ready ? 200 : 503, {
    status: ready ? 'ready' : 'not_ready',
    checks: checks.map(({ name, ok, detail }) => ({ name, ok, detail: detail?.text ?? null, detail_said: detail })),
    warnings: textsOf(warnings),
    warnings_said: warnings,
  })
}
