/** What a call cost and why: what was used, at which rates, what was held and charged. */

import { useFormat, useWords } from '#parts/language.tsx'
import type { Fact } from '#parts/layout.tsx'
import { Facts } from '#parts/layout.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import type { Explanation } from './explanation.ts'
import { texts } from './texts.ts'

type Price = NonNullable<Explanation['price']>
type Line = NonNullable<Price['lines']>[number]

const Lines = ({ price, lines }: { readonly price: Price; readonly lines: readonly Line[] }) => {
  const say = useWords(texts)
  const format = useFormat()
  const columns: readonly Column<Line>[] = [
    { id: 'item', title: say('item'), cell: ({ item }) => item.replaceAll('_', ' '), foot: say('sum') },
    { id: 'count', title: say('countOf'), align: 'number', cell: ({ count }) => format.number(count) },
    {
      id: 'rate',
      title: say('rate'),
      align: 'number',
      cell: ({ rate, per }) => (
        <>
          {format.amount(rate, price.currency)}{' '}
          <span className="soft">{say(per === 'million' ? 'perMillion' : 'perPiece')}</span>
        </>
      ),
    },
    {
      id: 'amount',
      title: say('amount'),
      align: 'number',
      cell: ({ amount }) => format.amount(amount, price.currency),
      foot: format.amount(price.sum, price.currency),
    },
  ]
  return (
    <div className="card">
      <DataTable name={say('receipt')} columns={columns} rows={lines} keyOf={({ item }) => item} />
    </div>
  )
}

export const Receipt = ({ explanation }: { readonly explanation: Explanation }) => {
  const say = useWords(texts)
  const format = useFormat()
  const { price, books, call, adds_up: addsUp } = explanation
  const facts: readonly (Fact | null)[] = [
    price === null
      ? null
      : [say('price'), say('priceFrom', { model: price.model, vendor: price.vendor, source: price.source })],
    ...(price?.rules ?? []).map(({ name, percent }): Fact => [name, `${percent} %`]),
    books === null ? null : [say('held'), format.money(books.held_nano_usd)],
    [say('charged'), format.money(books?.charged_nano_usd ?? call.cost_nano_usd)],
    books?.rule == null ? null : [say('rule'), books.rule],
  ]
  return (
    <div className="stack">
      {price?.lines == null ? <p className="soft">{say('noPrice')}</p> : <Lines price={price} lines={price.lines} />}
      <Facts facts={facts} />
      {addsUp === null ? null : <p className={addsUp ? 'soft' : undefined}>{say(addsUp ? 'addsUp' : 'notUp')}</p>}
    </div>
  )
}
