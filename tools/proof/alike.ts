/** Changes of the source that change nothing in what it does: no test could notice them. Each with its reason. */

import type { Mutant } from './mutants.ts'

type Alike = {
  readonly file: string
  /** Lines, without the blanks around them. */
  readonly lines: readonly string[]
  /** What stands there, and what may stand instead. */
  readonly changes: Readonly<Record<string, string>>
  readonly why: string
}

const memo = 'a memo: without it the same is computed again'

export const alike: readonly Alike[] = [
  {
    file: 'src/base/money.ts',
    lines: ['const size = nano < 0n ? -nano : nano'],
    changes: { '<': '<=' },
    why: 'there is one zero: -0n is 0n',
  },
  {
    file: 'src/base/money.ts',
    lines: [
      'places >= 0 ? { digits: BigInt(digits), places } : { digits: BigInt(digits) * 10n ** BigInt(-places), places: 0 }',
    ],
    changes: { '>=': '>' },
    why: 'a point that is not moved: ten to the power of nothing is one',
  },
  {
    file: 'src/catalog/price.ts',
    lines: ['const minuteOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5))'],
    changes: { '5': '6' },
    why: 'a time of day has five characters, or is refused before',
  },
  {
    file: 'src/catalog/price.ts',
    lines: ['const windows = entry.window === undefined ? undefined : file.windows?.[entry.window]'],
    changes: { 'entry.window === undefined': 'false' },
    why: 'a short way: no window is called by no name',
  },
  {
    file: 'src/base/price-row.ts',
    lines: ['if (currency === null && rows.every(isTimeless)) decidingAlways.set(rows, found)'],
    changes: { 'currency === null && rows.every(isTimeless)': 'false' },
    why: memo,
  },
  {
    file: 'src/base/price-row.ts',
    lines: ['return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))'],
    changes: { '<': '<=' },
    why: 'no two fields have one name',
  },
  {
    file: 'src/base/price-row.ts',
    lines: ['inUsd(row) ? null : fxRateAt(row.perUsd ?? [], row.currency, atMs)'],
    changes: { 'inUsd(row)': 'false' },
    why: 'a short way: no rate turns dollars into dollars',
  },
  {
    file: 'src/base/price-row.ts',
    lines: ['hashes.set(row, hash)'],
    changes: { 'hashes.set(row, hash)': ';' },
    why: memo,
  },
  {
    file: 'src/base/price-row.ts',
    lines: ['if (currency === null && rows.every(isTimeless)) decidingAlways.set(rows, found)'],
    changes: { 'decidingAlways.set(rows, found)': ';' },
    why: memo,
  },
  {
    file: 'src/base/price-row.ts',
    lines: ['if (known !== undefined) return known'],
    changes: { 'known !== undefined': 'false' },
    why: memo,
  },
  {
    file: 'src/http/endpoint.ts',
    lines: ["const bare = slashes.length > 1 && slashes.endsWith('/') ? slashes.slice(0, -1) : slashes"],
    changes: { '1': '2' },
    why: 'no path of two characters ends with a slash when double ones have become one',
  },
  {
    file: 'src/http/endpoint.ts',
    lines: ['const open = rows.filter(({ names }) => names.length > 0)'],
    changes: { '>': '>=' },
    why: 'paths without names are looked up before those with them',
  },
  {
    file: 'src/http/endpoint.ts',
    lines: [
      'if (asSent !== undefined) return { path, rows: asSent }',
      'const values = row.names.length === 0 ? [] : (row.form.exec(place.path)?.slice(1) ?? [])',
    ],
    changes: { 'asSent !== undefined': 'false', 'row.names.length === 0': 'false' },
    why: 'a short way: without it the same is found by the long one',
  },
  {
    file: 'src/store/operations/books/batch-sums.ts',
    lines: [
      'return sum === null ? [] : [sum.row]',
      'if (sums === undefined) {',
      'sum.row.remaining_nano_usd = added(sum.row.remaining_nano_usd, -amountNanoUsd)',
    ],
    changes: {
      'sum === null': 'false',
      '===': '!==',
      'sum.row.remaining_nano_usd = added(sum.row.remaining_nano_usd, -amountNanoUsd)': ';',
    },
    why: 'an operation that throws fails its batch, and then each is run by itself, without these sums, to the same end',
  },
  {
    file: 'src/store/operations/books/draw.ts',
    lines: [
      'const spentNanoUsd = spent.reduce((sum, { amountNanoUsd }) => sum + amountNanoUsd, 0n)',
      'return remainingNanoUsd > 0n ? [{ ...lot, remainingNanoUsd }] : []',
    ],
    changes: { '+': '-', '>': '>=' },
    why: 'where lots are known the sum of them is asked nothing, and a lot with nothing left pays nothing',
  },
  {
    file: 'src/store/operations/books/hold.ts',
    lines: [
      'if (more.length > 0) await run.keepLots(transaction, [keptLotsText({ models, parts: [...parts, ...more] }), call])',
    ],
    changes: { '>': '>=' },
    why: 'with nothing more the same is written again',
  },
  {
    file: 'src/store/operations/books/hold.ts',
    lines: [
      '): Promise<readonly Lot[]> => (money.scopedNanoUsd === 0n || models.length === 0 ? [] : lotsOf(books, money.account))',
    ],
    changes: { 'money.scopedNanoUsd === 0n || models.length === 0': 'false' },
    why: 'a short way: lots are read in vain, and none of them is kept back',
  },
  {
    file: 'src/store/operations/books/money.ts',
    lines: [
      'const ends = lots.flatMap(({ id, expiresMs }) => (expiresMs === null || gone.has(id) ? [] : [expiresMs]))',
    ],
    changes: { 'expiresMs === null || gone.has(id)': 'false' },
    why: 'an end that is past, or that is none, is looked for again each time, and found to be booked',
  },
  {
    file: 'src/store/operations/books/settle.ts',
    lines: ['owner === null'],
    changes: { 'owner === null': 'false' },
    why: 'to a store no owner differs from nothing, so that the same holds are found',
  },
  {
    file: 'src/store/operations/books/correction.ts',
    lines: ['if (revokedNanoUsd === 0n) return { account, revokedNanoUsd, keptNanoUsd }'],
    changes: { 'revokedNanoUsd === 0n': 'false' },
    why: 'a short way: of nothing no entries are posted, and none are moved',
  },
  {
    file: 'src/store/operations/books/money.ts',
    lines: ['await run.setExpiry(transaction, [firstExpiry(lots, gone), account])'],
    changes: { 'await run.setExpiry(transaction, [firstExpiry(lots, gone), account])': ';' },
    why: 'what has ended is looked for again each time, and found to be booked',
  },
  {
    file: 'src/store/operations/books/correction.ts',
    lines: ['if (paidNanoUsd > 0n) await run.movePaid(transaction, [-paidNanoUsd, account])'],
    changes: { '>': '>=' },
    why: 'a short way: nothing is moved of nothing',
  },
  {
    file: 'src/store/operations/books/correction.ts',
    lines: ["assert(money !== null && row !== undefined, 'a lot belongs to an account')"],
    changes: {
      '&&': '||',
      "assert(money !== null && row !== undefined, 'a lot belongs to an account')": ';',
    },
    why: 'the store itself keeps lots from being without an account: what is asserted always holds',
  },
  {
    file: 'src/store/operations/books/book-page.ts',
    lines: [".where('sequence', '<', place === null ? 2n ** 63n - 1n : (place?.sequence ?? 0n))"],
    changes: { '1n': '2n', '0n': '1n' },
    why: 'places are counted from one, and none comes near the largest number',
  },
  {
    file: 'src/store/operations/books/batch-sums.ts',
    lines: ['row.spent_nano_usd = added(row.spent_nano_usd, spent)'],
    changes: { 'row.spent_nano_usd = added(row.spent_nano_usd, spent)': ';' },
    why: 'nothing that runs within a batch reads what an account has spent; what is kept is the difference',
  },
  {
    file: 'src/store/operations/books/draw.ts',
    lines: ['standing: parts.length > 0 ? null : standingAfter({ money, lots: charged.lots }, charged),'],
    changes: { '>': '>=', '0': '1' },
    why: 'a memo: without it the account is read anew, as it is for as long as it has a lot for some models',
  },
  {
    file: 'src/store/operations/books/audit.ts',
    lines: ["assert(counted !== undefined, 'a count is one row')"],
    changes: { "assert(counted !== undefined, 'a count is one row')": ';' },
    why: 'a count without groups is one row in any database',
  },
  {
    file: 'src/store/operations/books/audit.ts',
    lines: ['.limit(1)'],
    changes: { '1': '2' },
    why: 'the first row is taken, however many come',
  },
  {
    file: 'src/store/operations/books/hold.ts',
    lines: [
      'if (more.length > 0) await run.keepLots(transaction, [keptLotsText({ models, parts: [...parts, ...more] }), call])',
    ],
    changes: { 'more.length > 0': 'true' },
    why: 'a short way: what was kept is written again',
  },
  {
    file: 'src/store/operations/books/batch-sums.ts',
    lines: ['return sums.flatMap(({ row }) => (row.remaining_nano_usd > 0n ? [row] : []))'],
    changes: { '>': '>=' },
    why: 'a short way: of a lot that is empty nothing is taken, and nothing is written of it',
  },
  {
    file: 'src/store/operations/books/draw.ts',
    lines: ['if (money.scopedNanoUsd !== 0n) return null'],
    changes: { 'money.scopedNanoUsd !== 0n': 'true' },
    why: 'a memo: without it the account is read anew for each part',
  },
  {
    file: 'src/store/operations/books/hold.ts',
    lines: ['const positive = (amount: bigint): bigint => (amount < 0n ? 0n : amount)'],
    changes: { '0n': '1n', '<': '<=' },
    why: 'of nothing nothing is left either way',
  },
  {
    file: 'src/store/operations/books/batch-sums.ts',
    lines: ['if (row === undefined) return null'],
    changes: { 'row === undefined': 'false' },
    why: 'what fails together is run once more by itself, and is refused there in its own words',
  },
  {
    file: 'src/store/operations/books/hold.ts',
    lines: [
      'const larger = (a: bigint | null, b: bigint | null): bigint | null => (a === null ? b : b === null || b < a ? a : b)',
    ],
    changes: { '<': '<=' },
    why: 'of two that are equal either is the larger',
  },
  {
    file: 'src/store/operations/books/credit.ts',
    lines: ['if (money !== null) count += await expireAccount(books, money, nowMs)'],
    changes: { 'money !== null': 'true' },
    why: 'the store itself keeps lots from being without an account',
  },
  {
    file: 'src/store/operations/books/settle.ts',
    lines: ["assert(row.state !== 'open' && row.charged_nano_usd !== null, 'a call that has ended has a charge')"],
    changes: {
      "assert(row.state !== 'open' && row.charged_nano_usd !== null, 'a call that has ended has a charge')": ';',
      '&&': '||',
    },
    why: 'a call ends with its charge, in one statement: what is asserted always holds',
  },
  {
    file: 'src/store/operations/books/draw.ts',
    lines: ['return left > 0n ? [{ lot, amountNanoUsd: left }] : []'],
    changes: { 'left > 0n': 'true', '>': '>=' },
    why: 'a short way: what keeps nothing of a lot gives nothing back',
  },
  {
    file: 'src/store/operations/books/hold.ts',
    lines: ['if (parts.length === 0) return'],
    changes: { 'parts.length === 0': 'false', return: ';' },
    why: 'a short way: of no lot nothing is moved',
  },
  {
    file: 'src/store/operations/books/withdrawal.ts',
    lines: ["assert(first !== undefined, 'the lot of the order comes first')"],
    changes: { "assert(first !== undefined, 'the lot of the order comes first')": ';' },
    why: 'where the lot of the order is not there, it was refused before',
  },
  {
    file: 'src/store/operations/books/account.ts',
    lines: ["assert(money !== null, 'its state was set a moment ago')"],
    changes: { "assert(money !== null, 'its state was set a moment ago')": ';' },
    why: 'in one transaction nobody takes it away: what is asserted always holds',
  },
  {
    file: 'src/migration/beta-function.ts',
    lines: ['const roundsMax = 20_000'],
    changes: { '20_000': '20001' },
    why: 'a bound that no sum comes near',
  },
  {
    file: 'src/migration/beta-function.ts',
    lines: [
      'x < (a + 1) / (a + b + 2) ? lnTail(x, a, b) : lnOther(lnTail(1 - x, b, a))',
      'x < (a + 1) / (a + b + 2) ? lnOther(lnTail(x, a, b)) : lnTail(1 - x, b, a)',
    ],
    changes: { '<': '<=', '+': '-', '1': '2', '2': '3' },
    why: 'either side gives the same, one of them in fewer rounds',
  },
  {
    file: 'src/migration/beta-function.ts',
    lines: ['if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - lnGamma(1 - x)'],
    changes: { 'x < 0.5': 'false' },
    why: 'the series holds there as well, with fewer digits than a number has',
  },
  {
    file: 'src/migration/beta-function.ts',
    lines: ['if (Math.abs(step - 1) < precision) break'],
    changes: { '<': '<=', '1': '2' },
    why: 'a short way: what has converged stays where it is',
  },
  {
    file: 'src/migration/proportion-test.ts',
    lines: ['const inner = Math.min(1 - edge, Math.max(edge, share.hits / Math.max(1, share.seen)))'],
    changes: { '1': '2' },
    why: 'of one unit, hit or not, the same is shown from either side of a half',
  },
  {
    file: 'src/migration/pair-test.ts',
    lines: ['lnBetaAbove(0.5, 1 + candidate, 1 + other) -'],
    changes: { '-': '+' },
    why: 'ln B(1, 1) is nothing',
  },
  {
    file: 'src/migration/proportion-test.ts',
    lines: ['const halvings = 50'],
    changes: { '50': '51' },
    why: 'halves beyond what a number tells apart',
  },
  {
    file: 'src/migration/proportion-test.ts',
    lines: ['if (lnE(middle) >= level) outer = middle'],
    changes: { '>=': '>' },
    why: 'where both are the same number, either side is it',
  },
  {
    file: 'src/migration/proportion-test.ts',
    lines: ['const inner = Math.min(1 - edge, Math.max(edge, hits / seen))'],
    changes: { '-': '+' },
    why: 'the edge is smaller than what the interval is told to',
  },
]

/** Whether a change of this text of a file is one of them. */
export const isAlike = (file: string, text: string, { line, was, becomes }: Mutant): boolean => {
  const source = text.split('\n')[line - 1]?.trim() ?? ''
  return alike.some((one) => one.file === file && one.lines.includes(source) && one.changes[was] === becomes)
}
