/**
 * A line between two processes of one machine: each side asks the other by name and waits for the answer, or tells it something and does
 * not wait. What is asked, and how long it waits, is bounded; what is asked in one turn of the loop goes out as one message.
 */

import { carried } from '#base/carried-problem.ts'
import type { Clock } from '#base/clock.ts'
import type { Answered, Ask, Asked } from '#base/mailbox.ts'
import { makeMailbox } from '#base/mailbox.ts'
import { asProblem, Problem } from '#base/problem.ts'

type LineMessage =
  | { readonly line: 'asked'; readonly asked: readonly Asked[] }
  | { readonly line: 'answers'; readonly answers: readonly Answered[] }
  | { readonly line: 'told'; readonly name: string; readonly value: unknown }

/** What the other side may ask and tell, by name. */
export type Desk = {
  readonly asked: Readonly<Record<string, (input: never) => Promise<unknown>>>
  readonly told: Readonly<Record<string, (value: never) => void>>
}

export type LineOptions = {
  readonly clock: Clock
  /** Who is on the other side, for messages: `The primary process`. */
  readonly whom: string
  readonly desk: Desk
  /** Sends a message to the other side. */
  readonly send: (message: unknown) => void
}

export type Line = {
  readonly ask: Ask
  readonly tell: (name: string, value: unknown) => void
  /** A message of the other side. */
  readonly take: (message: unknown) => void
  /** The other side is gone: whatever waits for it, and whatever comes from now on, is rejected. */
  readonly end: (problem: Problem) => void
}

const queueLengthMax = 10_000
const answerTimeoutMs = 30_000
const expireEveryMs = 1000

const unknownName = (name: string): Problem =>
  new Problem('internal_error', { message: `Nobody answers "${name}" on this line between processes.` })

const isMessage = (message: unknown): message is LineMessage =>
  typeof message === 'object' && message !== null && 'line' in message

/** A line over something that carries messages in both directions. */
export const makeLine = ({ clock, whom, desk, send }: LineOptions): Line => {
  const mailbox = makeMailbox({
    clock,
    whom,
    queueLengthMax,
    answerTimeoutMs,
    post: (asked) => send({ line: 'asked', asked } satisfies LineMessage),
  })
  let answers: Answered[] = []
  let isEnded = false
  let cancel = (): void => {}

  const sendSome = (some: readonly Answered[]): void => send({ line: 'answers', answers: some } satisfies LineMessage)
  const sendOne = (one: Answered): void => {
    try {
      sendSome([one])
    } catch (thrown) {
      sendSome([{ number: one.number, ok: false, problem: carried(asProblem(thrown)) }])
    }
  }
  const sendAnswers = (): void => {
    const some = answers
    answers = []
    try {
      sendSome(some)
    } catch {
      // One of them cannot be copied: whoever asked for it hears why, and the others get theirs.
      for (const one of some) sendOne(one)
    }
  }
  const deliver = (answered: Answered): void => {
    if (isEnded) return
    if (answers.length === 0) setImmediate(sendAnswers)
    answers.push(answered)
  }
  const run = async ({ number, name, input }: Asked): Promise<void> => {
    try {
      const handler = Object.hasOwn(desk.asked, name) ? desk.asked[name] : undefined
      if (handler === undefined) throw unknownName(name)
      deliver({ number, ok: true, value: await handler(input as never) })
    } catch (thrown) {
      deliver({ number, ok: false, problem: carried(asProblem(thrown)) })
    }
  }
  const expire = (): void => {
    mailbox.expire()
    if (!isEnded) cancel = clock.after(expireEveryMs, expire)
  }
  expire()

  return {
    ask: mailbox.ask,
    tell: (name, value) => {
      if (!isEnded) send({ line: 'told', name, value } satisfies LineMessage)
    },
    take: (message) => {
      if (isEnded || !isMessage(message)) return
      if (message.line === 'answers') mailbox.answer(message.answers)
      else if (message.line === 'asked') for (const asked of message.asked) void run(asked)
      else if (Object.hasOwn(desk.told, message.name)) desk.told[message.name]?.(message.value as never)
    },
    end: (problem) => {
      isEnded = true
      cancel()
      mailbox.fail(problem)
    },
  }
}
