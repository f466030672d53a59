// docs/reference/golden-costs.md: the golden costs of src/report/golden, with their arithmetic, for people.
import type { GoldenCost } from '#report/golden/costs.ts'

const head = `# Golden costs

What usage of every provider comes to, as it was seen in real answers, worked out by hand: each line is tokens x price per
million = millionths of the currency, and of what is billed by the piece pieces x price x a million; the sum is divided once and rounded half up to nano-dollars. A test holds the code
against each figure, and the figures against their own arithmetic. Prices are those of the shipped catalog on the day that is named,
where no other row is; \`drover prices explain\` shows the same for your own.
`

const dollars = (nano: string): string => {
  const digits = nano.padStart(10, '0')
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`
}

function section(golden: GoldenCost): string {
  const { name, priced, at, currency, lines, sum, nanoUsd, perUsd, note } = golden
  const model = 'rates' in priced ? 'a row of an operator' : `\`${priced.vendor}/${priced.model}\``
  const rows = lines.map(
    ([item, count, price, product, per]) =>
      `| ${item} | ${count} | ${price}${per === undefined ? '' : ' each'} | ${product} |`,
  )
  const divided = perUsd === undefined ? '' : ` / ${perUsd} yuan for a dollar`
  return `## ${name}

${model}, ${at}

| item | count | ${currency} per million, or each | product, in millionths |
|---|---|---|---|
${rows.join('\n')}
| **sum** | | | **${sum}** |

${sum} / 1,000,000${divided} = **${dollars(nanoUsd)} USD** = ${nanoUsd} nano-USD${note === undefined ? '' : ` (${note})`}
`
}

/** The page of all golden costs. */
export function goldenCostsPage(costs: readonly GoldenCost[]): string {
  return [head, ...costs.map(section)].join('\n')
}
