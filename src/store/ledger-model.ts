/** The books as simply as they can be said, for tests to hold the real ones against. Knows no entries, only what must come out. */

import { periodAt } from '#ledger/period.ts'
import type { Budget, Ended, Grant, Held, HoldRequest, TerminalState } from '#ledger/port.ts'

type ModelLot = { readonly id: string; readonly priority: number; readonly expiresMs: number | null; rest: bigint }
type ModelHold = {
  state: TerminalState | 'open'
  amount: bigint
  charged: bigint
  excess: bigint
  begun: boolean
  proven: bigint | null
  expiresMs: number
  readonly owner: string
  readonly budgets: readonly Budget[]
  readonly takenMs: number
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const most = (a: bigint, b: bigint): bigint => (a > b ? a : b)
/** Later than any lot ends. */
const last = Number.MAX_SAFE_INTEGER

const lotsModel = () => {
  let lots: ModelLot[] = []
  const inOrder = (): ModelLot[] =>
    lots.toSorted((a, b) => a.priority - b.priority || Math.sign((a.expiresMs ?? last) - (b.expiresMs ?? last)))
  return {
    add: (lot: ModelLot): void => void lots.push(lot),
    credit: (): bigint => lots.reduce((sum, { rest }) => sum + rest, 0n),
    /** Takes an amount; gives what was not there. */
    spend: (amount: bigint): bigint => {
      let left = amount
      for (const lot of inOrder()) {
        const part = least(lot.rest, left)
        lot.rest -= part
        left -= part
      }
      return left
    },
    expire: (nowMs: number, held: bigint): void => {
      let reserved = held
      for (const lot of inOrder()) {
        const kept = least(lot.rest, reserved)
        reserved -= kept
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

type Room = { readonly amount: bigint; readonly budgets: readonly Budget[]; readonly atMs: number }

/** The holds of one account, and what it owes. */
const callsModel = (limit: bigint | null) => {
  const holds = new Map<string, ModelHold>()
  const lots = lotsModel()
  let [owed, excess] = [0n, 0n]
  const open = (): readonly ModelHold[] => [...holds.values()].filter(({ state }) => state === 'open')
  const held = (): bigint => open().reduce((sum, { amount }) => sum + amount, 0n)
  return {
    holds,
    open,
    held,
    balance: (): bigint => lots.credit() - owed,
    excess: (): bigint => excess,
    expire: (nowMs: number): void => lots.expire(nowMs, held()),
    grant: (lot: ModelLot): void => {
      const repaid = least(owed, lot.rest)
      owed -= repaid
      lots.add({ ...lot, rest: lot.rest - repaid })
    },
    /** What there is room for of an amount. */
    room: ({ amount, budgets, atMs }: Room): bigint => {
      let left = amount
      if (limit !== null) left = least(left, most(lots.credit() - owed + limit - held(), 0n))
      for (const budget of budgets)
        left = least(left, most(budget.limitNanoUsd - budgetUse(holds.values(), budget, atMs), 0n))
      return left
    },
    end: (hold: ModelHold, state: TerminalState, charged: bigint): Ended => {
      Object.assign(hold, { state, charged, excess: most(charged - hold.amount, 0n) })
      excess += hold.excess
      owed += lots.spend(charged)
      return answer(hold, false)
    },
  }
}

/** One account with a floor of `-limit`; `null` = no floor. */
export const ledgerModel = (limit: bigint | null) => {
  const calls = callsModel(limit)
  const { holds, expire, room, end } = calls
  /** Ends an open hold; an ended one answers as it did; `null` = there was none. */
  const endCall = (call: string, state: TerminalState, charged: bigint): Ended | null => {
    const hold = holds.get(call)
    if (hold === undefined) return null
    return hold.state === 'open' ? end(hold, state, charged) : answer(hold, true)
  }
  return {
    grant: ({ lot, amountNanoUsd, priority, expiresMs, nowMs }: Grant): void => {
      expire(nowMs)
      calls.grant({ id: lot, priority, expiresMs, rest: amountNanoUsd })
    },
    hold: (request: HoldRequest): bigint | null => {
      const { call, owner, budgets, expiresMs, nowMs, amountNanoUsd, amountMinNanoUsd, sliceNanoUsd } = request
      const known = holds.get(call)
      if (known !== undefined) return known.state === 'open' ? known.amount : null
      expire(nowMs)
      const there = room({ amount: amountNanoUsd, budgets, atMs: nowMs })
      if (there < amountMinNanoUsd) return null
      const amount = there < amountNanoUsd && sliceNanoUsd !== null ? least(there, sliceNanoUsd) : there
      const rest = { charged: 0n, excess: 0n, begun: false, proven: null, takenMs: nowMs }
      holds.set(call, { state: 'open', amount, owner, budgets, expiresMs, ...rest })
      return amount
    },
    extend: (
      call: string,
      by: { add: bigint; addMin: bigint; begun: boolean; proven: bigint | null; nowMs: number },
    ): bigint | null => {
      const hold = holds.get(call)
      if (hold === undefined || hold.state !== 'open') return null
      if (by.add > 0n) expire(by.nowMs)
      const there = room({ amount: by.add, budgets: hold.budgets, atMs: hold.takenMs })
      if (there < by.addMin) return null
      hold.amount += there
      hold.begun ||= by.begun
      if (by.proven !== null) hold.proven = most(hold.proven ?? 0n, by.proven)
      return hold.amount
    },
    settle: (call: string, charge: bigint, nowMs: number): Ended | null => {
      if (holds.get(call)?.state === 'open') expire(nowMs)
      return endCall(call, 'settled', charge)
    },
    voidHold: (call: string): Ended | null => endCall(call, 'voided', 0n),
    sweep: (nowMs: number, owner: string | null): void => {
      for (const hold of calls.open()) {
        if (hold.expiresMs > nowMs && (owner === null || hold.owner === owner)) continue
        if (hold.proven === null) end(hold, hold.begun ? 'lost' : 'voided', 0n)
        else {
          expire(nowMs)
          end(hold, 'settled', least(hold.proven, hold.amount))
        }
      }
    },
    expire,
    openCalls: () => calls.open().length,
    state: (nowMs: number) => {
      expire(nowMs)
      return { balance: calls.balance(), held: calls.held(), excess: calls.excess() }
    },
  }
}

export type LedgerModel = ReturnType<typeof ledgerModel>

/** The amount of a hold, or `null` where it was refused. */
export const amountOf = (held: Held): bigint | null => (held.ok ? held.amountNanoUsd : null)
