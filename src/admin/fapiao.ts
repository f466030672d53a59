/** Fapiao: titles, what may be invoiced, and the queue of requests that the operator works off in the tax office's own system. */

import { Buffer } from 'node:buffer'
import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { decimalOf, nanoOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { availableYuan, checkFapiao, fapiaoNumberForm, taxIdForm } from '#document/fapiao.ts'
import type { FapiaoChange, FapiaoRow, FapiaoTitle, FapiaoTitleRow } from '#document/port.ts'
import { fapiaoKinds, fapiaoStates } from '#document/port.ts'
import { accountNames } from './account-names.ts'
import { accountNamed } from './credits.ts'
import { firstField, handleField, pageFields, pageOf } from './field.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'
import { trailRowOf } from './trail-row.ts'

/** A PDF or OFD of the tax office's system. */
const fileBytesMax = 5 * 1024 * 1024
const base64Share = 4 / 3

const titleView = z.object({
  id: z.string(),
  account: z.string(),
  form: z.enum(['company', 'person']),
  name: z.string(),
  tax_id: z.string().nullable(),
  address: z.string().nullable(),
  phone: z.string().nullable(),
  bank: z.string().nullable(),
  bank_account: z.string().nullable(),
  mail: z.string().nullable(),
})

const viewOfTitle = ({ id, account, title }: FapiaoTitleRow): z.input<typeof titleView> => ({
  id,
  account,
  form: title.form,
  name: title.name,
  tax_id: title.taxId,
  address: title.address,
  phone: title.phone,
  bank: title.bank,
  bank_account: title.bankAccount,
  mail: title.mail,
})

const view = z.object({
  id: z.string(),
  account: z.string(),
  state: z
    .enum(fapiaoStates)
    .describe('`requested` waits for the operator; `red` was issued and is undone by a red-letter fapiao.'),
  kind: z.enum(fapiaoKinds),
  amount: z.string().describe('Yuan.'),
  title: z.string(),
  tax_id: z.string().nullable(),
  number: z.string().nullable().describe('The 20 digits of the fapiao.'),
  red_number: z.string().nullable(),
  reason: z.string().nullable(),
  has_file: z.boolean(),
  created: z.string(),
  changed: z.string(),
})

const viewOf = (row: FapiaoRow): z.input<typeof view> => ({
  id: row.id,
  account: row.account,
  state: row.state,
  kind: row.kind,
  amount: decimalOf(row.amountNano),
  title: row.title.name,
  tax_id: row.title.taxId,
  number: row.number,
  red_number: row.redNumber,
  reason: row.reason,
  has_file: row.hasFile,
  created: rfc3339(row.createdMs),
  changed: rfc3339(row.changedMs),
})

const requestNamed = async (id: string, { ports }: OperationContext): Promise<FapiaoRow> => {
  const row = await ports.documents.store.fapiao(id)
  if (row !== null) return row
  throw new Problem('not_found', {
    ...saying('no_fapiao_request', { id }),
    param: 'request',
  })
}

const optionalLine = (what: string) => z.string().min(1).max(200).optional().describe(what)

const addTitle = operation({
  noun: 'fapiao',
  verb: 'add-title',
  summary: 'Add a title (抬头) to the book of an account.',
  method: 'POST',
  path: '/fapiao/titles/{account}',
  scope: 'write',
  input: z
    .strictObject({
      account: handleField().describe('The account: id or name.'),
      form: z.enum(['company', 'person']).default('company').describe('Whose it is.'),
      name: z.string().min(1).max(200).describe('The title (抬头).'),
      tax_id: z
        .string()
        .regex(taxIdForm, 'must be 15, 17, 18 or 20 capital letters and digits')
        .optional()
        .describe('The unified social credit code of a company.'),
      address: optionalLine('The registered address.'),
      phone: optionalLine('The registered telephone number.'),
      bank: optionalLine('The bank.'),
      bank_account: optionalLine('The number of the bank account.'),
      mail: z.email().max(254).optional().describe('Where the fapiao goes.'),
    })
    .superRefine(({ form, tax_id }, context) => {
      if ((form === 'company') !== (tax_id !== undefined))
        context.addIssue({ code: 'custom', path: ['tax_id'], message: 'belongs to a company, and a company needs it' })
    }),
  output: titleView,
  flags: [],
  run: async (input, context) => {
    const { id: account } = await accountNamed(input.account, context)
    const title: FapiaoTitle = {
      form: input.form,
      name: input.name,
      taxId: input.tax_id ?? null,
      address: input.address ?? null,
      phone: input.phone ?? null,
      bank: input.bank ?? null,
      bankAccount: input.bank_account ?? null,
      mail: input.mail ?? null,
    }
    const row = { id: context.ids.next('fap'), account, title }
    const change = { operation: 'fapiao.add-title' as const, object: row.id, before: null, after: viewOfTitle(row) }
    await context.ports.documents.store.addFapiaoTitle(row, trailRowOf(change, context))
    return viewOfTitle(row)
  },
})

const titles = operation({
  noun: 'fapiao',
  verb: 'titles',
  summary: 'The titles of an account.',
  method: 'GET',
  path: '/fapiao/titles/{account}',
  scope: 'read',
  input: z.strictObject({ account: handleField().describe('The account: id or name.') }),
  output: z.object({ data: z.array(titleView) }),
  flags: [],
  render: ({ data }) =>
    table(
      ['ID', 'TITLE', 'TAX ID', 'MAIL'],
      data.map((one) => [one.id, one.name, one.tax_id ?? '-', one.mail ?? '-']),
    ),
  run: async (input, context) => {
    const { id } = await accountNamed(input.account, context)
    return { data: (await context.ports.documents.store.fapiaoTitles(id)).map(viewOfTitle) }
  },
})

const titleNamed = async (account: string, handle: string, { ports }: OperationContext): Promise<FapiaoTitleRow> => {
  const all = await ports.documents.store.fapiaoTitles(account)
  const found = all.find(({ id }) => id === handle) ?? all.find(({ title }) => title.name === handle)
  if (found !== undefined) return found
  throw new Problem('not_found', {
    ...saying('no_title', { handle }),
    param: 'title',
  })
}

const titleField = () => z.string().min(1).max(200).describe('The title: id or name.')

const removeTitle = operation({
  noun: 'fapiao',
  verb: 'remove-title',
  summary: 'Take a title out of the book. What was asked for under it stays.',
  method: 'DELETE',
  path: '/fapiao/titles/{account}/{title}',
  scope: 'write',
  input: z.strictObject({ account: handleField().describe('The account: id or name.'), title: titleField() }),
  output: titleView,
  flags: [],
  run: async (input, context) => {
    const { id: account } = await accountNamed(input.account, context)
    const row = await titleNamed(account, input.title, context)
    const change = { operation: 'fapiao.remove-title' as const, object: row.id, before: viewOfTitle(row), after: null }
    await context.ports.documents.store.removeFapiaoTitle(row.id, context.clock.nowMs(), trailRowOf(change, context))
    return viewOfTitle(row)
  },
})

const balance = operation({
  noun: 'fapiao',
  verb: 'balance',
  summary: 'What of an account may be invoiced: paid in yuan and used; gifts and credit that is left do not count.',
  method: 'GET',
  path: '/fapiao/balance/{account}',
  scope: 'read',
  input: z.strictObject({ account: handleField().describe('The account: id or name.') }),
  output: z.object({
    account: z.string(),
    consumed: z.string().describe('Yuan that were paid and whose credit was used.'),
    taken: z.string().describe('Of it, what was asked for or issued.'),
    available: z.string().describe('What may be asked for. Below zero, after a refund: a red fapiao is due.'),
  }),
  flags: [],
  run: async (input, context) => {
    const { id } = await accountNamed(input.account, context)
    const found = await context.ports.documents.store.fapiaoBalance(id)
    return {
      account: id,
      consumed: decimalOf(found.consumedNano),
      taken: decimalOf(found.takenNano),
      available: decimalOf(availableYuan(found)),
    }
  },
})

const request = operation({
  noun: 'fapiao',
  verb: 'request',
  summary: 'Ask for a fapiao. It waits for the operator.',
  method: 'POST',
  path: '/fapiao',
  scope: 'write',
  input: z.strictObject({
    account: handleField().describe('The account: id or name.'),
    title: titleField(),
    kind: z.enum(fapiaoKinds).default('ordinary').describe('普票 or 专票.'),
    amount: z
      .string()
      .regex(/^\d{1,9}(\.\d{1,2})?$/, 'must be yuan such as "100.00"')
      .optional()
      .describe('Yuan. Absent: all that may be invoiced.'),
  }),
  output: view,
  flags: [],
  run: async (input, context) => {
    const { store } = context.ports.documents
    const { id: account } = await accountNamed(input.account, context)
    const { title } = await titleNamed(account, input.title, context)
    const there = await store.fapiaoBalance(account)
    const amountNano = input.amount === undefined ? availableYuan(there) : nanoOf(input.amount)
    const { kind } = input
    checkFapiao({ kind, amountNano, title }, there)
    const draft = { id: context.ids.next('fap'), account, title, kind, amountNano, createdMs: context.clock.nowMs() }
    const rest = { changedMs: draft.createdMs, number: null, redNumber: null, reason: null, hasFile: false }
    const row: FapiaoRow = { ...draft, ...rest, state: 'requested' }
    const change = { operation: 'fapiao.request' as const, object: draft.id, before: null, after: viewOf(row) }
    if (await store.requestFapiao(draft, trailRowOf(change, context))) return viewOf(row)
    // Somebody else has asked in the meantime.
    checkFapiao(draft, await store.fapiaoBalance(account))
    throw new Problem('conflict', { ...saying('invoiceable_changed'), param: 'amount' })
  },
})

const list = operation({
  noun: 'fapiao',
  verb: 'list',
  summary: 'List requests, the oldest first unless the newest are asked for: --state requested is the queue.',
  method: 'GET',
  path: '/fapiao',
  scope: 'read',
  input: z.strictObject({
    ...pageFields(100),
    first: firstField(),
    account: handleField().optional().describe('Only of this account: id or name.'),
    state: z.enum(fapiaoStates).optional().describe('Only in this state.'),
  }),
  output: z.object({
    data: z.array(view.extend({ account_name: z.string().nullable() })),
    next: z.string().nullable(),
  }),
  flags: [],
  render: ({ data }) =>
    table(
      ['ID', 'STATE', 'KIND', 'YUAN', 'TITLE', 'TAX ID', 'NUMBER'],
      data.map((one) => [one.id, one.state, one.kind, one.amount, one.title, one.tax_id ?? '-', one.number ?? '-']),
    ),
  run: async (input, context) => {
    const account = input.account === undefined ? null : (await accountNamed(input.account, context)).id
    const question = {
      limit: input.limit,
      after: input.after ?? null,
      newestFirst: input.first === 'newest',
      account,
      state: input.state ?? null,
    }
    const page = pageOf(await context.ports.documents.store.fapiaos(question), input.limit)
    const names = await accountNames(page.data, context)
    return {
      data: page.data.map((row) => ({ ...viewOf(row), account_name: names.get(row.account) ?? null })),
      next: page.next,
    }
  },
})

/** Requests that are shown with an account: a page's worth; the list of its own has all of them. */
const shownMax = 100

const show = operation({
  noun: 'fapiao',
  verb: 'show',
  summary: 'Titles, what may be invoiced, and requests of an account, in one answer.',
  method: 'GET',
  path: '/fapiao/accounts/{account}',
  scope: 'read',
  input: z.strictObject({ account: handleField().describe('The account: id or name.') }),
  output: z.object({
    account: z.string(),
    balance: balance.output,
    titles: titles.output.shape.data,
    requests: list.output.shape.data.describe(`The newest ${shownMax}, newest first.`),
  }),
  flags: [{ field: 'account', positional: true, describe: 'The account: id or name.' }],
  run: async (input, context) => {
    const { id: account } = await accountNamed(input.account, context)
    const [there, book, requests] = await Promise.all([
      balance.run({ account }, context),
      titles.run({ account }, context),
      list.run({ account, limit: shownMax, first: 'newest' }, context),
    ])
    return { account, balance: there, titles: book.data, requests: requests.data }
  },
})

type Step = Omit<FapiaoChange, 'id' | 'nowMs'> & { readonly verb: 'issue' | 'reject' | 'red' }

/** Moves a request on, with its row in the trail. @throws Problem `conflict` where it stands elsewhere. */
const moved = async (id: string, { verb, ...step }: Step, context: OperationContext): Promise<FapiaoRow> => {
  const before = await requestNamed(id, context)
  const nowMs = context.clock.nowMs()
  const { file: given, from: _from, to, ...facts } = step
  const hasFile = before.hasFile || given !== undefined
  const after: FapiaoRow = { ...before, ...facts, hasFile, state: to, changedMs: nowMs }
  const change = { operation: `fapiao.${verb}` as const, object: id, before: viewOf(before), after: viewOf(after) }
  const { store } = context.ports.documents
  if (await store.changeFapiao({ ...step, id, nowMs }, trailRowOf(change, context))) return after
  throw new Problem('conflict', {
    ...saying('fapiao_state', { id, state: before.state, from: step.from }),
    param: 'request',
  })
}

const requestField = () => z.string().min(1).max(100).describe('The request.')
const requestFlag = { field: 'request', positional: true, describe: 'The request.' } as const
const numberField = () => z.string().regex(fapiaoNumberForm, 'must be 20 digits').describe('The number of the fapiao.')
const reasonField = () => z.string().min(1).max(500).describe('Why.')

const issue = operation({
  noun: 'fapiao',
  verb: 'issue',
  summary: "Note that a fapiao was issued in the tax office's system, with its number and its file.",
  method: 'POST',
  path: '/fapiao/{request}/issue',
  scope: 'write',
  bodyBytesMax: Math.ceil(fileBytesMax * base64Share) + 64 * 1024,
  input: z.strictObject({
    request: requestField(),
    number: numberField(),
    file: z
      .base64()
      .max(Math.ceil(fileBytesMax * base64Share))
      .optional()
      .describe('The PDF or OFD, in base64; 5 MiB at most.'),
  }),
  output: view,
  flags: [requestFlag, { field: 'file', flag: '--file <path>', file: 'base64', describe: 'The PDF or OFD.' }],
  run: async ({ request: id, number, file }, context) => {
    const bytes = file === undefined ? null : Buffer.from(file, 'base64')
    const ending = bytes?.subarray(0, 5).toString('latin1') === '%PDF-' ? 'pdf' : 'ofd'
    const kept = bytes === null ? {} : { file: { name: `${number}.${ending}`, bytes } }
    return viewOf(await moved(id, { verb: 'issue', from: 'requested', to: 'issued', number, ...kept }, context))
  },
})

const reject = operation({
  noun: 'fapiao',
  verb: 'reject',
  summary: 'Refuse a request. Its amount may be asked for again.',
  method: 'POST',
  path: '/fapiao/{request}/reject',
  scope: 'write',
  input: z.strictObject({ request: requestField(), reason: reasonField() }),
  output: view,
  flags: [requestFlag],
  run: async ({ request: id, reason }, context) =>
    viewOf(await moved(id, { verb: 'reject', from: 'requested', to: 'rejected', reason }, context)),
})

const red = operation({
  noun: 'fapiao',
  verb: 'red',
  summary: 'Note that a fapiao was undone by a red-letter one (红字). Its amount may be asked for again.',
  method: 'POST',
  path: '/fapiao/{request}/red',
  scope: 'write',
  input: z.strictObject({ request: requestField(), number: numberField(), reason: reasonField() }),
  output: view,
  flags: [requestFlag],
  run: async ({ request: id, number, reason }, context) =>
    viewOf(await moved(id, { verb: 'red', from: 'issued', to: 'red', redNumber: number, reason }, context)),
})

const file = operation({
  noun: 'fapiao',
  verb: 'file',
  summary: 'The file of a fapiao.',
  method: 'GET',
  path: '/fapiao/{request}/file',
  scope: 'read',
  input: z.strictObject({ request: requestField() }),
  output: z.object({ name: z.string(), content_type: z.string(), base64: z.string() }),
  flags: [requestFlag],
  file: (output) => ({
    name: output.name,
    contentType: output.content_type,
    bytes: Buffer.from(output.base64, 'base64'),
  }),
  run: async ({ request: id }, context) => {
    await requestNamed(id, context)
    const found = await context.ports.documents.store.fapiaoFile(id)
    if (found === null) throw new Problem('not_found', { ...saying('fapiao_no_file', { id }), param: 'request' })
    const content_type = found.name.endsWith('.pdf') ? 'application/pdf' : 'application/ofd'
    return { name: found.name, content_type, base64: Buffer.from(found.bytes).toString('base64') }
  },
})

export const fapiaoOperations = [
  addTitle,
  titles,
  removeTitle,
  balance,
  request,
  list,
  show,
  issue,
  reject,
  red,
  file,
] as const
