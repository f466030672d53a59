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
  {
    file: 'src/migration/beta-function.ts',
    line: 'const roundsMax = 20_000',
    was: '20_000',
    becomes: ['20001'],
    why: 'a bound that no sum comes near',
  },
  {
    file: 'src/migration/proportion-test.ts',
    line: 'const inner = Math.min(1 - edge, Math.max(edge, hits / seen))',
    was: '-',
    becomes: ['+'],
    why: 'the edge is smaller than what the interval is told to',
  },
  {
    file: 'src/http/endpoint.ts',
    line: "const bare = slashes.length > 1 && slashes.endsWith('/') ? slashes.slice(0, -1) : slashes",
    was: '1',
    becomes: ['2'],
    why: 'no path of two characters ends with a slash when double ones have become one',
  },
  {
    file: 'src/http/endpoint.ts',
    line: 'const open = rows.filter(({ names }) => names.length > 0)',
    was: '>',
    becomes: ['>='],
    why: 'paths without names are looked up before those with them',
  },
  {
    file: 'src/migration/beta-function.ts',
    line: 'x < (a + 1) / (a + b + 2) ? lnTail(x, a, b) : lnOther(lnTail(1 - x, b, a))',
    was: '<',
    becomes: ['<='],
    why: 'either side gives the same, one of them in fewer rounds',
  },
  {
    file: 'src/migration/beta-function.ts',
    line: 'x < (a + 1) / (a + b + 2) ? lnTail(x, a, b) : lnOther(lnTail(1 - x, b, a))',
    was: '+',
    becomes: ['-'],
    why: 'either side gives the same, one of them in fewer rounds',
  },
  {
    file: 'src/migration/beta-function.ts',
    line: 'x < (a + 1) / (a + b + 2) ? lnTail(x, a, b) : lnOther(lnTail(1 - x, b, a))',
    was: '1',
    becomes: ['2'],
    why: 'either side gives the same, one of them in fewer rounds',
  },
  {
    file: 'src/migration/beta-function.ts',
    line: 'x < (a + 1) / (a + b + 2) ? lnTail(x, a, b) : lnOther(lnTail(1 - x, b, a))',
    was: '2',
    becomes: ['3'],
    why: 'either side gives the same, one of them in fewer rounds',
  },
  {
    file: 'src/migration/beta-function.ts',
    line: 'x < (a + 1) / (a + b + 2) ? lnOther(lnTail(x, a, b)) : lnTail(1 - x, b, a)',
    was: '<',
    becomes: ['<='],
    why: 'either side gives the same, one of them in fewer rounds',
  },
  {
    file: 'src/migration/beta-function.ts',
    line: 'x < (a + 1) / (a + b + 2) ? lnOther(lnTail(x, a, b)) : lnTail(1 - x, b, a)',
    was: '+',
    becomes: ['-'],
    why: 'either side gives the same, one of them in fewer rounds',
  },
  {
    file: 'src/migration/beta-function.ts',
    line: 'x < (a + 1) / (a + b + 2) ? lnOther(lnTail(x, a, b)) : lnTail(1 - x, b, a)',
    was: '1',
    becomes: ['2'],
    why: 'either side gives the same, one of them in fewer rounds',
  },
  {
    file: 'src/migration/beta-function.ts',
    line: 'x < (a + 1) / (a + b + 2) ? lnOther(lnTail(x, a, b)) : lnTail(1 - x, b, a)',
    was: '2',
    becomes: ['3'],
    why: 'either side gives the same, one of them in fewer rounds',
  },
]
