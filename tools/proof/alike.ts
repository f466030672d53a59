/** Changes of the source that change nothing in what it does: no test could notice them. Each with its reason. */

export type Alike = {
  readonly file: string
  /** The line, without the blanks around it. */
  readonly line: string
  readonly was: string
  readonly becomes: readonly string[]
  readonly why: string
}

export const alike: readonly Alike[] = [
  {
    file: 'src/base/money.ts',
    line: 'const size = nano < 0n ? -nano : nano',
    was: '<',
    becomes: ['<='],
    why: 'there is one zero: -0n is 0n',
  },
  {
    file: 'src/base/price-row.ts',
    line: 'hashes.set(row, hash)',
    was: 'hashes.set(row, hash)',
    becomes: [';'],
    why: 'a memo: without it the same is computed again',
  },
  {
    file: 'src/base/price-row.ts',
    line: 'if (currency === null && rows.every(isTimeless)) decidingAlways.set(rows, found)',
    was: 'decidingAlways.set(rows, found)',
    becomes: [';'],
    why: 'a memo: without it the same is computed again',
  },
]
