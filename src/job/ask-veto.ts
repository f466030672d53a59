/** Asks whoever may have something against the next step of a migration: beside the rounds, so that nobody waits for an answer who has to take traffic back. */

import type { Clock } from '#base/clock.ts'
import type { JsonObject } from '#base/json-type.ts'
import type { Log } from '#base/log.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { Sentence } from '#base/sentence.ts'
import type { ConductPorts } from '#migration/conduct.ts'
import { conduct } from '#migration/conduct.ts'
import type { Next } from '#migration/decide.ts'
import { reason } from '#migration/reasons.ts'
import type { Known } from './hear-migrations.ts'

/** Signs a question to a recipient of the configuration, and gives its answer within the time. @throws Problem saying why there is none. */
export type AskRecipient = (
  name: string,
  question: { readonly id: string; readonly body: string; readonly timeoutMs: number },
) => Promise<JsonObject>

export type AskVeto = Omit<ConductPorts, 'trail'> & {
  readonly askRecipient: AskRecipient
  readonly clock: Clock
  readonly log: Log
}

const reasonCharactersMax = 300
const holdMsMax = 86_400_000

type Verdict = { readonly allow: true } | { readonly allow: false; readonly why: string; readonly forMs: number | null }

/** `{"allow": true}`, or `{"allow": false, "reason": "…", "retry_after": seconds}`. */
const verdictOf = ({ allow, reason, retry_after: seconds }: JsonObject): Verdict => {
  if (allow === true) return { allow: true }
  if (allow !== false) throw new Problem('upstream_error', { message: 'its answer has no "allow": true or false' })
  const why = typeof reason === 'string' && reason !== '' ? reason.slice(0, reasonCharactersMax) : 'no reason given'
  const isTime = typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0
  return { allow: false, why, forMs: isTime ? Math.min(holdMsMax, Math.ceil(seconds * 1_000)) : null }
}

const bodyOf = ({ row, compiled }: Known, { change, why }: Next): string => {
  const { step, weightBasisPoints } = row.state
  const { steps } = compiled.itinerary
  const to = step < 0 ? steps[row.state.startStep ?? 0] : steps[step + 1]
  return JSON.stringify({
    type: 'migration.gate',
    migration: row.name,
    change: change.kind,
    step,
    weight_percent: weightBasisPoints / 100,
    next_weight_percent: change.kind === 'complete' ? 100 : (to?.weightBasisPoints ?? 10_000) / 100,
    why: why.text,
  })
}

/** What was allowed holds for the state that it was asked about, and for no other. */
export const makeVeto = ({ askRecipient, clock, log, ...ports }: AskVeto) => {
  const under = new Map<string, Promise<void>>()
  const allowed = new Set<string>()
  const nameOf = ({ row }: Known, { change }: Next): string => `${row.id}/${row.version}/${change.kind}`

  const hold = async (
    one: Known,
    { why, forMs }: { readonly why: Sentence; readonly forMs: number },
  ): Promise<void> => {
    const { row, compiled } = one
    const actor = `webhook:${compiled.file.veto?.recipient ?? ''}`
    const change = { kind: 'hold', forMs } as const
    const conducting = { row, compiled, change, why, actor, evidence: [], nowMs: clock.nowMs() }
    await conduct(conducting, { ...ports, trail: null })
  }

  const ask = async (one: Known, next: Next): Promise<void> => {
    const { veto } = one.compiled.file
    if (veto === undefined) return
    const { recipient, timeout: timeoutMs, unreachable, ask_again: forMs } = veto
    const name = nameOf(one, next)
    try {
      const question = { id: `msg_${name.replaceAll('/', '_')}`, body: bodyOf(one, next), timeoutMs }
      const verdict = verdictOf(await askRecipient(recipient, question))
      if (verdict.allow) allowed.add(name)
      else
        await hold(one, {
          why: reason('vetoed', { recipient, reason: verdict.why }),
          forMs: verdict.forMs ?? forMs,
        })
    } catch (thrown) {
      const why = asProblem(thrown).message
      log.warn('who may veto a migration could not be asked', { migration: one.row.name, recipient, problem: why })
      if (unreachable === 'go_on') allowed.add(name)
      else await hold(one, { why: reason('not_asked', { recipient, problem: why }), forMs })
    }
  }

  return {
    /** Whether the change may be made now; where nobody has said so yet, somebody is asked, and it is looked at again. */
    mayGo: (one: Known, next: Next): boolean => {
      const isAsked = next.change.kind === 'promote' || next.change.kind === 'complete'
      if (one.compiled.file.veto === undefined || !isAsked) return true
      const name = nameOf(one, next)
      if (allowed.delete(name)) return true
      if (under.has(name)) return false
      const asking = ask(one, next)
        .catch((thrown: unknown) =>
          log.warn('a veto could not be kept', { migration: one.row.name, problem: asProblem(thrown).message }),
        )
        .finally(() => under.delete(name))
      under.set(name, asking)
      return false
    },
    settled: async (): Promise<void> => void (await Promise.all(under.values())),
  }
}
