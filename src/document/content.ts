/** What stands on a document: pure, from facts to everything but its number. Amounts are decimal strings that are exact. */

import { csvLine } from '#base/csv.ts'
import { decimalOf, divideHalfUp } from '#base/money.ts'
import type { AccountPeriod } from './month.ts'
import type { BillingProfile, DocumentKind } from './port.ts'
import type { Seller } from './settings.ts'

export type Line = {
  readonly text: string
  readonly quantity: string
  readonly unitPrice: string
  readonly amount: string
}

/** A row of a statement. */
export type UsageLine = {
  readonly model: string
  /** The first characters of the hash of the price row. */
  readonly price: string
  readonly calls: string
  readonly input: string
  readonly cached: string
  readonly output: string
  readonly amount: string
}

export type TaxLine = { readonly name: string; readonly percent: string; readonly net: string; readonly amount: string }

export type DocumentContent = {
  readonly schema: 1
  readonly kind: DocumentKind
  readonly language: 'en' | 'zh-CN'
  /** Days of UTC. */
  readonly issued: string
  readonly period: { readonly from: string; readonly until: string } | null
  readonly seller: { readonly name: string; readonly address: string; readonly taxId: string | null }
  readonly buyer: {
    readonly name: string
    readonly address: string
    readonly taxId: string | null
    readonly purchaseOrder: string | null
  }
  readonly currency: string
  readonly lines: readonly Line[]
  readonly usage: readonly UsageLine[]
  readonly subtotal: string
  readonly discount: string
  readonly taxes: readonly TaxLine[]
  readonly total: string
  readonly paid: string
  readonly due: string
  /** The day by which what is due is to be paid; absent = nothing is asked for. */
  readonly dueOn?: string
  readonly reverseCharge: boolean
  /** Order, method, the processor's payment; of a credit note the invoice that it corrects. */
  readonly references: readonly (readonly [string, string])[]
  readonly notes: readonly string[]
}

/** Says what taxes a gross amount contains; other engines take its place. */
export type TaxAdapter = (sale: {
  readonly grossNano: bigint
  readonly seller: Seller
  readonly buyer: BillingProfile
}) => readonly TaxLine[]

const centNano = 10_000_000n
const wholeBasisPoints = 10_000n

/** Half up to the cent: the only rounding on a document. */
export const toCent = (nano: bigint): bigint => divideHalfUp(nano, centNano) * centNano

/** The one rate of the configuration, contained in the price; none for a buyer who pays it where they are. */
export const fixedTax: TaxAdapter = ({ grossNano, seller, buyer }) => {
  if (seller.tax === null) return []
  const { name, basisPoints } = seller.tax
  if (buyer.reverseCharge) return [{ name, percent: '0', net: decimalOf(grossNano), amount: '0.00' }]
  const netNano = toCent(divideHalfUp(grossNano * wholeBasisPoints, wholeBasisPoints + basisPoints))
  return [
    {
      name,
      percent: decimalOf(basisPoints * 10_000_000n, 0),
      net: decimalOf(netNano),
      amount: decimalOf(grossNano - netNano),
    },
  ]
}

const dayOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10)

export type Parties = {
  readonly seller: Seller
  readonly buyer: BillingProfile
  readonly tax: TaxAdapter
  readonly nowMs: number
}

const base = (kind: DocumentKind, { seller, buyer, nowMs }: Parties) => ({
  schema: 1 as const,
  kind,
  language: buyer.language,
  issued: dayOf(nowMs),
  period: null,
  seller: { name: seller.name, address: seller.address, taxId: seller.taxId },
  buyer: { name: buyer.name, address: buyer.address, taxId: buyer.taxId, purchaseOrder: buyer.purchaseOrder },
  usage: [],
  discount: '0.00',
  reverseCharge: buyer.reverseCharge,
})

const words = {
  en: {
    credit: (usd: string): string => `API credit, ${usd} USD`,
    bonus: (usd: string): string => `Promotional credit, ${usd} USD`,
    fee: 'Payment fee',
    owed: (month: string): string => `API usage of ${month} on account`,
    refund: (invoice: string): string => `Refund of API credit, invoice ${invoice}`,
    rounding: 'Amounts of lines are exact; the totals are rounded half up to the cent.',
    prepaid: 'Usage was paid from prepaid credit. This statement is no request for payment.',
  },
  'zh-CN': {
    credit: (usd: string): string => `API 额度 ${usd} 美元`,
    bonus: (usd: string): string => `赠送额度 ${usd} 美元`,
    fee: '支付手续费',
    owed: (month: string): string => `${month} API 用量（后付费）`,
    refund: (invoice: string): string => `API 额度退款，对应发票 ${invoice}`,
    rounding: '明细金额为精确值，合计四舍五入到分。',
    prepaid: '用量已由预付额度支付，本账单无需付款。',
  },
} as const

const one = (text: string, nano: bigint): Line => ({
  text,
  quantity: '1',
  unitPrice: decimalOf(nano),
  amount: decimalOf(nano),
})

export type SoldOrder = {
  readonly id: string
  readonly method: string
  readonly transaction: string | null
  readonly currency: string
  readonly payNano: bigint
  readonly feeNano: bigint
  readonly creditNanoUsd: bigint
  readonly bonusNanoUsd: bigint
  readonly paidMs: number
}

/** The invoice, and receipt, of a purchase of credit. */
export const invoiceContent = (order: SoldOrder, parties: Parties): DocumentContent => {
  const say = words[parties.buyer.language]
  const { payNano, feeNano, currency } = order
  const taxes = parties.tax({ grossNano: payNano, seller: parties.seller, buyer: parties.buyer })
  const bonus = order.bonusNanoUsd > 0n ? [one(say.bonus(decimalOf(order.bonusNanoUsd)), 0n)] : []
  return {
    ...base('invoice', parties),
    currency,
    lines: [
      one(say.credit(decimalOf(order.creditNanoUsd)), payNano - feeNano),
      ...bonus,
      ...(feeNano > 0n ? [one(say.fee, feeNano)] : []),
    ],
    subtotal: decimalOf(payNano),
    taxes,
    total: decimalOf(payNano),
    paid: decimalOf(payNano),
    due: '0.00',
    references: [
      ['order', order.id],
      ['method', order.method],
      ['payment', order.transaction ?? ''],
      ['paid on', dayOf(order.paidMs)],
    ],
    notes: [],
  }
}

/** What corrects an invoice when money goes back: its amounts are below zero. */
export const creditNoteContent = (
  refund: {
    readonly id: string
    readonly order: string
    readonly invoice: string
    readonly currency: string
    readonly amountNano: bigint
    readonly reason: string
  },
  parties: Parties,
): DocumentContent => {
  const amountNano = -refund.amountNano
  const taxes = parties
    .tax({ grossNano: refund.amountNano, seller: parties.seller, buyer: parties.buyer })
    .map((line) => ({ ...line, net: `-${line.net}`, amount: line.amount === '0.00' ? line.amount : `-${line.amount}` }))
  return {
    ...base('credit_note', parties),
    currency: refund.currency,
    lines: [one(words[parties.buyer.language].refund(refund.invoice), amountNano)],
    subtotal: decimalOf(amountNano),
    taxes,
    total: decimalOf(amountNano),
    paid: decimalOf(amountNano),
    due: '0.00',
    references: [
      ['invoice', refund.invoice],
      ['order', refund.order],
      ['refund', refund.id],
      ['reason', refund.reason],
    ],
    notes: [],
  }
}

/** What an account came to owe, in exact nano-USD. */
export const owedIn = ({ books }: AccountPeriod): bigint => (books['owed'] ?? 0n) + (books['shortfall'] ?? 0n)

const dayMs = 86_400_000

/** The invoice of a month's use on account: its detail is the statement. */
export const owedContent = (
  { month, period, statement }: { readonly month: string; readonly period: AccountPeriod; readonly statement: string },
  parties: Parties,
): DocumentContent => {
  const say = words[parties.buyer.language]
  const dueNano = toCent(owedIn(period))
  const due = decimalOf(dueNano)
  return {
    ...base('invoice', parties),
    period: { from: dayOf(period.fromMs), until: dayOf(period.untilMs - 1) },
    dueOn: dayOf(parties.nowMs + parties.seller.paymentDays * dayMs),
    currency: 'USD',
    lines: [one(say.owed(month), dueNano)],
    subtotal: due,
    taxes: parties.tax({ grossNano: dueNano, seller: parties.seller, buyer: parties.buyer }),
    total: due,
    paid: '0.00',
    due,
    references: [['statement', statement]],
    notes: [],
  }
}

/** What a period's calls were charged, by model and version of the price; what was given pays as a discount. */
export const statementContent = (period: AccountPeriod, parties: Parties): DocumentContent => {
  const say = words[parties.buyer.language]
  const chargedNano = period.sums.reduce((sum, { amountNanoUsd }) => sum + amountNanoUsd, 0n)
  const promoNano = period.books['promo'] ?? 0n
  const totalNano = toCent(chargedNano - promoNano)
  const dueNano = toCent(owedIn(period))
  return {
    ...base('statement', parties),
    period: { from: dayOf(period.fromMs), until: dayOf(period.untilMs - 1) },
    currency: 'USD',
    lines: [],
    usage: period.sums.map((sum) => ({
      model: sum.model ?? '–',
      price: sum.priceHash?.slice(0, 8) ?? '–',
      calls: String(sum.calls),
      input: String(sum.inputTokens),
      cached: String(sum.cachedTokens),
      output: String(sum.outputTokens),
      amount: decimalOf(sum.amountNanoUsd),
    })),
    subtotal: decimalOf(chargedNano),
    discount: decimalOf(-promoNano),
    taxes: [],
    total: decimalOf(totalNano),
    paid: decimalOf(totalNano - dueNano),
    due: decimalOf(dueNano),
    references: [],
    notes: [say.rounding, ...(dueNano === 0n ? [say.prepaid] : [])],
  }
}

/** The document as CSV: its lines, then its totals. */
export const csvOf = (number: string, content: DocumentContent): string => {
  const head =
    content.kind === 'statement'
      ? [
          csvLine([
            'number',
            'model',
            'price',
            'calls',
            'input_tokens',
            'cached_tokens',
            'output_tokens',
            'amount',
            'currency',
          ]),
          ...content.usage.map((one) =>
            csvLine([
              number,
              one.model,
              one.price,
              one.calls,
              one.input,
              one.cached,
              one.output,
              one.amount,
              content.currency,
            ]),
          ),
        ]
      : [
          csvLine(['number', 'text', 'quantity', 'unit_price', 'amount', 'currency']),
          ...content.lines.map((one) =>
            csvLine([number, one.text, one.quantity, one.unitPrice, one.amount, content.currency]),
          ),
        ]
  const totals = [
    ['subtotal', content.subtotal],
    ['discount', content.discount],
    ...content.taxes.map((tax) => [`${tax.name} ${tax.percent}%`, tax.amount]),
    ['total', content.total],
    ['paid', content.paid],
    ['due', content.due],
  ]
  return [
    ...head,
    csvLine([]),
    ...totals.map(([name = '', value = '']) => csvLine([number, name, value, content.currency])),
  ].join('')
}
