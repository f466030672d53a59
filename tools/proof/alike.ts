/** Changes of the source that change nothing in what it does: no test could notice them. Each with its reason, and none but itself. */

import type { Mutant } from './mutants.ts'

type Alike = {
  readonly file: string
  /** The line above, where others look as this one does. */
  readonly above?: string
  /** Without the blanks around it. */
  readonly line: string
  /** What the whole of it becomes. */
  readonly becomes: readonly string[]
  readonly why: string
}

const memo = 'a memo: without it the same is computed again'

export const alike: readonly Alike[] = [
  {
    file: 'src/base/money.ts',
    line: 'const size = nano < 0n ? -nano : nano',
    becomes: ['const size = nano <= 0n ? -nano : nano'],
    why: 'there is one zero: -0n is 0n',
  },
  {
    file: 'src/base/money.ts',
    line: 'export const notBelowZero = (nano: bigint): bigint => (nano < 0n ? 0n : nano)',
    becomes: [
      'export const notBelowZero = (nano: bigint): bigint => (nano <= 0n ? 0n : nano)',
      'export const notBelowZero = (nano: bigint): bigint => (nano < 1n ? 0n : nano)',
    ],
    why: 'of nothing nothing is left either way',
  },
  {
    file: 'src/base/money.ts',
    line: 'places >= 0 ? { digits: BigInt(digits), places } : { digits: BigInt(digits) * 10n ** BigInt(-places), places: 0 }',
    becomes: [
      'places > 0 ? { digits: BigInt(digits), places } : { digits: BigInt(digits) * 10n ** BigInt(-places), places: 0 }',
    ],
    why: 'a point that is not moved: ten to the power of nothing is one',
  },
  {
    file: 'src/catalog/price.ts',
    line: 'const minuteOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5))',
    becomes: ['const minuteOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 6))'],
    why: 'a time of day has five characters, or is refused before',
  },
  {
    file: 'src/catalog/price.ts',
    line: 'const windows = entry.window === undefined ? undefined : file.windows?.[entry.window]',
    becomes: ['const windows = false ? undefined : file.windows?.[entry.window]'],
    why: 'a short way: no window is called by no name',
  },
  {
    file: 'src/base/price-row.ts',
    line: 'return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))',
    becomes: ['return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a <= b ? -1 : 1)))'],
    why: 'no two fields have one name',
  },
  {
    file: 'src/base/price-row.ts',
    above: 'const known = hashes.get(row)',
    line: 'if (known !== undefined) return known',
    becomes: ['if (false) return known'],
    why: memo,
  },
  {
    file: 'src/base/price-row.ts',
    line: 'hashes.set(row, hash)',
    becomes: [';'],
    why: memo,
  },
  {
    file: 'src/base/price-row.ts',
    line: 'inUsd(row) ? null : fxRateAt(row.perUsd ?? [], row.currency, atMs)',
    becomes: ['false ? null : fxRateAt(row.perUsd ?? [], row.currency, atMs)'],
    why: 'a short way: no rate turns dollars into dollars',
  },
  {
    file: 'src/base/price-row.ts',
    above: 'const known = currency === null ? decidingAlways.get(rows) : undefined',
    line: 'if (known !== undefined) return known',
    becomes: ['if (false) return known'],
    why: memo,
  },
  {
    file: 'src/base/price-row.ts',
    line: 'if (currency === null && rows.every(isTimeless)) decidingAlways.set(rows, found)',
    becomes: ['if (false) decidingAlways.set(rows, found)', 'if (currency === null && rows.every(isTimeless)) ;'],
    why: memo,
  },
  {
    file: 'src/base/price-row.ts',
    line: 'const firstMs = Math.floor(fromMs / dayMs) * dayMs + window.fromMinute * minuteMs',
    becomes: ['const firstMs = Math.floor(fromMs / dayMs) / dayMs + window.fromMinute * minuteMs'],
    why: 'the same minute of each day, from the first day that there was on',
  },
  {
    file: 'src/http/endpoint.ts',
    line: "const bare = slashes.length > 1 && slashes.endsWith('/') ? slashes.slice(0, -1) : slashes",
    becomes: ["const bare = slashes.length > 2 && slashes.endsWith('/') ? slashes.slice(0, -1) : slashes"],
    why: 'no path of two characters ends with a slash when double ones have become one',
  },
  {
    file: 'src/http/endpoint.ts',
    line: 'if (asSent !== undefined) return { path, rows: asSent }',
    becomes: ['if (false) return { path, rows: asSent }'],
    why: 'a short way: without it the same is found by the long one',
  },
  {
    file: 'src/http/endpoint.ts',
    line: 'const open = rows.filter(({ names }) => names.length > 0)',
    becomes: ['const open = rows.filter(({ names }) => names.length >= 0)'],
    why: 'paths without names are looked up before those with them',
  },
  {
    file: 'src/http/endpoint.ts',
    line: 'const values = row.names.length === 0 ? [] : (row.form.exec(place.path)?.slice(1) ?? [])',
    becomes: ['const values = false ? [] : (row.form.exec(place.path)?.slice(1) ?? [])'],
    why: 'a short way: without it the same is found by the long one',
  },
  {
    file: 'src/store/operations/books/batch-sums.ts',
    above: 'goOn(this.#run.money(transaction, [account]), ([row]) => {',
    line: 'if (row === undefined) return null',
    becomes: ['if (false) return null'],
    why: 'a row that is not there is kept, and given out, as one that is not there',
  },
  {
    file: 'src/store/operations/books/draw.ts',
    line: 'if (money.scopedNanoUsd !== 0n) return null',
    becomes: ['if (true) return null'],
    why: 'a memo: without it the account is read anew for each part',
  },
  {
    file: 'src/store/operations/books/hold.ts',
    line: 'reserving.parts.length === 0 ? null : moveParts(books, account, reserving)',
    becomes: ['false ? null : moveParts(books, account, reserving)'],
    why: 'a short way: of no lot nothing is moved',
  },
  {
    file: 'src/store/operations/books/hold.ts',
    line: 'return crossed.length === 0 ? null : noteEach(books)',
    becomes: ['return false ? null : noteEach(books)'],
    why: 'a short way: of no threshold nothing is noted',
  },
  {
    file: 'src/store/operations/books/hold.ts',
    line: 'const larger = (a: bigint | null, b: bigint | null): bigint | null => (a === null ? b : b === null || b < a ? a : b)',
    becomes: [
      'const larger = (a: bigint | null, b: bigint | null): bigint | null => (a === null ? b : b === null || b <= a ? a : b)',
    ],
    why: 'of two that are equal either is the larger',
  },
  {
    file: 'src/store/operations/books/money.ts',
    line: 'await run.setExpiry(transaction, [firstEnd(left.map(({ expiresMs }) => expiresMs)), account])',
    becomes: [';'],
    why: 'what has ended is looked for again each time, and found to be booked',
  },
  {
    file: 'src/store/operations/books/hold.ts',
    above: '])',
    line: 'if (request.underWayNanoUsd !== undefined) await run.noteUnderWay(transaction, [request.underWayNanoUsd, call])',
    becomes: ['if (true) await run.noteUnderWay(transaction, [request.underWayNanoUsd, call])'],
    why: 'a short way: of what was not told the same is written again, nothing',
  },
  {
    file: 'src/store/operations/books/settle.ts',
    line: 'const lots = chargeNanoUsd === 0n || money.creditNanoUsd === 0n ? known : (known ?? (await lotsOf(books, account)))',
    becomes: [
      'const lots = chargeNanoUsd === 0n && money.creditNanoUsd === 0n ? known : (known ?? (await lotsOf(books, account)))',
      'const lots = false ? known : (known ?? (await lotsOf(books, account)))',
    ],
    why: 'a short way: of nothing nothing is taken, and from nothing either',
  },
  {
    file: 'src/store/operations/books/settle.ts',
    line: 'owner === null',
    becomes: ['false'],
    why: 'to a store no owner differs from nothing, so that the same holds are found, by the index of their ends',
  },
  {
    file: 'src/store/operations/books/settle.ts',
    line: "assert(row.state !== 'open' && row.charged_nano_usd !== null, 'a call that has ended has a charge')",
    becomes: [
      ';',
      "assert(row.state !== 'open' || row.charged_nano_usd !== null, 'a call that has ended has a charge')",
    ],
    why: 'a call ends with its charge, in one statement: what is asserted always holds',
  },
  {
    file: 'src/store/operations/books/correction.ts',
    line: "assert(money !== null && row !== undefined, 'a lot belongs to an account')",
    becomes: [';', "assert(money !== null || row !== undefined, 'a lot belongs to an account')"],
    why: 'the store itself keeps lots from being without an account: what is asserted always holds',
  },
  {
    file: 'src/store/operations/books/credit.ts',
    line: 'if (money !== null) count += await expireAccount(books, money, nowMs)',
    becomes: ['if (true) count += await expireAccount(books, money, nowMs)'],
    why: 'the store itself keeps lots from being without an account',
  },
  {
    file: 'src/store/operations/books/withdrawal.ts',
    line: "assert(first !== undefined, 'the lot of the order comes first')",
    becomes: [';'],
    why: 'where the lot of the order is not there, it was refused before',
  },
  {
    file: 'src/migration/beta-function.ts',
    line: 'if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - lnGamma(1 - x)',
    becomes: ['if (false) return Math.log(Math.PI / Math.sin(Math.PI * x)) - lnGamma(1 - x)'],
    why: 'the series holds there as well, with fewer digits than a number has',
  },
  {
    file: 'src/migration/beta-function.ts',
    line: 'const roundsMax = 20_000',
    becomes: ['const roundsMax = 20001'],
    why: 'a bound that no sum comes near',
  },
  {
    file: 'src/migration/beta-function.ts',
    line: 'if (Math.abs(step - 1) < precision) break',
    becomes: ['if (Math.abs(step - 2) < precision) break', 'if (Math.abs(step - 1) <= precision) break'],
    why: 'a short way: what has converged stays where it is',
  },
  {
    file: 'src/migration/beta-function.ts',
    line: 'x < (a + 1) / (a + b + 2) ? lnTail(x, a, b) : lnOther(lnTail(1 - x, b, a))',
    becomes: [
      'x <= (a + 1) / (a + b + 2) ? lnTail(x, a, b) : lnOther(lnTail(1 - x, b, a))',
      'x < (a - 1) / (a + b + 2) ? lnTail(x, a, b) : lnOther(lnTail(1 - x, b, a))',
      'x < (a + 2) / (a + b + 2) ? lnTail(x, a, b) : lnOther(lnTail(1 - x, b, a))',
      'x < (a + 1) / (a - b + 2) ? lnTail(x, a, b) : lnOther(lnTail(1 - x, b, a))',
      'x < (a + 1) / (a + b - 2) ? lnTail(x, a, b) : lnOther(lnTail(1 - x, b, a))',
      'x < (a + 1) / (a + b + 3) ? lnTail(x, a, b) : lnOther(lnTail(1 - x, b, a))',
    ],
    why: 'either side gives the same, one of them in fewer rounds',
  },
  {
    file: 'src/migration/beta-function.ts',
    line: 'x < (a + 1) / (a + b + 2) ? lnOther(lnTail(x, a, b)) : lnTail(1 - x, b, a)',
    becomes: [
      'x <= (a + 1) / (a + b + 2) ? lnOther(lnTail(x, a, b)) : lnTail(1 - x, b, a)',
      'x < (a - 1) / (a + b + 2) ? lnOther(lnTail(x, a, b)) : lnTail(1 - x, b, a)',
      'x < (a + 2) / (a + b + 2) ? lnOther(lnTail(x, a, b)) : lnTail(1 - x, b, a)',
      'x < (a + 1) / (a - b + 2) ? lnOther(lnTail(x, a, b)) : lnTail(1 - x, b, a)',
      'x < (a + 1) / (a + b - 2) ? lnOther(lnTail(x, a, b)) : lnTail(1 - x, b, a)',
      'x < (a + 1) / (a + b + 3) ? lnOther(lnTail(x, a, b)) : lnTail(1 - x, b, a)',
    ],
    why: 'either side gives the same, one of them in fewer rounds',
  },
  {
    file: 'src/migration/proportion-test.ts',
    line: 'const halvings = 50',
    becomes: ['const halvings = 51'],
    why: 'halves beyond what a number tells apart',
  },
  {
    file: 'src/migration/proportion-test.ts',
    line: 'if (lnE(middle) >= level) outer = middle',
    becomes: ['if (lnE(middle) > level) outer = middle'],
    why: 'where both are the same number, either side is it',
  },
  {
    file: 'src/migration/proportion-test.ts',
    line: 'const inner = Math.min(1 - edge, Math.max(edge, hits / seen))',
    becomes: ['const inner = Math.min(1 + edge, Math.max(edge, hits / seen))'],
    why: 'the edge is smaller than what the interval is told to',
  },
  {
    file: 'src/migration/proportion-test.ts',
    line: 'const inner = Math.min(1 - edge, Math.max(edge, share.hits / Math.max(1, share.seen)))',
    becomes: [
      'const inner = Math.min(2 - edge, Math.max(edge, share.hits / Math.max(1, share.seen)))',
      'const inner = Math.min(1 - edge, Math.max(edge, share.hits / Math.max(2, share.seen)))',
    ],
    why: 'of one unit, hit or not, the same is shown from either side of a half',
  },
  {
    file: 'src/migration/pair-test.ts',
    line: 'lnBetaAbove(0.5, 1 + candidate, 1 + other) -',
    becomes: ['lnBetaAbove(0.5, 1 + candidate, 1 + other) +'],
    why: 'ln B(1, 1) is nothing',
  },
]

const trimmed = (text: string): string => text.replace(/\s+/g, ' ').trim()

/** Whether a change of this text of a file is one of them. */
export const isAlike = (file: string, text: string, mutant: Mutant): boolean => {
  const from = text.lastIndexOf('\n', mutant.start - 1) + 1
  const behind = text.slice(mutant.end).split('\n', 1)[0] ?? ''
  const line = trimmed(text.slice(from, mutant.end) + behind)
  const becomes = trimmed(text.slice(from, mutant.start) + mutant.becomes + behind)
  const above = trimmed(text.slice(0, from).split('\n').at(-2) ?? '')
  return alike.some(
    (one) =>
      one.file === file &&
      one.line === line &&
      one.becomes.includes(becomes) &&
      (one.above === undefined || one.above === above),
  )
}
