/** A document as PDF, A4: the same bytes for the same content, so that its hash can be held against it later. */

import { Buffer } from 'node:buffer'
import type { DocumentContent, Line, UsageLine } from './content.ts'

type Pdf = PDFKit.PDFDocument

const [left, right, top, bottom] = [50, 545, 50, 780]
const width = right - left

const labels = {
  en: {
    invoice: 'Invoice and receipt',
    owed: 'Invoice',
    dueOn: 'Due by',
    credit_note: 'Credit note',
    statement: 'Usage statement',
    number: 'Number',
    issued: 'Date',
    period: 'Period',
    seller: 'From',
    buyer: 'To',
    tax: 'Tax number',
    order: 'Purchase order',
    columns: ['Description', 'Quantity', 'Unit price', 'Amount'],
    usage: ['Model', 'Price', 'Calls', 'Input', 'Cached', 'Output', 'Amount'],
    subtotal: 'Subtotal',
    discount: 'Promotional credit',
    contained: (name: string, percent: string): string => `of which ${name} ${percent} %`,
    net: 'net',
    total: 'Total',
    paid: 'Paid',
    due: 'Amount due',
    reverse: 'Reverse charge: the buyer is liable for the tax.',
    references: {
      order: 'Order',
      method: 'Paid by',
      payment: 'Payment',
      'paid on': 'Paid on',
      invoice: 'Invoice',
      statement: 'Statement',
      refund: 'Refund',
      reason: 'Reason',
    } as Readonly<Record<string, string>>,
    page: (one: number, all: number): string => `Page ${one} of ${all}`,
  },
  'zh-CN': {
    invoice: '发票及收据',
    owed: '发票',
    dueOn: '付款期限',
    credit_note: '贷项通知单',
    statement: '用量账单',
    number: '编号',
    issued: '日期',
    period: '账期',
    seller: '销售方',
    buyer: '购买方',
    tax: '税号',
    order: '采购订单号',
    columns: ['项目', '数量', '单价', '金额'],
    usage: ['模型', '价格版本', '调用次数', '输入', '缓存', '输出', '金额'],
    subtotal: '小计',
    discount: '赠送额度抵扣',
    contained: (name: string, percent: string): string => `其中 ${name} ${percent}%`,
    net: '不含税',
    total: '合计',
    paid: '已付',
    due: '应付',
    reverse: '反向征税：税款由购买方承担。',
    references: {
      order: '订单号',
      method: '付款方式',
      payment: '交易号',
      'paid on': '付款日期',
      invoice: '对应发票',
      statement: '用量账单',
      refund: '退款单号',
      reason: '原因',
    } as Readonly<Record<string, string>>,
    page: (one: number, all: number): string => `第 ${one} 页，共 ${all} 页`,
  },
} as const

type Labels = (typeof labels)['en'] | (typeof labels)['zh-CN']
type Column = { readonly x: number; readonly width: number; readonly align: 'left' | 'right' }

const lineColumns: readonly Column[] = [
  { x: left, width: 255, align: 'left' },
  { x: left + 260, width: 60, align: 'right' },
  { x: left + 325, width: 80, align: 'right' },
  { x: left + 410, width: 85, align: 'right' },
]
const usageColumns: readonly Column[] = [
  { x: left, width: 145, align: 'left' },
  { x: left + 150, width: 55, align: 'left' },
  { x: left + 207, width: 45, align: 'right' },
  { x: left + 255, width: 60, align: 'right' },
  { x: left + 318, width: 55, align: 'right' },
  { x: left + 376, width: 50, align: 'right' },
  { x: left + 429, width: 66, align: 'right' },
]

/** Thousands apart, for eyes. */
const grouped = (text: string): string => text.replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ','))

const rule = (pdf: Pdf, y: number): void => {
  pdf.moveTo(left, y).lineTo(right, y).lineWidth(0.5).strokeColor('#999999').stroke()
}

const cells = (pdf: Pdf, texts: readonly string[], columns: readonly Column[]): void => {
  const heights = texts.map((text, index) => pdf.heightOfString(text, { width: columns[index]?.width ?? 0 }))
  const height = Math.max(12, ...heights)
  if (pdf.y + height > bottom) {
    pdf.addPage()
    pdf.y = top
  }
  const { y } = pdf
  for (const [index, text] of texts.entries()) {
    const column = columns[index]
    if (column !== undefined) pdf.text(text, column.x, y, { width: column.width, align: column.align })
  }
  pdf.x = left
  pdf.y = y + height + 4
}

const party = (
  pdf: Pdf,
  at: { readonly x: number; readonly y: number },
  { title, texts }: { readonly title: string; readonly texts: readonly string[] },
): number => {
  pdf.fontSize(8).fillColor('#666666').text(title, at.x, at.y, { width: 235 })
  pdf.fontSize(10).fillColor('#000000')
  for (const text of texts) pdf.text(text, at.x, pdf.y, { width: 235 })
  return pdf.y
}

/** What is still to be paid is no receipt. */
const titleOf = ({ kind, language, dueOn }: DocumentContent): string =>
  dueOn === undefined ? labels[language][kind] : labels[language].owed

const heading = (pdf: Pdf, number: string, content: DocumentContent): void => {
  const say = labels[content.language]
  pdf.fontSize(20).fillColor('#000000').text(titleOf(content), left, top)
  const facts: readonly (readonly [string, string])[] = [
    [say.number, number],
    [say.issued, content.issued],
    ...(content.dueOn === undefined ? [] : [[say.dueOn, content.dueOn] as const]),
    ...(content.period === null ? [] : [[say.period, `${content.period.from} – ${content.period.until}`] as const]),
    ...content.references
      .filter(([, value]) => value !== '')
      .map(([name, value]) => [say.references[name] ?? name, value] as const),
  ]
  pdf.fontSize(9)
  let y = pdf.y + 6
  for (const [name, value] of facts) {
    pdf.fillColor('#666666').text(name, left, y, { width: 90 })
    pdf.fillColor('#000000').text(value, left + 95, y, { width: width - 95 })
    y = Math.max(pdf.y, y + 12) + 1
  }
  y += 10
  const { seller, buyer } = content
  const tax = (id: string | null): readonly string[] => (id === null ? [] : [`${say.tax}: ${id}`])
  const order = buyer.purchaseOrder === null ? [] : [`${say.order}: ${buyer.purchaseOrder}`]
  const ends = [
    party(pdf, { x: left, y }, { title: say.seller, texts: [seller.name, seller.address, ...tax(seller.taxId)] }),
    party(
      pdf,
      { x: left + 255, y },
      { title: say.buyer, texts: [buyer.name, buyer.address, ...tax(buyer.taxId), ...order] },
    ),
  ]
  pdf.x = left
  pdf.y = Math.max(...ends) + 18
}

const lineTexts = (line: Line): readonly string[] => [
  line.text,
  line.quantity,
  grouped(line.unitPrice),
  grouped(line.amount),
]
const usageTexts = (line: UsageLine): readonly string[] => [
  line.model,
  line.price,
  grouped(line.calls),
  grouped(line.input),
  grouped(line.cached),
  grouped(line.output),
  grouped(line.amount),
]

const body = (pdf: Pdf, content: DocumentContent, say: Labels): void => {
  const isStatement = content.kind === 'statement'
  const columns = isStatement ? usageColumns : lineColumns
  pdf.fontSize(8).fillColor('#666666')
  cells(pdf, isStatement ? say.usage : say.columns, columns)
  rule(pdf, pdf.y - 2)
  pdf.y += 4
  pdf.fontSize(isStatement ? 8 : 10).fillColor('#000000')
  for (const texts of isStatement ? content.usage.map(usageTexts) : content.lines.map(lineTexts))
    cells(pdf, texts, columns)
  rule(pdf, pdf.y)
  pdf.y += 8
}

const totals = (pdf: Pdf, content: DocumentContent, say: Labels): void => {
  const money = (text: string): string => `${grouped(text)} ${content.currency}`
  const columns: readonly Column[] = [
    { x: left + 200, width: 170, align: 'right' },
    { x: left + 375, width: 120, align: 'right' },
  ]
  const rows: readonly (readonly [string, string])[] = [
    [say.subtotal, money(content.subtotal)],
    ...(content.discount === '0.00' ? [] : [[say.discount, money(content.discount)] as const]),
    [say.total, money(content.total)],
    ...content.taxes.flatMap((tax): readonly (readonly [string, string])[] => [
      [say.contained(tax.name, tax.percent), money(tax.amount)],
      [say.net, money(tax.net)],
    ]),
    [say.paid, money(content.paid)],
    [say.due, money(content.due)],
  ]
  for (const texts of rows) {
    const isTotal = texts[0] === say.total
    pdf.fontSize(isTotal ? 12 : 9).fillColor(isTotal ? '#000000' : '#333333')
    cells(pdf, texts, columns)
  }
  pdf.y += 12
  pdf.fontSize(8).fillColor('#333333')
  for (const note of [...(content.reverseCharge ? [say.reverse] : []), ...content.notes])
    pdf.text(note, left, pdf.y, { width })
}

const footers = (pdf: Pdf, number: string, say: Labels): void => {
  const { start, count } = pdf.bufferedPageRange()
  for (let page = start; page < start + count; page += 1) {
    pdf.switchToPage(page)
    pdf.fontSize(8).fillColor('#999999')
    pdf.text(`${number}   ${say.page(page - start + 1, count)}`, left, 805, {
      width,
      align: 'center',
      lineBreak: false,
    })
  }
}

/** The bytes of a PDF. `font`: TrueType, with every character that documents need. pdfkit is loaded by the first. */
export const pdfOf = async (
  { number, content }: { readonly number: string; readonly content: DocumentContent },
  font: Uint8Array,
): Promise<Buffer> => {
  const { default: PDFDocument } = await import('pdfkit')
  const say = labels[content.language]
  const made = new Date(`${content.issued}T00:00:00Z`)
  const pdf = new PDFDocument({
    size: 'A4',
    margins: { top, left, right: 50, bottom: 20 },
    bufferPages: true,
    lang: content.language,
    font: '',
    info: {
      Title: `${titleOf(content)} ${number}`,
      Author: content.seller.name,
      Producer: 'Drover',
      Creator: 'Drover',
      CreationDate: made,
      ModDate: made,
    },
  })
  const chunks: Buffer[] = []
  const ended = new Promise<Buffer>((resolve, reject) => {
    pdf.on('data', (chunk: Buffer) => chunks.push(chunk))
    pdf.on('end', () => resolve(Buffer.concat(chunks)))
    pdf.on('error', reject)
  })
  pdf.registerFont('document', Buffer.from(font))
  pdf.font('document')
  heading(pdf, number, content)
  body(pdf, content, say)
  totals(pdf, content, say)
  footers(pdf, number, say)
  pdf.end()
  return ended
}
