/** The books as simply as they can be said, for tests to hold the real ones against. Knows no entries, only what must come out. */

import { periodAt } from '#ledger/period.ts'
import type { Budget, Ended, Grant, Held, HoldRequest, ModelNames, Rerated, TerminalState } from '#ledger/port.ts'

type ModelLot = {
  readonly id: string
  readonly priority: number
  readonly expiresMs: number | null
  /** The one model that it pays for. */
  readonly only: string | null
  rest: bigint
}
type ModelHold = {
  state: TerminalState | 'open'
  amount: bigint
  charged: bigint
  /** What it has cost in the end, at other prices. */
  rated: bigint
  excess: bigint
  begun: boolean
  proven: bigint | null
  expiresMs: number
  readonly owner: string | null
  readonly budgets: readonly Budget[]
  readonly takenMs: number
  /** Whether the account had lots for these models when the hold was taken: only then it may have more of them later. */
  readonly models: readonly ModelNames[]
  /** What it keeps of lots for one model, by lot. */
  readonly kept: Map<string, bigint>
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const most = (a: bigint, b: bigint): bigint => (a > b ? a : b)
const sumOf = (amounts: Iterable<bigint>): bigint => [...amounts].reduce((sum, amount) => sum + amount, 0n)
/** Later than any lot ends. */
const last = Number.MAX_SAFE_INTEGER

/** Lots, and what open holds keep of them. */
const lotsModel = (open: () => readonly ModelHold[]) => {
  let lots: ModelLot[] = []
  const inOrder = (): ModelLot[] =>
    lots.toSorted((a, b) => a.priority - b.priority || Math.sign((a.expiresMs ?? last) - (b.expiresMs ?? last)))
  const keptOf = ({ id }: ModelLot): bigint => sumOf(open().map(({ kept }) => kept.get(id) ?? 0n))
  const fitting = (models: readonly ModelNames[]): ModelLot[] =>
    inOrder().filter(({ only }) => only !== null && models.length > 0 && models.every((names) => names.includes(only)))
  const free = (lot: ModelLot): bigint => lot.rest - keptOf(lot)
  return {
    fitting,
    free,
    add: (lot: ModelLot): void => void lots.push(lot),
    find: (id: string): ModelLot | undefined => lots.find((lot) => lot.id === id),
    hasScoped: (): boolean => lots.some(({ only, rest }) => only !== null && rest > 0n),
    general: (): bigint => sumOf(lots.filter(({ only }) => only === null).map(({ rest }) => rest)),
    credit: (): bigint => sumOf(lots.map(({ rest }) => rest)),
    /** Keeps what lots for the models can give of an amount. */
    keep: (hold: ModelHold, amount: bigint): void => {
      let left = amount
      for (const lot of fitting(hold.models)) {
        const part = least(free(lot), left)
        if (part > 0n) hold.kept.set(lot.id, (hold.kept.get(lot.id) ?? 0n) + part)
        left -= part
      }
    },
    /** Takes an amount, first of what was kept for it and of other lots for the model; gives what was not there. */
    spend: (amount: bigint, kept: ReadonlyMap<string, bigint>, model: ModelNames): bigint => {
      let left = amount
      const order = inOrder()
      for (const lot of [...order.filter(({ only }) => only !== null), ...order.filter(({ only }) => only === null)]) {
        const mine = kept.get(lot.id) ?? 0n
        const may = lot.only === null ? lot.rest : model.includes(lot.only) ? free(lot) : least(mine, free(lot))
        const part = least(may, left)
        lot.rest -= part
        left -= part
      }
      return left
    },
    takeGeneral: (amount: bigint): void => {
      let left = amount
      for (const lot of inOrder().filter(({ only }) => only === null)) {
        const part = least(lot.rest, left)
        lot.rest -= part
        left -= part
      }
    },
    expire: (nowMs: number): void => {
      let reserved = sumOf(open().map(({ amount, kept }) => amount - sumOf(kept.values())))
      for (const lot of inOrder()) {
        const kept = lot.only === null ? least(lot.rest, reserved) : keptOf(lot)
        if (lot.only === null) reserved -= kept
        if (lot.expiresMs !== null && lot.expiresMs <= nowMs) lot.rest = kept
      }
      lots = lots.filter(({ rest }) => rest > 0n)
    },
  }
}

/** What a budget's holds have taken of the period that holds the instant. */
const budgetUse = (holds: Iterable<ModelHold>, budget: Budget, atMs: number): bigint => {
  const { startMs } = periodAt(budget.period, atMs)
  let sum = 0n
  for (const { budgets, takenMs, state, amount, charged } of holds)
    if (
      budgets.some(
        ({ name, period }) =>
          name === budget.name && periodAt(period, takenMs).startMs === startMs && period === budget.period,
      )
    )
      sum += state === 'open' ? amount : charged
  return sum
}

const answer = ({ state, charged, excess }: ModelHold, repeated: boolean): Ended => ({
  state: state as TerminalState,
  chargedNanoUsd: charged,
  excessNanoUsd: excess,
  repeated,
})

type Room = {
  readonly amount: bigint
  readonly budgets: readonly Budget[]
  readonly atMs: number
  readonly models: readonly ModelNames[]
}
type End = { readonly state: TerminalState; readonly charged: bigint; readonly model: ModelNames }

/** The holds of one account, and what it owes. */
const callsModel = (limit: bigint | null) => {
  const holds = new Map<string, ModelHold>()
  const open = (): readonly ModelHold[] => [...holds.values()].filter(({ state }) => state === 'open')
  const lots = lotsModel(open)
  let [owed, excess] = [0n, 0n]
  const held = (): bigint => sumOf(open().map(({ amount }) => amount))
  const generalHeld = (): bigint => held() - sumOf(open().map(({ kept }) => sumOf(kept.values())))
  /** General credit that no hold needs. */
  const freeGeneral = (): bigint => most(lots.general() - generalHeld(), 0n)
  return {
    holds,
    lots,
    open,
    held,
    balance: (): bigint => lots.credit() - owed,
    excess: (): bigint => excess,
    expire: lots.expire,
    freeGeneral,
    /** Takes an amount out of free credit; what is not there is owed, and given. */
    takeAway: (amount: bigint): bigint => {
      const taken = least(amount, freeGeneral())
      lots.takeGeneral(taken)
      owed += amount - taken
      excess += amount - taken
      return amount - taken
    },
    grant: (lot: ModelLot): void => {
      const repaid = lot.only === null ? least(owed, lot.rest) : 0n
      owed -= repaid
      lots.add({ ...lot, rest: lot.rest - repaid })
    },
    /** What there is room for of an amount. */
    room: ({ amount, budgets, atMs, models }: Room): bigint => {
      let left = amount
      const scoped = sumOf(lots.fitting(models).map(lots.free))
      if (limit !== null) left = least(left, most(scoped + lots.general() - owed + limit - generalHeld(), 0n))
      for (const budget of budgets)
        left = least(left, most(budget.limitNanoUsd - budgetUse(holds.values(), budget, atMs), 0n))
      return left
    },
    end: (hold: ModelHold, { state, charged, model }: End): Ended => {
      Object.assign(hold, { state, charged, rated: charged, excess: most(charged - hold.amount, 0n) })
      excess += hold.excess
      owed += lots.spend(charged, hold.kept, model)
      return answer(hold, false)
    },
  }
}

type Calls = ReturnType<typeof callsModel>

const takeHold = ({ holds, room, lots, expire }: Calls, request: HoldRequest): bigint | null => {
  const { call, owner, budgets, expiresMs, nowMs, amountNanoUsd, amountMinNanoUsd, sliceNanoUsd } = request
  const { models: asked = [] } = request
  const known = holds.get(call)
  if (known !== undefined) return known.state === 'open' ? known.amount : null
  expire(nowMs)
  const models = lots.hasScoped() ? asked : []
  const there = room({ amount: amountNanoUsd, budgets, atMs: nowMs, models })
  if (there < amountMinNanoUsd) return null
  const amount = there < amountNanoUsd && sliceNanoUsd !== null ? least(there, sliceNanoUsd) : there
  const rest = { charged: 0n, rated: 0n, excess: 0n, begun: false, proven: null, takenMs: nowMs, models }
  const hold: ModelHold = { state: 'open', amount, owner, budgets, expiresMs, kept: new Map(), ...rest }
  lots.keep(hold, amount)
  holds.set(call, hold)
  return amount
}

type Extension = { add: bigint; addMin: bigint; begun: boolean; proven: bigint | null; nowMs: number }

const extendHold = ({ holds, room, lots, expire }: Calls, call: string, by: Extension): bigint | null => {
  const hold = holds.get(call)
  if (hold === undefined || hold.state !== 'open') return null
  if (by.add > 0n) expire(by.nowMs)
  const { budgets, takenMs, models } = hold
  const there = room({ amount: by.add, budgets, atMs: takenMs, models })
  if (there < by.addMin) return null
  lots.keep(hold, there)
  hold.amount += there
  hold.begun ||= by.begun
  if (by.proven !== null) hold.proven = most(hold.proven ?? 0n, by.proven)
  return hold.amount
}

/** One account with a floor of `-limit`; `null` = no floor. */
export const ledgerModel = (limit: bigint | null) => {
  const calls = callsModel(limit)
  const { holds, expire, end, lots } = calls
  /** Ends an open hold; an ended one answers as it did; `null` = there was none. */
  const endCall = (call: string, how: End): Ended | null => {
    const hold = holds.get(call)
    if (hold === undefined) return null
    return hold.state === 'open' ? end(hold, how) : answer(hold, true)
  }
  const grant = ({ lot, amountNanoUsd, priority, expiresMs, nowMs, scope }: Grant): void => {
    expire(nowMs)
    calls.grant({ id: lot, priority, expiresMs, rest: amountNanoUsd, only: scope?.[0] ?? null })
  }
  return {
    grant,
    hold: (request: HoldRequest): bigint | null => takeHold(calls, request),
    extend: (call: string, by: Extension): bigint | null => extendHold(calls, call, by),
    settle: (call: string, charge: bigint, at: { nowMs: number; model: ModelNames }): Ended | null => {
      if (holds.get(call)?.state === 'open') expire(at.nowMs)
      return endCall(call, { state: 'settled', charged: charge, model: at.model })
    },
    voidHold: (call: string): Ended | null => endCall(call, { state: 'voided', charged: 0n, model: [] }),
    /** Gives what was taken back; `null` = there is no such lot, or nothing in it. */
    revoke: (id: string, nowMs: number): bigint | null => {
      expire(nowMs)
      const lot = lots.find(id)
      if (lot === undefined) return null
      const part = least(lot.rest, lot.only === null ? calls.freeGeneral() : lots.free(lot))
      lot.rest -= part
      return part
    },
    takeAway: (amount: bigint, nowMs: number): void => {
      expire(nowMs)
      calls.takeAway(amount)
    },
    /** A settled call is to have cost this in the end. */
    rerate: (call: string, target: bigint, nowMs: number): Rerated => {
      const hold = holds.get(call)
      if (hold !== undefined) expire(nowMs)
      if (hold?.state !== 'settled') return { kind: 'not_settled' }
      const difference = target - hold.rated
      if (difference === 0n) return { kind: 'unchanged', chargedNanoUsd: target }
      hold.rated = target
      if (difference > 0n) {
        const beyond = calls.takeAway(difference)
        // Without a floor there is nothing to explain.
        if (limit !== null) hold.excess += beyond
      } else calls.grant({ id: 'rerate', priority: 50, expiresMs: null, rest: -difference, only: null })
      return { kind: 'adjusted', differenceNanoUsd: difference, chargedNanoUsd: target }
    },
    sweep: (nowMs: number, owner: string | null): void => {
      for (const hold of calls.open()) {
        if (hold.expiresMs > nowMs && (owner === null || hold.owner === owner)) continue
        if (hold.proven === null) end(hold, { state: hold.begun ? 'lost' : 'voided', charged: 0n, model: [] })
        else {
          expire(nowMs)
          end(hold, { state: 'settled', charged: least(hold.proven, hold.amount), model: [] })
        }
      }
    },
    expire,
    openCalls: () => calls.open().length,
    state: (nowMs: number) => {
      expire(nowMs)
      return { balance: calls.balance(), held: calls.held(), explained: calls.excess() }
    },
  }
}

export type LedgerModel = ReturnType<typeof ledgerModel>

/** The amount of a hold, or `null` where it was refused. */
export const amountOf = (held: Held): bigint | null => (held.ok ? held.amountNanoUsd : null)
