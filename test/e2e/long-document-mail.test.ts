import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { startSmtp } from '../fake/smtp.ts'
import { call } from './call.ts'
import { adminKey, eventually, startRelay } from './harness.ts'

const config = `seller: { name: Relay Ltd, address: "1 Test Street" }
mail: { smtp: "env:SMTP_URL", from: billing@relay.example }
payments: { manual: { instructions: "Bank of Test" } }
recipients: { books: { mail: [books@relay.example] } }
alerts: [{ event: document_issued, notify: [books] }]
`

test('an invoice goes to its buyer by mail with the PDF, once, also where the mail server refuses it first', async () => {
  await using smtp = await startSmtp()
  smtp.refusals = 1
  await using relay = await startRelay({ config, env: { SMTP_URL: smtp.url } })
  const admin = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const answer = await call(relay.url, { path: `/api/v1${path}`, key: adminKey, body })
    assert.equal(answer.status, 200, answer.text)
    return JSON.parse(answer.text) as Record<string, unknown>
  }
  await admin('/accounts', { name: 'acme', billing: 'prepaid' })
  await admin('/invoices/buyers/acme', { name: '示例科技', mail: 'ap@acme.example', language: 'zh-CN' })
  const order = await admin('/payments', { account: 'acme', usd: '20.00', method: 'manual', currency: 'USD' })
  await admin(`/payments/${String(order['id'])}/confirm`, { amount: '20.00', currency: 'USD', reference: 'bank-1' })

  const to = (address: string) => smtp.taken.filter((mail) => mail.to.includes(address))
  const arrived = () => (to('ap@acme.example').length + to('books@relay.example').length === 2 ? true : undefined)
  await eventually('both mails', arrived, 30_000)
  const [mail] = to('ap@acme.example')
  assert.equal(mail?.from, 'billing@relay.example')
  const attached = /filename=INV-\d{4}-000001\.pdf[\s\S]*?\r\n\r\n([A-Za-z0-9+/=\r\n]+)/.exec(mail?.data ?? '')?.[1]
  assert.match(Buffer.from(attached ?? '', 'base64').toString('latin1'), /^%PDF-[\s\S]*%%EOF/)
  const quoted = /content-type: text\/plain[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/i.exec(mail?.data ?? '')?.[1] ?? ''
  const bytes = quoted
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  assert.match(Buffer.from(bytes, 'latin1').toString(), /发票 INV-\d{4}-000001，金额 20\.00 USD/)
  const deliveries = await call(relay.url, { path: '/api/v1/deliveries', key: adminKey })
  assert.equal((deliveries.at('data') as unknown[]).length, 2)
})
