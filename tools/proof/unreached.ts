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
]
