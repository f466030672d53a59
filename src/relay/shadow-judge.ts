/** A third model asked which of two answers is the better one, as copies are asked: nobody waits for it. */

import { onlyHops } from '#http/hops.ts'
import type { ShadowCost } from '#migration/shadow-budget.ts'
import type { Answer } from '#migration/shadow-compare.ts'
import type { Preference } from '#migration/shadow-judge.ts'
import { judgeBody, judgedQuestionMax, preferenceOf, verdictIn } from '#migration/shadow-judge.ts'
import { questionOf } from './errand.ts'
import type { Leg } from './leg.ts'
import type { Copied, CopyPorts, Original } from './shadow-copy.ts'
import { mostOf, sendCopy } from './shadow-copy.ts'

export type Judging = {
  readonly original: Original
  readonly judge: Leg
  readonly one: Answer
  readonly other: Answer
  readonly ports: CopyPorts
  readonly stop: AbortSignal
}

/** As the caller asked it: its turns and what stands before them, as JSON. */
const questionIn = ({ call }: Original): string => {
  const { tools: _tools, model: _model, ...said } = call.payload.kind === 'json' ? call.body() : {}
  return JSON.stringify(said).slice(0, judgedQuestionMax + 1)
}

const asksOf = ({ original, one, other, ports }: Judging): readonly Original[] => {
  const question = questionIn(original)
  const mark = ports.ids.next('call').slice(-8)
  return [
    { question, first: one.text, second: other.text },
    { question, first: other.text, second: one.text },
  ].map((shown) => {
    const asked = { format: 'openai-chat', body: judgeBody(shown, mark), signal: new AbortController().signal } as const
    const purpose = original.purpose.replace('a copy', 'a judge of copies')
    return {
      ...original,
      purpose,
      callerHeaders: onlyHops(original.callerHeaders),
      ...questionOf(asked, ports.ids.next('call')),
    }
  })
}

/** The most that it can cost to ask in both orders. */
export const mostOfJudging = (judging: Judging, nowMs: number): ShadowCost => {
  const each = asksOf(judging).map((asked) => mostOf(asked, judging.judge, nowMs))
  const isPriced = each.every(({ nanoUsd }) => nanoUsd !== null)
  return {
    nanoUsd: isPriced ? each.reduce((sum, { nanoUsd }) => sum + (nanoUsd ?? 0n), 0n) : null,
    tokens: each.reduce((sum, { tokens }) => sum + tokens, 0),
  }
}

const isUnanswered = ({ answer: { status } }: Copied): boolean => status === null || status >= 300

/** What came of asking, and what that cost. */
export type JudgeSaid = {
  /** `null` = it gave no verdict. */
  readonly preference: Preference | null
  /** It did not answer: of such a one nothing more is asked. */
  readonly hasFailed: boolean
  readonly cost: ShadowCost
}

/** Rejects where it cannot be asked, and on `stop`. */
export const askJudge = async (judging: Judging): Promise<JudgeSaid> => {
  const { judge: leg, ports, stop } = judging
  const said: Copied[] = []
  for (const original of asksOf(judging)) {
    said.push(await sendCopy({ original, leg, ports, stop }))
    if (said.some(isUnanswered)) break
  }
  const [straight, turned] = said.map(({ answer }) => verdictIn(answer.text))
  const isPriced = said.every(({ cost }) => cost.nanoUsd !== null)
  return {
    preference: preferenceOf(straight ?? null, turned ?? null),
    hasFailed: said.some(isUnanswered),
    cost: {
      nanoUsd: isPriced ? said.reduce((sum, { cost }) => sum + (cost.nanoUsd ?? 0n), 0n) : null,
      tokens: said.reduce((sum, { cost }) => sum + cost.tokens, 0),
    },
  }
}
