/** Branches that no test can go through and that must stay, each with its reason. */

export type Unreached = {
  readonly file: string
  /** The line, or how it begins, without the blanks around it. */
  readonly text: string
  readonly why: string
}

/** The compiler cannot know that an index is within bounds, or that a group of a form that matched is there. */
const forTheCompiler = 'the other side is for the compiler: what is looked up is always there'

export const unreached: readonly Unreached[] = [
  {
    file: 'src/base/money.ts',
    text: "const nano = BigInt(whole ?? '0') * nanoPerUnit + BigInt(fraction.padEnd(9, '0'))",
    why: forTheCompiler,
  },
  {
    file: 'src/catalog/lookup.ts',
    text: 'next = next.successor === null ? null : (namedAt(catalog, next.vendor, next.successor)?.model ?? null)',
    why: 'loading refuses a successor that the vendor does not have',
  },
  {
    file: 'src/catalog/lookup.ts',
    text: "const retirement = { vendor: model.vendor, name, retiredOn: model.retiresOn ?? '', successor: next?.id ?? null }",
    why: 'a model that is retired has a day on which it was',
  },
  {
    file: 'src/ledger/book.ts',
    text: "return { account: match[1] ?? '', book: match[2] as CustomerBook }",
    why: forTheCompiler,
  },
  {
    file: 'src/policy/credential.ts',
    text: "if (rest.length === 1) return { place, key: rest[0] ?? '' }",
    why: forTheCompiler,
  },
  {
    file: 'src/http/endpoint.ts',
    text: 'const values = row.names.length === 0 ? [] : (row.form.exec(place.path)?.slice(1) ?? [])',
    why: 'the row was chosen because its form matches the path',
  },
  {
    file: 'src/http/endpoint.ts',
    text: "const parameters = Object.fromEntries(row.names.map((name, index) => [name, decoded(values[index] ?? '')]))",
    why: forTheCompiler,
  },
  {
    file: 'src/migration/beta-function.ts',
    text: 'const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value)',
    why: "Lentz' guard against a division by zero: no arguments are known that come to it",
  },
  {
    file: 'src/store/operations/books/audit.ts',
    text: 'calls: Number(counted[0]?.calls ?? 0n),',
    why: 'a count has one row',
  },
  {
    file: 'src/store/operations/books/audit.ts',
    text: 'openHolds: Number(counted[0]?.open ?? 0n),',
    why: 'a count has one row',
  },
  {
    file: 'src/store/operations/books/account.ts',
    text: 'if (money === null) throw unknown(account)',
    why: 'its state was set a moment ago',
  },
  {
    file: 'src/store/operations/books/account.ts',
    text: 'const paidNanoUsd = unspentNanoUsd - (left?.owedNanoUsd ?? 0n)',
    why: 'it was there a moment ago, in the same transaction',
  },
  {
    file: 'src/store/operations/books/account.ts',
    text: 'return { refundableNanoUsd: paidNanoUsd > 0n ? paidNanoUsd : 0n, heldNanoUsd: left?.heldNanoUsd ?? 0n }',
    why: 'it was there a moment ago, in the same transaction',
  },
  {
    file: 'src/store/operations/books/correction.ts',
    text: 'if (money === null || row === undefined) return { account, revokedNanoUsd: 0n, keptNanoUsd: 0n }',
    why: 'the lot was there a moment ago, and has an account',
  },
  {
    file: 'src/store/operations/books/settle.ts',
    text: 'chargedNanoUsd: row.charged_nano_usd ?? 0n,',
    why: 'a call that has ended has a charge',
  },
  {
    file: 'src/store/operations/books/withdrawal.ts',
    text: "if (money === null) throw new Problem('not_found',",
    why: 'an order belongs to an account',
  },
  {
    file: 'src/store/operations/books/withdrawal.ts',
    text: 'if (row !== undefined) return lotOf(row)',
    why: 'an order that was credited has given its lot',
  },
  {
    file: 'src/store/operations/books/account.ts',
    text: 'const paidNanoUsd = money?.paid_nano_usd ?? 0n',
    why: 'credit was given to it a moment ago, in the same transaction',
  },
  {
    file: 'src/ledger/audit.ts',
    text: 'if (sum !== 0n) report(',
    why: 'an entry takes from one book what it gives another: the line is there in case that is ever changed',
  },
  {
    file: 'src/store/operations/books/audit.ts',
    text: 'next: rows.length === pageRowsMax ?',
    why: 'more than a page is read by the long form, test/load/verify-million.ts',
  },
]
