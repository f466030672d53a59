/** The joint counter on Redis or Valkey: what `script.ts` is given, and what it answers. */

import assert from 'node:assert/strict'
import type { Draw, Drawn, DrawnPart, JointCounter } from '#policy/port.ts'

/** What keys and arguments are run against. */
export type ScriptRunner = {
  /** Runs the limit script; all keys are of one slot where `isSlotted`. Rejects while the server is away. */
  readonly run: (keys: readonly string[], parameters: readonly string[]) => Promise<readonly number[]>
  /** How often a connection to a server that counts was lost, or led to another. */
  readonly breaks: () => number
  /** Whether only keys with the same tag can be counted in one trip, as in a cluster. */
  readonly isSlotted: boolean
}

export type RedisCounterOptions = {
  readonly runner: ScriptRunner
  /** How every key begins; installations that share a server have different ones. */
  readonly prefix: string
  /** Milliseconds of the time that is counted by; absent: the server's own, one for all nodes. */
  readonly nowMs?: () => number
}

/** A slot whose node has not told of it for this long is free again. Nodes tell at least three times within it. */
export const slotLastsMs = 15_000
/** Nobody knows when a call under way will end. */
const concurrencyRetryMs = 1000
/** What the script counts exactly. */
const limitMax = 10_000_000_000
const figuresPerDraw = 5

const wholeNumber = (value: number): string => String(Math.max(0, Math.min(limitMax, Math.floor(value))))
const listOf = (names: readonly string[]): readonly string[] => [String(names.length), ...names]

const parametersOf = (draw: Draw): readonly string[] => {
  const { ticket, amount, ahead, correction, birth, used, usedByAll, mayHaveLost, slots, left, kept } = draw
  const start = [
    ticket.kind,
    wholeNumber(ticket.limit),
    amount === null ? '-1' : wholeNumber(amount),
    wholeNumber(ahead),
  ]
  if (ticket.kind === 'rate') {
    const periodMs = Math.max(1, Math.round(ticket.periodMs))
    const counted = Math.max(-limitMax, Math.min(limitMax, Math.ceil(correction)))
    const known = birth === null ? '-1' : String(birth)
    const lost = [wholeNumber(Math.ceil(used)), wholeNumber(Math.ceil(usedByAll)), mayHaveLost ? '1' : '0']
    return [...start, String(periodMs), String(counted), known, ...lost]
  }
  const times = [String(slotLastsMs), String(concurrencyRetryMs)]
  return [...start, ...times, ...listOf(slots), ...listOf(left), ...listOf(kept)]
}

const drawnOf = (figures: readonly number[], count: number): Drawn => {
  assert(figures.length === 1 + count * figuresPerDraw, 'the limit script answered something else')
  const parts = Array.from({ length: count }, (_none, place): DrawnPart => {
    const [ahead = 0, remaining = 0, resetMs = 0, birth = -1, waitMs = 0] = figures.slice(1 + place * figuresPerDraw)
    return { ahead, remaining, resetMs, birth: birth < 0 ? null : birth, waitMs: waitMs < 0 ? null : waitMs }
  })
  return { ok: figures[0] === 1, parts }
}

/** The draw that gives back what another one took. */
const undoing = (draw: Draw, { ahead }: DrawnPart): Draw => {
  const taken = draw.amount === null ? 0 : draw.amount + ahead
  const isRate = draw.ticket.kind === 'rate'
  return {
    ...draw,
    amount: null,
    ahead: 0,
    correction: isRate ? -taken : 0,
    birth: null,
    used: 0,
    usedByAll: 0,
    mayHaveLost: false,
    slots: [],
    left: isRate ? [] : draw.slots.slice(0, taken),
    kept: [],
  }
}

/** Places of the draws that are counted in one place. */
const placesByGroup = (draws: readonly Draw[]): readonly (readonly number[])[] => {
  const groups = new Map<string, number[]>()
  for (const [place, { ticket }] of draws.entries()) {
    const group = groups.get(ticket.group)
    if (group === undefined) groups.set(ticket.group, [place])
    else group.push(place)
  }
  return [...groups.values()]
}

/**
 * Counts by one script for all draws of a trip. Where keys have slots, draws of one group (an account's own limits) are one trip; those of
 * several groups (with limits that everybody counts on together) are a trip each, at the same time: when one is refused, what the
 * others took is given back, so that a trip takes all or none, though for a moment it holds a part.
 */
export const makeRedisCounter = ({ runner, prefix, nowMs }: RedisCounterOptions): JointCounter => {
  const keyOf = ({ ticket }: Draw): string => `${prefix}:{${ticket.group.replaceAll(/[{}]/g, '')}}:${ticket.bucket}`
  /** Where a failure was seen last is where an answer means something. */
  let suspect = `${prefix}:{ask}:ask`

  const run = async (keys: readonly string[], nodes: number, parameters: readonly string[]) => {
    const time = nowMs === undefined ? '-1' : wholeNumber(nowMs())
    try {
      return await runner.run(keys, [time, String(Math.max(1, nodes)), ...parameters])
    } catch (thrown) {
      suspect = keys[0] ?? suspect
      throw thrown
    }
  }
  const together = async (draws: readonly Draw[], nodes: number): Promise<Drawn> =>
    drawnOf(await run(draws.map(keyOf), nodes, draws.flatMap(parametersOf)), draws.length)

  const apart = async (draws: readonly Draw[], nodes: number): Promise<Drawn> => {
    const groups = placesByGroup(draws)
    if (groups.length === 1) return together(draws, nodes)
    const drawsAt = (places: readonly number[]) => places.map((place) => draws[place] as Draw)
    const settled = await Promise.allSettled(groups.map((places) => together(drawsAt(places), nodes)))
    const ok = settled.every((one) => one.status === 'fulfilled' && one.value.ok)
    const parts = await Promise.all(
      settled.map(async (one, which) => {
        if (one.status === 'rejected') return []
        const { value } = one
        if (ok || !value.ok) return value.parts
        const taken = drawsAt(groups[which] ?? [])
        return (
          await together(
            taken.map((draw, place) => undoing(draw, value.parts[place] as DrawnPart)),
            nodes,
          )
        ).parts
      }),
    )
    for (const one of settled) if (one.status === 'rejected') throw one.reason
    const ordered: DrawnPart[] = []
    for (const [which, places] of groups.entries())
      for (const [index, place] of places.entries()) ordered[place] = parts[which]?.[index] as DrawnPart
    return { ok, parts: ordered }
  }

  return {
    draw: async (draws, nodes) => {
      if (draws.length === 0) return { ok: true, parts: [] }
      return runner.isSlotted ? apart(draws, nodes) : together(draws, nodes)
    },
    ask: async () => {
      await run([suspect], 1, ['rate', '0', '-1', '0', '1000', '0', '-1', '0', '0', '0'])
    },
    breaks: runner.breaks,
  }
}
