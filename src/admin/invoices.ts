/** Documents: invoices, statements, credit notes; and who they are made out to. */

import { Buffer } from 'node:buffer'
import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { contentOf, fileOf, issueInvoice, issueStatement } from '#document/clerk.ts'
import { csvOf } from '#document/content.ts'
import { dueInvoices } from '#document/due.ts'
import { monthRange } from '#document/month.ts'
import type { BillingProfile, DocumentRow } from '#document/port.ts'
import { documentKinds } from '#document/port.ts'
import { accountNames } from './account-names.ts'
import { accountNamed } from './credits.ts'
import { firstField, handleField, pageFields, pageOf } from './field.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { orderNamed } from './payments.ts'
import { table } from './render.ts'
import { trailRowOf } from './trail-row.ts'

const view = z.object({
  id: z.string(),
  number: z.string(),
  kind: z.enum(documentKinds),
  account: z.string(),
  about: z.string().describe('The order, refund or month.'),
  issued: z.string(),
  total: z.string().describe('Credit notes are below zero.'),
  currency: z.string(),
  hash: z.string().describe('SHA-256 of number and content.'),
  file_hash: z.string().nullable().describe('SHA-256 of the PDF, once it was made.'),
})

const viewOf = (row: DocumentRow): z.input<typeof view> => ({
  id: row.id,
  number: row.number,
  kind: row.kind,
  account: row.account,
  about: row.source,
  issued: rfc3339(row.issuedMs),
  total: decimalOf(row.totalNano),
  currency: row.currency,
  hash: row.hash,
  file_hash: row.fileHash,
})

const documentNamed = async (handle: string, { ports }: OperationContext): Promise<DocumentRow> => {
  const row = await ports.documents.store.document(handle)
  if (row !== null) return row
  throw new Problem('not_found', {
    ...saying('no_document', { handle }),
    param: 'document',
  })
}

const documentField = () => z.string().min(1).max(100).describe('The document: id or number.')

const list = operation({
  noun: 'invoices',
  verb: 'list',
  summary: 'List documents, the oldest first unless the newest are asked for.',
  method: 'GET',
  path: '/invoices',
  scope: 'read',
  input: z.strictObject({
    ...pageFields(100),
    first: firstField(),
    account: handleField().optional().describe('Only of this account: id or name.'),
    kind: z.enum(documentKinds).optional().describe('Only of this kind.'),
  }),
  output: z.object({
    data: z.array(view.extend({ account_name: z.string().nullable() })),
    next: z.string().nullable(),
  }),
  flags: [],
  render: ({ data }) =>
    table(
      ['NUMBER', 'KIND', 'ACCOUNT', 'ISSUED', 'TOTAL', 'ABOUT'],
      data.map((one) => [
        one.number,
        one.kind,
        one.account_name ?? one.account,
        one.issued,
        `${one.total} ${one.currency}`,
        one.about,
      ]),
    ),
  run: async (input, context) => {
    const account = input.account === undefined ? null : (await accountNamed(input.account, context)).id
    const { store } = context.ports.documents
    const question = {
      limit: input.limit,
      after: input.after ?? null,
      newestFirst: input.first === 'newest',
      account,
      kind: input.kind ?? null,
    }
    const page = pageOf(await store.documents(question), input.limit)
    const names = await accountNames(page.data, context)
    return {
      data: page.data.map((row) => ({ ...viewOf(row), account_name: names.get(row.account) ?? null })),
      next: page.next,
    }
  },
})

const show = operation({
  noun: 'invoices',
  verb: 'show',
  summary: 'One document with all that stands on it, held against its hash.',
  method: 'GET',
  path: '/invoices/{document}',
  scope: 'read',
  input: z.strictObject({ document: documentField() }),
  output: view.extend({ content: z.unknown() }),
  flags: [{ field: 'document', positional: true, describe: 'The document: id or number.' }],
  run: async ({ document }, context) => {
    const row = await documentNamed(document, context)
    return { ...viewOf(row), content: contentOf(row) }
  },
})

const file = operation({
  noun: 'invoices',
  verb: 'file',
  summary: 'The document as a PDF or as CSV. The PDF is made once and stays as it is.',
  method: 'GET',
  path: '/invoices/{document}/file',
  scope: 'read',
  input: z.strictObject({
    document: documentField(),
    format: z.enum(['pdf', 'csv']).default('pdf').describe('As what.'),
  }),
  output: z.object({ name: z.string(), content_type: z.string(), base64: z.string() }),
  flags: [{ field: 'document', positional: true, describe: 'The document: id or number.' }],
  file: (output) => ({
    name: output.name,
    contentType: output.content_type,
    bytes: Buffer.from(output.base64, 'base64'),
  }),
  run: async ({ document, format }, context) => {
    const row = await documentNamed(document, context)
    const name = `${row.number}.${format}`
    if (format === 'csv') {
      const text = csvOf(row.number, contentOf(row))
      return { name, content_type: 'text/csv; charset=utf-8', base64: Buffer.from(text).toString('base64') }
    }
    const bytes = await fileOf(context.ports.documents, row)
    return { name, content_type: 'application/pdf', base64: Buffer.from(bytes).toString('base64') }
  },
})

const issue = operation({
  noun: 'invoices',
  verb: 'issue',
  summary:
    'Issue the statement of a month, or the invoice of an order that has none yet. One that there is is given back.',
  method: 'POST',
  path: '/invoices',
  scope: 'write',
  input: z.strictObject({
    account: handleField().optional().describe('Of a statement: the account.'),
    month: z
      .string()
      .regex(/^20\d\d-(0[1-9]|1[0-2])$/, 'must be a month such as 2026-11')
      .optional()
      .describe('Of a statement: the month, of UTC.'),
    order: z.string().min(1).max(100).optional().describe('Of an invoice: the order.'),
  }),
  output: view,
  flags: [],
  render: (one) => `${one.number}: ${one.total} ${one.currency}\n`,
  run: async (input, context) => {
    const clerk = context.ports.documents
    const trail = ({ id, source }: { readonly id: string; readonly source: string }) =>
      trailRowOf({ operation: 'invoices.issue', object: id, before: null, after: { about: source } }, context)
    if (input.order !== undefined) {
      const order = await orderNamed(input.order, context)
      if (order.creditedMs === null)
        throw new Problem('conflict', {
          ...saying('order_not_credited', { order: order.id }),
          param: 'order',
        })
      if ((await accountNamed(order.account, context)).billing === 'postpaid')
        throw new Problem('conflict', {
          ...saying('order_postpaid', { order: order.id }),
          param: 'order',
        })
      return viewOf(await issueInvoice(clerk, { ...order, paidMs: order.paidMs ?? order.creditedMs }, trail))
    }
    if (input.account === undefined || input.month === undefined)
      throw new Problem('invalid_request_error', { message: "Give 'order', or 'account' and 'month'.", param: 'month' })
    const account = await accountNamed(input.account, context)
    if (account.createdMs >= monthRange(input.month).untilMs)
      throw new Problem('conflict', {
        ...saying('month_before_account', { account: account.name, month: input.month }),
        param: 'month',
      })
    return viewOf(await issueStatement(clerk, { account: account.id, month: input.month, trail }))
  },
})

const profileView = z.object({
  account: z.string(),
  name: z.string(),
  address: z.string(),
  tax_id: z.string().nullable(),
  purchase_order: z.string().nullable(),
  mail: z.string().nullable(),
  language: z.enum(['en', 'zh-CN']),
  reverse_charge: z.boolean(),
})

const viewOfProfile = (account: string, profile: BillingProfile): z.input<typeof profileView> => ({
  account,
  name: profile.name,
  address: profile.address,
  tax_id: profile.taxId,
  purchase_order: profile.purchaseOrder,
  mail: profile.mail,
  language: profile.language,
  reverse_charge: profile.reverseCharge,
})

const setBuyer = operation({
  noun: 'invoices',
  verb: 'buyer',
  summary: 'Say who the documents of an account are made out to. Documents that were issued stay as they are.',
  method: 'POST',
  path: '/invoices/buyers/{account}',
  scope: 'write',
  input: z.strictObject({
    account: handleField().describe('The account: id or name.'),
    name: z.string().min(1).max(200).describe('The legal name, or the title of a fapiao.'),
    address: z.string().max(1000).default('').describe('The address; may have several lines.'),
    tax_id: z.string().min(1).max(64).optional().describe('The tax number.'),
    purchase_order: z.string().min(1).max(64).optional().describe("The buyer's own order number."),
    mail: z.email().max(254).optional().describe('Where documents go.'),
    language: z.enum(['en', 'zh-CN']).default('en').describe('Of the documents.'),
    reverse_charge: z.boolean().default(false).describe('The buyer pays the tax where they are: none is charged.'),
  }),
  output: profileView,
  flags: [],
  run: async (input, context) => {
    const account = await accountNamed(input.account, context)
    const { store } = context.ports.documents
    const profile: BillingProfile = {
      name: input.name,
      address: input.address,
      taxId: input.tax_id ?? null,
      purchaseOrder: input.purchase_order ?? null,
      mail: input.mail ?? null,
      language: input.language,
      reverseCharge: input.reverse_charge,
    }
    const before = await store.billingProfile(account.id)
    const change = {
      operation: 'invoices.buyer' as const,
      object: account.id,
      before: before === null ? null : viewOfProfile(account.id, before),
      after: viewOfProfile(account.id, profile),
    }
    await store.setBillingProfile(account.id, profile, trailRowOf(change, context))
    return viewOfProfile(account.id, profile)
  },
})

const dueView = view.extend({
  due_on: z.string().describe('The day, of UTC.'),
  unpaid: z.string().describe('In USD. Money that comes in pays the oldest invoice first.'),
  overdue: z.boolean(),
})

const due = operation({
  noun: 'invoices',
  verb: 'due',
  summary: 'The invoices of a postpaid account that are not paid yet, the oldest first.',
  method: 'GET',
  path: '/invoices/due/{account}',
  scope: 'read',
  input: z.strictObject({ account: handleField().describe('The account: id or name.') }),
  output: z.object({ data: z.array(dueView) }),
  flags: [],
  render: ({ data }) =>
    table(
      ['NUMBER', 'TOTAL', 'UNPAID', 'DUE', 'OVERDUE'],
      data.map((one) => [one.number, one.total, one.unpaid, one.due_on, one.overdue ? 'yes' : 'no']),
    ),
  run: async (input, context) => {
    const account = await accountNamed(input.account, context)
    const found = await dueInvoices(context.ports.documents, account.id)
    return {
      data: found.map(({ row, dueOn, unpaidNanoUsd, isOverdue }) => ({
        ...viewOf(row),
        due_on: dueOn,
        unpaid: decimalOf(unpaidNanoUsd),
        overdue: isOverdue,
      })),
    }
  },
})

/** Found by `billing show` too. */
export const listDocuments = list
export const buyerView = profileView
export const viewOfBuyer = viewOfProfile

export const invoiceOperations = [list, show, file, issue, due, setBuyer] as const
