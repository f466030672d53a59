/** Successive real completions on both arms: the way that calls go, with the shims that they get. */

import type { JsonObject } from '#base/json-type.ts'
import { asProblem } from '#base/problem.ts'
import type { Sentence } from '#base/sentence.ts'
import { asSaid } from '#base/sentence.ts'
import type { Arm } from '#migration/observation.ts'
import { arms } from '#migration/observation.ts'
import type { PreflightCheck } from '#migration/preflight.ts'
import { checked } from '#migration/preflight.ts'
import type { Copied } from '#relay/shadow-copy.ts'
import { finding } from './findings.ts'
import type { Looked, Looking } from './looking.ts'
import { armOf, isCallersOwn } from './looking.ts'

/** Models that think need room before they speak. */
const roomTokens = 512

const question = (model: string, stream: boolean, nonce: string): JsonObject => ({
  model,
  messages: [{ role: 'user', content: `Say good morning in one sentence. (${nonce})` }],
  max_tokens: roomTokens,
  ...(stream && { stream: true }),
})

const mendOf = (status: number | null, provider: string): Sentence => {
  if (status === 401 || status === 403) return finding('check_key', { provider })
  if (status === 402 || status === 429) return finding('check_credit', { provider })
  return status === 404 ? finding('check_model') : finding('look_closer', { provider })
}

/** Why an answer is none; `null` = it is one. */
const lackOf = ({ answer, problem }: Copied): Sentence | null => {
  if (problem !== null) return asSaid(problem.message)
  if (answer.status === null) return finding('broke_off')
  if (answer.text === '' && answer.tools.length === 0 && answer.finish === null) return finding('was_empty')
  return null
}

const pause = ({ ports: { clock }, signal, file }: Looking): Promise<void> =>
  new Promise((resolve) => {
    const cancel = clock.after(file.preflight.health_check.interval, resolve)
    signal.addEventListener(
      'abort',
      () => {
        cancel()
        resolve()
      },
      { once: true },
    )
  })

type Asked = { readonly check: PreflightCheck; readonly nanoUsd: bigint; readonly headers: Copied['headers'][] }

const ask = async (looking: Looking, arm: Arm): Promise<Asked> => {
  const { ports, file, key, signal } = looking
  const { success_threshold: wanted } = file.preflight.health_check
  const target = armOf(looking, arm)
  const beganMs = ports.clock.monotonicMs()
  const headers: Copied['headers'][] = []
  const times: string[] = []
  let nanoUsd = 0n
  const ended = (outcome: PreflightCheck['outcome'], says: Sentence, mend: Sentence | null): Asked => {
    const tookMs = Math.round(ports.clock.monotonicMs() - beganMs)
    return { check: checked({ check: 'answers', arm, outcome, says, mend, tookMs }), nanoUsd, headers }
  }
  if (isCallersOwn(looking, arm)) return ended('skipped', finding('callers_ask_it'), null)
  for (let count = 0; count < wanted; count += 1) {
    if (count > 0) await pause(looking)
    const stream = count % 2 === 1
    try {
      const copied = await ports.errands.send({
        ...target,
        format: 'openai-chat',
        body: question(target.model, stream, ports.nonce()),
        purpose: `the preflight of migration "${file.migration}"`,
        key,
        signal,
      })
      nanoUsd += copied.cost.nanoUsd ?? 0n
      headers.push(copied.headers)
      const lack = lackOf(copied)
      if (lack !== null) {
        const nth = finding('completion_failed', {
          is_streamed: stream,
          number: count + 1,
          of: wanted,
          target: `${target.provider}/${target.model}`,
          problem: lack,
        })
        return ended('failed', nth, mendOf(copied.answer.status ?? statusOf(copied), target.provider))
      }
      times.push(`${copied.timing.ttftMs ?? copied.timing.durationMs} ms`)
    } catch (thrown) {
      const why = signal.aborted ? asProblem(signal.reason).message : asProblem(thrown).message
      return ended(
        'failed',
        finding('not_asked_at', { target: `${target.provider}/${target.model}`, problem: why }),
        mendOf(null, target.provider),
      )
    }
  }
  return ended('passed', finding('completions', { count: wanted, times }), null)
}

const statusOf = ({ problem }: Copied): number | null => {
  const status = problem?.detail.facts?.['status']
  return typeof status === 'number' ? status : null
}

/** Both arms at once, each one call after the other. */
export const checkAnswers = async (looking: Looking): Promise<Looked> => {
  const [baseline, candidate] = await Promise.all(arms.map((arm) => ask(looking, arm)))
  const all = [baseline, candidate].flatMap((one) => one ?? [])
  return {
    checks: all.map(({ check }) => check),
    nanoUsd: all.reduce((sum, one) => sum + one.nanoUsd, 0n),
    headers: candidate?.headers ?? [],
  }
}
