import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccountClaim, Audit, EntrySum, LotClaim } from './audit.ts'
import { makeAudit } from './audit.ts'
import { customerOf } from './book.ts'

const sum = (from: string, to: string, amountNano: bigint): EntrySum => ({
  from,
  to,
  amountNano,
  lot: null,
  currency: 'USD',
})
const ofLot = (entry: EntrySum): EntrySum => ({ ...entry, lot: 'lot_1' })
const paid = 'account:a:paid'
const revenue = 'operator:revenue'
/** 100 were paid, 30 of them used. */
const entries = [ofLot(sum('operator:cash:manual', paid, 100n)), ofLot(sum(paid, revenue, 30n))]

const account = (changes: Partial<AccountClaim> = {}): AccountClaim => ({
  account: 'a',
  billing: 'prepaid',
  creditNanoUsd: 70n,
  owedNanoUsd: 0n,
  heldNanoUsd: 5n,
  spentNanoUsd: 30n,
  creditLimitNanoUsd: 0n,
  paidNanoUsd: 100n,
  scopedNanoUsd: 0n,
  reservedNanoUsd: 0n,
  lotsScopedNanoUsd: 0n,
  lotsReservedNanoUsd: 0n,
  openNanoUsd: 5n,
  excessNanoUsd: 0n,
  ...changes,
})
const lot = (changes: Partial<LotClaim> = {}): LotClaim => ({
  lot: 'lot_1',
  grantedNanoUsd: 100n,
  remainingNanoUsd: 70n,
  revokedNanoUsd: 0n,
  isCorrection: false,
  ...changes,
})

const found = (more: readonly EntrySum[], tell: (audit: Audit) => void): readonly string[] => {
  const audit = makeAudit()
  audit.add([...entries, ...more])
  tell(audit)
  return audit.findings().map(({ kind, object, message }) => `${kind} ${object}: ${message}`)
}
const ofAccount = (changes: Partial<AccountClaim>, more: readonly EntrySum[] = []) =>
  found(more, (audit) => {
    audit.account(account(changes))
    audit.lot(lot(changes as Partial<LotClaim>))
  })

test('books that are as their entries say have no findings', () => {
  assert.deepEqual(ofAccount({}), [])
})

test('each thing that an account says of itself is held against its entries', () => {
  const cases: readonly (readonly [Partial<AccountClaim>, RegExp])[] = [
    [{ creditNanoUsd: 71n }, /^balance a: credit is 71, its entries say 70/],
    [{ owedNanoUsd: 1n }, /^balance a: owed is 1, its entries say 0/],
    [{ spentNanoUsd: 29n }, /^balance a: spent is 29, its entries say 30/],
    [{ paidNanoUsd: 99n }, /^paid a: paid is 99, its entries say 100/],
    [{ scopedNanoUsd: 3n, lotsScopedNanoUsd: 4n }, /^scope a: for some models it has 3, .*its lots say 4/],
    [{ reservedNanoUsd: 3n }, /^scope a: .*kept back 3, its lots say 0, of which is kept back 0/],
    [{ openNanoUsd: 6n }, /^held a: held is 5, its open holds say 6/],
  ]
  for (const [claim, words] of cases) {
    const lines = ofAccount(claim)
    assert.equal(lines.length, 1, JSON.stringify(lines))
    assert.match(lines[0] ?? '', words)
  }
})

test('credit is what was paid for, given and bundled together; what is owed, on account or short', () => {
  const given = [
    sum('operator:promo-cost', 'account:a:promo', 5n),
    sum('operator:promo-cost', 'account:a:bundle', 7n),
    sum('account:a:owed', 'operator:refunds', 2n),
    sum('account:a:shortfall', 'operator:refunds', 4n),
  ]
  assert.deepEqual(ofAccount({ creditNanoUsd: 82n, owedNanoUsd: 6n, paidNanoUsd: 94n }, given), [])
})

test('an account that nobody entered for has nothing, and one that has entries is an account', () => {
  const nothing = {
    account: 'b',
    creditNanoUsd: 0n,
    spentNanoUsd: 0n,
    paidNanoUsd: 0n,
    heldNanoUsd: 0n,
    openNanoUsd: 0n,
  }
  assert.deepEqual(
    found([], (audit) => {
      audit.account(account())
      audit.account(account(nothing))
      audit.lot(lot())
    }),
    [],
  )
  const unknown = found([], (audit) => audit.lot(lot()))
  assert.deepEqual(unknown, ['balance a: has entries, and is no account'])
})

test('below the floor is what neither the limit, nor use beyond holds, nor corrections explain', () => {
  const owing = [sum('account:a:shortfall', revenue, 100n)]
  const claim = { owedNanoUsd: 100n, spentNanoUsd: 130n }
  assert.match(
    ofAccount({ ...claim, excessNanoUsd: 29n }, owing)[0] ?? '',
    /^negative a: 30 nano-USD below zero, of which 29/,
  )
  assert.deepEqual(ofAccount({ ...claim, excessNanoUsd: 30n }, owing), [])
  assert.deepEqual(ofAccount({ ...claim, creditLimitNanoUsd: 30n }, owing), [])
  assert.deepEqual(ofAccount({ ...claim, billing: 'unlimited' }, owing), [])
  // Credit for some models covers nothing else.
  const scoped = { scopedNanoUsd: 10n, lotsScopedNanoUsd: 10n }
  assert.equal(ofAccount({ ...claim, ...scoped, excessNanoUsd: 39n }, owing).length, 1)
  assert.deepEqual(ofAccount({ ...claim, ...scoped, excessNanoUsd: 40n }, owing), [])
  for (const to of ['operator:adjustments', 'operator:refunds', 'operator:settlement-discount']) {
    const corrected = [sum('account:a:shortfall', to, 100n)]
    const paidBack = to === 'operator:refunds' ? 0n : 100n
    assert.deepEqual(ofAccount({ owedNanoUsd: 100n, paidNanoUsd: paidBack }, corrected), [], to)
  }
})

test('each thing that a lot says of itself is held against its entries', () => {
  const of = (claim: Partial<LotClaim>, more: readonly EntrySum[] = [], changes: Partial<AccountClaim> = {}) =>
    found(more, (audit) => {
      audit.account(account(changes))
      audit.lot(lot(claim))
    })
  assert.match(of({ remainingNanoUsd: 71n })[0] ?? '', /^lot lot_1: 71 is left, its entries say 70/)
  assert.match(of({ grantedNanoUsd: 99n })[0] ?? '', /^lot lot_1: 99 was granted, its entries say 100/)
  assert.match(of({ revokedNanoUsd: 1n })[0] ?? '', /^lot lot_1: 1 was taken back, its entries say 0/)
  assert.deepEqual(of({ revokedNanoUsd: 1n, isCorrection: true }), [])
  const back = [ofLot(sum(paid, 'operator:cash:manual', 20n))]
  assert.deepEqual(
    of({ remainingNanoUsd: 50n, revokedNanoUsd: 20n }, back, { creditNanoUsd: 50n, paidNanoUsd: 80n }),
    [],
  )
  const none = found([], (audit) => {
    audit.account(account())
    audit.lot(lot())
    audit.lot(lot({ lot: 'lot_2' }))
  })
  assert.deepEqual(none, [
    'lot lot_2: 70 is left, its entries say 0 nano-USD',
    'lot lot_2: 100 was granted, its entries say 0 nano-USD',
  ])
  const orphan = found([], (audit) => audit.account(account()))
  assert.deepEqual(orphan, ['lot lot_1: entries of 70 nano-USD, and no such lot'])
})

test('entries of nothing or less, and what others found, are told; at most a hundred', () => {
  const lines = found([sum('operator:loss', revenue, 0n), sum('operator:loss', revenue, -1n)], (audit) => {
    audit.account(account())
    audit.lot(lot())
    audit.find([{ kind: 'payment', object: 'order_1', message: 'was never paid' }])
  })
  assert.deepEqual(lines, [
    'sum operator:loss: entries to operator:revenue sum to 0, which is not above zero',
    'sum operator:loss: entries to operator:revenue sum to -1, which is not above zero',
    'payment order_1: was never paid',
  ])
  const many = makeAudit()
  for (let count = 0; count < 150; count += 1) many.find([{ kind: 'payment', object: `o${count}`, message: '' }])
  assert.equal(many.findings().length, 100)
})

test('what one customer gives another is no credit that was granted, and moves no lot but the giver’s', () => {
  const moved = [ofLot(sum(paid, 'account:a:owed', 10n))]
  const lines = ofAccount({ creditNanoUsd: 60n, owedNanoUsd: -10n, remainingNanoUsd: 60n } as never, moved)
  assert.deepEqual(lines, [])
})

test('a book of a customer is known by its name, and one of the operator’s is nobody’s', () => {
  assert.deepEqual(customerOf('account:a:b:promo'), { account: 'a:b', book: 'promo' })
  assert.equal(customerOf('account:a:other'), null)
  assert.equal(customerOf('operator:revenue'), null)
  assert.equal(customerOf('my account:a:paid'), null)
})
