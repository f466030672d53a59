/**
 * Alipay's gateway as strict as the real one, with keys of its own: it checks the signature over every parameter, answers 200 with a
 * signed part, sends form notices. From reference facts and memory.
 */

import type { KeyObject } from 'node:crypto'
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import type { Clock } from '#base/clock.ts'
import { Secret } from '#base/log.ts'
import type { RawNotice } from '#payment/method.ts'
import type { PaymentConfig } from '#payment/settings.ts'
import { testCounter } from '#payment/test-cashier.ts'
import type { AlipayCertificateKeys, AlipayCertificates } from './alipay-certificates.ts'
import { alipayCertificates } from './alipay-certificates.ts'
import type { FakeHandler, FakeReply, Paying } from './processor.ts'

type Settings = NonNullable<PaymentConfig['alipay']>
type Trade = {
  readonly id: string
  readonly total: string
  status: 'WAIT_BUYER_PAY' | 'TRADE_SUCCESS' | 'TRADE_CLOSED'
  paid: string
  currency: string | null
  number: string
  paidMs: number
  shownAs: string
  app: string
  seller: string
}
type Refund = { readonly id: string; readonly order: string; readonly amount: number; readonly doneMs: number }

export type AlipayNoticing = Paying & {
  readonly signer?: KeyObject
  readonly id?: string
  readonly signType?: string
  /** Of a partial refund, which comes to the same address. */
  readonly refund?: string
  /** The certificate that it names, which by itself it does not; `signed`: within what is signed. */
  readonly certificate?: { readonly serial: string; readonly signed: boolean }
}

export type AlipayFake = {
  readonly handler: FakeHandler
  readonly settings: (gateway?: string) => Settings
  readonly pems: { readonly application: string; readonly platform: string }
  readonly trades: ReadonlyMap<string, Trade>
  /** The payer opens the page that a link leads to. */
  readonly open: (url: string) => FakeReply
  readonly pay: (order: string, how?: Paying) => void
  readonly notice: (order: string, how?: AlipayNoticing) => RawNotice
  readonly refundOutside: (order: string, amountMinor: number) => string
  readonly broken: number[]
  /** In certificate mode; else `null`. */
  readonly certificates: AlipayCertificates | null
  /** How often a certificate was asked for. */
  readonly certificatesAsked: () => number
}

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = (key: KeyObject): string =>
  String(key.export(key.type === 'private' ? { type: 'pkcs8', format: 'pem' } : { type: 'spki', format: 'pem' }))
const beijing = (timeMs: number): string =>
  new Date(timeMs + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')

const signing = (fields: Readonly<Record<string, string>>, without: readonly string[]): string =>
  Object.entries(fields)
    .filter(([name, value]) => !without.includes(name) && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')

/** A ZIP of one deflated file. */
export function zipOf(name: Buffer, bytes: Buffer): Buffer {
  const packed = deflateRawSync(bytes)
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  local.writeUInt16LE(8, 8)
  local.writeUInt32LE(packed.length, 18)
  local.writeUInt32LE(bytes.length, 22)
  local.writeUInt16LE(name.length, 26)
  const entry = Buffer.alloc(46)
  entry.writeUInt32LE(0x02014b50, 0)
  entry.writeUInt16LE(8, 10)
  entry.writeUInt32LE(packed.length, 20)
  entry.writeUInt32LE(bytes.length, 24)
  entry.writeUInt16LE(name.length, 28)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(entry.length + name.length, 12)
  end.writeUInt32LE(local.length + name.length + packed.length, 16)
  return Buffer.concat([local, name, packed, entry, name, end])
}

/** One application, one seller. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: a processor is one state, and each of its calls a function of its own below
export function alipayFake({
  clock,
  keys = { application: pair(), platform: pair() },
  authorities = null,
}: {
  readonly clock: Clock
  readonly keys?: { readonly application: ReturnType<typeof pair>; readonly platform: ReturnType<typeof pair> }
  /** Certificate mode, with these behind it. */
  readonly authorities?: AlipayCertificateKeys | null
}): AlipayFake {
  const [appId, sellerId] = ['2021000000000001', '2088000000000001']
  const trades = new Map<string, Trade>()
  const refunds = new Map<string, Refund>()
  const broken: number[] = []
  let [counter, certificatesAsked] = [0, 0]
  const certificates =
    authorities === null
      ? null
      : alipayCertificates(clock, { authorities, application: keys.application.publicKey, platform: keys.platform })
  const signer = (): KeyObject => certificates?.signer().key ?? keys.platform.privateKey

  const answered = (method: string, object: object): FakeReply => {
    const name = `${method.replaceAll('.', '_')}_response`
    const part = JSON.stringify(object)
    const signature = sign('sha256', Buffer.from(part), signer()).toString('base64')
    const named = certificates === null ? '' : `"alipay_cert_sn":"${certificates.signer().serial}",`
    return {
      status: 200,
      headers: { 'content-type': 'text/html;charset=utf-8' },
      body: `{"${name}":${part},${named}"sign":"${signature}"}`,
    }
  }
  const ok = (method: string, object: object): FakeReply =>
    answered(method, { code: '10000', msg: 'Success', ...object })
  const failed = (method: string, subCode: string): FakeReply =>
    answered(method, { code: '40004', msg: 'Business Failed', sub_code: subCode, sub_msg: subCode })

  const addTrade = (content: Record<string, unknown>): Trade | null => {
    const id = String(content['out_trade_no'])
    const total = String(content['total_amount'])
    if (!/^\w{1,64}$/.test(id) || !/^\d{1,9}\.\d{2}$/.test(total) || typeof content['subject'] !== 'string') return null
    const before = trades.get(id)
    if (before !== undefined) return before.total === total && before.status === 'WAIT_BUYER_PAY' ? before : null
    counter += 1
    const trade: Trade = {
      id,
      total,
      status: 'WAIT_BUYER_PAY',
      paid: total,
      currency: null,
      number: `2026112922${counter}`,
      paidMs: 0,
      shownAs: id,
      app: appId,
      seller: sellerId,
    }
    trades.set(id, trade)
    return trade
  }

  const query = (method: string, content: Record<string, unknown>): FakeReply => {
    const trade = trades.get(String(content['out_trade_no']))
    if (trade === undefined) return failed(method, 'ACQ.TRADE_NOT_EXIST')
    return ok(method, {
      trade_no: trade.number,
      out_trade_no: trade.shownAs,
      trade_status: trade.status,
      total_amount: trade.paid,
      ...(trade.currency === null ? {} : { pay_currency: trade.currency }),
      ...(trade.paidMs === 0 ? {} : { send_pay_date: beijing(trade.paidMs) }),
    })
  }

  const refund = (method: string, content: Record<string, unknown>): FakeReply => {
    const trade = trades.get(String(content['out_trade_no']))
    const id = String(content['out_request_no'])
    const amount = Math.round(Number(content['refund_amount']) * 100)
    if (trade === undefined) return failed(method, 'ACQ.TRADE_NOT_EXIST')
    if (trade.status !== 'TRADE_SUCCESS') return failed(method, 'ACQ.TRADE_STATUS_ERROR')
    const before = refunds.get(id)
    if (before !== undefined && before.amount !== amount) return failed(method, 'ACQ.DISCORDANT_REPEAT_REQUEST')
    const gone = [...refunds.values()].filter((one) => one.order === trade.id).reduce((sum, one) => sum + one.amount, 0)
    if (before === undefined && gone + amount > Math.round(Number(trade.paid) * 100))
      return failed(method, 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL')
    if (before === undefined) addRefund(id, trade, amount)
    return ok(method, { trade_no: trade.number, out_trade_no: trade.id, fund_change: before === undefined ? 'Y' : 'N' })
  }
  const addRefund = (id: string, trade: Trade, amount: number): void => {
    refunds.set(id, { id, order: trade.id, amount, doneMs: clock.nowMs() })
    const gone = [...refunds.values()].filter((one) => one.order === trade.id).reduce((sum, one) => sum + one.amount, 0)
    if (gone >= Math.round(Number(trade.paid) * 100)) trade.status = 'TRADE_CLOSED'
  }

  const billText = (day: string): string => {
    const isThat = (timeMs: number): boolean => timeMs > 0 && beijing(timeMs).startsWith(day)
    const row = (cells: readonly string[]): string => `${cells.map((cell) => `${cell}\t`).join(',')}\r\n`
    const fee = (yuan: number): string => (yuan * 0.006).toFixed(2)
    const heading =
      '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注'
    const line = (
      trade: Trade,
      kind: string,
      amounts: { readonly total: string; readonly got: string; readonly refund: string; readonly fee: string },
    ) =>
      row([
        trade.number,
        trade.id,
        kind,
        'x',
        '',
        '',
        '',
        '',
        '',
        '',
        'p',
        amounts.total,
        amounts.got,
        '0',
        '0',
        '0',
        '0',
        '0',
        '',
        '0',
        '0',
        amounts.refund,
        amounts.fee,
        '0',
        '',
      ])
    const paid = [...trades.values()].filter((one) => isThat(one.paidMs))
    const back = [...refunds.values()].filter((one) => isThat(one.doneMs))
    const lines = [
      ...paid.map((one) =>
        line(one, '交易', { total: one.paid, got: one.paid, refund: '', fee: `-${fee(Number(one.paid))}` }),
      ),
      ...back.flatMap((one) => {
        const trade = trades.get(one.order)
        const yuan = (one.amount / 100).toFixed(2)
        return trade === undefined
          ? []
          : [line(trade, '退款', { total: `-${yuan}`, got: `-${yuan}`, refund: one.id, fee: fee(one.amount / 100) })]
      }),
    ]
    return `#支付宝业务明细查询\r\n#账号：[x]\r\n#-----\r\n${heading}\r\n${lines.join('')}#-----\r\n#交易合计：${paid.length}笔\r\n`
  }

  const act = (method: string, content: Record<string, unknown>): FakeReply => {
    if (method === 'alipay.trade.query') return query(method, content)
    if (method === 'alipay.trade.precreate') {
      const trade = addTrade(content)
      return trade === null
        ? failed(method, 'ACQ.INVALID_PARAMETER')
        : ok(method, { out_trade_no: trade.id, qr_code: `https://qr.alipay.com/${trade.id}` })
    }
    if (method === 'alipay.trade.close') {
      const trade = trades.get(String(content['out_trade_no']))
      if (trade === undefined) return failed(method, 'ACQ.TRADE_NOT_EXIST')
      if (trade.status !== 'WAIT_BUYER_PAY') return failed(method, 'ACQ.REASON_TRADE_STATUS_INVALID')
      trade.status = 'TRADE_CLOSED'
      return ok(method, { trade_no: trade.number, out_trade_no: trade.id })
    }
    if (method === 'alipay.trade.refund') return refund(method, content)
    if (method === 'alipay.trade.fastpay.refund.query') {
      const found = refunds.get(String(content['out_request_no']))
      if (found === undefined || found.order !== content['out_trade_no']) return ok(method, {})
      return ok(method, {
        out_trade_no: found.order,
        out_request_no: found.id,
        refund_status: 'REFUND_SUCCESS',
        refund_amount: (found.amount / 100).toFixed(2),
      })
    }
    if (method === 'alipay.data.dataservice.bill.downloadurl.query')
      return ok(method, { bill_download_url: `http://bills.alipay.test/bill?day=${String(content['bill_date'])}` })
    if (method === 'alipay.open.app.alipaycert.download' && certificates !== null) {
      certificatesAsked += 1
      const found = certificates.download(String(content['alipay_cert_sn']))
      const inner =
        found === null ? { code: '40004', sub_code: 'CERT_NOT_EXIST' } : { code: '10000', alipay_cert_content: found }
      // Nobody could check a signature by the certificate that is being asked for.
      return { status: 200, body: JSON.stringify({ alipay_open_app_alipaycert_download_response: inner }) }
    }
    return failed(method, 'isv.invalid-method')
  }

  const isSigned = (fields: Readonly<Record<string, string>>): boolean => {
    const ageMs = Math.abs(Date.parse(`${(fields['timestamp'] ?? '').replace(' ', 'T')}+08:00`) - clock.nowMs())
    if (fields['app_id'] !== appId || fields['sign_type'] !== 'RSA2' || !(ageMs < 900_000)) return false
    const { application, root } = certificates?.serials ?? {}
    if (fields['app_cert_sn'] !== application || fields['alipay_root_cert_sn'] !== root) return false
    const text = signing(fields, ['sign'])
    return verify('sha256', Buffer.from(text), keys.application.publicKey, Buffer.from(fields['sign'] ?? '', 'base64'))
  }

  const opened = (url: URL): FakeReply => {
    const fields = Object.fromEntries(url.searchParams)
    if (!isSigned(fields)) return { status: 200, body: 'invalid-signature' }
    const trade = addTrade(JSON.parse(fields['biz_content'] ?? '{}') as Record<string, unknown>)
    return { status: 200, body: trade === null ? 'refused' : `pay ${trade.total}` }
  }

  return {
    trades,
    broken,
    certificates,
    certificatesAsked: () => certificatesAsked,
    pems: { application: pem(keys.application.privateKey), platform: pem(keys.platform.publicKey) },
    settings: (gateway) => ({
      ...testCounter,
      appId,
      sellerId,
      privateKey: new Secret(pem(keys.application.privateKey)),
      trust:
        certificates === null
          ? { kind: 'key', publicKey: new Secret(pem(keys.platform.publicKey)) }
          : {
              kind: 'certificates',
              application: new Secret(certificates.pems.application),
              alipay: new Secret(certificates.pems.alipay),
              root: new Secret(certificates.pems.root),
            },
      gateway: gateway ?? null,
    }),
    handler: ({ method, url, body }) => {
      const status = broken.shift()
      if (status !== undefined) return { status, body: 'busy' }
      if (url.pathname === '/bill')
        return {
          status: 200,
          body: zipOf(Buffer.from('x.csv'), Buffer.from(gb18030(billText(url.searchParams.get('day') ?? '')))),
        }
      if (method === 'GET') return opened(url)
      const fields = Object.fromEntries(new URLSearchParams(body))
      if (!isSigned(fields))
        return {
          status: 200,
          body: '{"error_response":{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-signature","sub_msg":"invalid signature"}}',
        }
      return act(fields['method'] ?? '', JSON.parse(fields['biz_content'] ?? '{}') as Record<string, unknown>)
    },
    open: (url) => opened(new URL(url)),
    pay: (order, how = {}) => {
      const trade = trades.get(order)
      if (trade === undefined) throw new Error(`the fake has no order ${order}`)
      trade.status = 'TRADE_SUCCESS'
      trade.paid = how.amountMinor === undefined ? trade.total : (how.amountMinor / 100).toFixed(2)
      trade.currency = how.currency ?? null
      trade.number = how.transaction ?? trade.number
      trade.paidMs = clock.nowMs()
      trade.shownAs = how.order ?? order
    },
    notice: (order, how = {}) => {
      counter += 1
      const trade = trades.get(order)
      const fields: Record<string, string> = {
        notify_id: how.id ?? `ntf${counter}`,
        notify_type: 'trade_status_sync',
        notify_time: beijing(clock.nowMs()),
        app_id: how.app ?? appId,
        seller_id: how.seller ?? sellerId,
        out_trade_no: how.order ?? order,
        trade_no: trade?.number ?? 'none',
        trade_status: 'TRADE_SUCCESS',
        total_amount: trade?.paid ?? '1.00',
        charset: 'utf-8',
        version: '1.0',
        ...(how.refund === undefined
          ? {}
          : { refund_fee: '1.00', gmt_refund: beijing(clock.nowMs()), out_biz_no: how.refund }),
        sign_type: how.signType ?? 'RSA2',
        ...(how.certificate === undefined ? {} : { alipay_cert_sn: how.certificate.serial }),
      }
      const key = how.signer ?? signer()
      const unsigned = ['sign', 'sign_type', ...(how.certificate?.signed === false ? ['alipay_cert_sn'] : [])]
      const algorithm = how.signType === 'RSA' ? 'sha1' : 'sha256'
      const signature = sign(algorithm, Buffer.from(signing(fields, unsigned)), key).toString('base64')
      return {
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        bytes: Buffer.from(new URLSearchParams({ ...fields, sign: signature }).toString()),
      }
    },
    refundOutside: (order, amountMinor) => {
      counter += 1
      const trade = trades.get(order)
      if (trade === undefined) throw new Error(`the fake has no order ${order}`)
      addRefund(`outside${counter}`, trade, amountMinor)
      return `outside${counter}`
    },
  }
}

/** The characters of a bill's headings in GB 18030, by asking the decoder for each pair of bytes: Node has no encoder. */
function gb18030(text: string): Uint8Array {
  const decoder = new TextDecoder('gb18030')
  const table = new Map<string, readonly number[]>()
  for (let first = 0x81; first <= 0xfe; first += 1)
    for (let second = 0x40; second <= 0xfe; second += 1) {
      if (second === 0x7f) continue
      const character = decoder.decode(Uint8Array.of(first, second))
      if (character.length === 1 && !table.has(character)) table.set(character, [first, second])
    }
  return Uint8Array.from(
    [...text].flatMap((one) => (one.charCodeAt(0) < 0x80 ? [one.charCodeAt(0)] : [...(table.get(one) ?? [0x3f])])),
  )
}
