/**
 * WeChat Pay v3 as strict as the real one, with keys of its own: it checks the signature, the time and the nonce of every request,
 * signs every answer, encrypts its notices. Written from https://pay.weixin.qq.com/doc/v3/merchant/4012525095 (read 2026-11-29) and
 * reference facts; what it answers to wrong calls is from memory.
 */

import type { KeyObject } from 'node:crypto'
import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import { Secret } from '#base/log.ts'
import type { RawNotice } from '#payment/method.ts'
import type { PaymentConfig } from '#payment/settings.ts'
import { testCounter } from '#payment/test-cashier.ts'
import type { KeyPair, PlatformCertificates } from './platform-certificates.ts'
import { platformCertificates, sealFor } from './platform-certificates.ts'
import type { FakeHandler, FakeReply, FakeRequest, Paying } from './processor.ts'

type Settings = NonNullable<PaymentConfig['wechat']>
type Trade = {
  readonly id: string
  readonly total: number
  readonly currency: string
  state: 'NOTPAY' | 'SUCCESS' | 'CLOSED' | 'REFUND'
  app: string
  seller: string
  paid: number
  paidCurrency: string
  transaction: string
  paidMs: number
  shownAs: string
}
type Refund = {
  readonly id: string
  readonly order: string
  readonly amount: number
  status: 'SUCCESS' | 'PROCESSING' | 'CLOSED' | 'ABNORMAL'
  readonly number: string
  doneMs: number
}

export type WechatFake = {
  readonly handler: FakeHandler
  readonly settings: (api?: string) => Settings
  /** PEM texts, for a configuration. */
  readonly pems: { readonly merchant: string; readonly platform: string }
  readonly trades: ReadonlyMap<string, Trade>
  readonly refunds: ReadonlyMap<string, Refund>
  readonly pay: (order: string, how?: Paying) => void
  readonly notice: (order: string, how?: Noticing) => RawNotice
  readonly refundNotice: (refund: string) => RawNotice
  /** A refund made in the merchant platform, which chooses the number. */
  readonly refundOutside: (order: string, amount: number) => string
  /** What becomes of refunds that are asked for from now on. */
  refundsBecome: Refund['status']
  /** Statuses that the next calls are answered with, whatever they are. */
  readonly broken: number[]
  /** Where platform certificates sign; they change by the platform's will. */
  readonly certificates: PlatformCertificates
  /** How often the list of certificates was asked for. */
  readonly certificatesAsked: () => number
}

export type Noticing = Paying & {
  /** Signed by somebody else. */
  readonly signer?: KeyObject
  readonly ageSeconds?: number
  readonly id?: string
  readonly apiV3Key?: string
  readonly serial?: string
}

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = (key: KeyObject): string =>
  String(key.export(key.type === 'private' ? { type: 'pkcs8', format: 'pem' } : { type: 'spki', format: 'pem' }))
const beijingDay = (timeMs: number): string => new Date(timeMs + 8 * 3_600_000).toISOString().slice(0, 10)

const wechatKeys = (): { readonly merchant: KeyPair; readonly platform: KeyPair } => ({
  merchant: pair(),
  platform: pair(),
})

export type WechatWays = {
  readonly clock: Clock
  readonly keys?: ReturnType<typeof wechatKeys>
  /** `key`: the platform's public key signs; `certificates`: rotating platform certificates; `moving`: from these to that. */
  readonly trust?: 'key' | 'certificates' | 'moving'
}

/** One merchant, one app. `keys` may be shared by fakes: making them is slow. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: a processor is one state, and each of its calls a function of its own below
export function wechatFake({ clock, keys = wechatKeys(), trust = 'key' }: WechatWays): WechatFake {
  const [appId, merchantId, serial, apiV3Key] = [
    'wx-app-1',
    '1900000109',
    'MERCHANT01',
    '0123456789abcdef0123456789abcdef',
  ]
  const publicKeyId = 'PUB_KEY_ID_0001'
  const certificates = platformCertificates(clock, keys.platform)
  let certificatesAsked = 0
  /** Answers are signed as the request wishes; notices by what the merchant has come to. */
  const signerFor = (wished: string | undefined): { readonly serial: string; readonly key: KeyObject } =>
    trust === 'key' || wished === publicKeyId
      ? { serial: publicKeyId, key: keys.platform.privateKey }
      : certificates.signer()
  const trades = new Map<string, Trade>()
  const refunds = new Map<string, Refund>()
  const nonces = new Set<string>()
  const broken: number[] = []
  let counter = 0
  let refundsBecome: Refund['status'] = 'SUCCESS'
  const seconds = (): number => Math.floor(clock.nowMs() / 1000)

  let wished: string | undefined
  const signed = (status: number, value: object | null): FakeReply => {
    counter += 1
    const signer = signerFor(wished)
    const body = value === null ? '' : JSON.stringify(value)
    const [time, nonce] = [String(seconds()), `nonce${counter}`]
    const signature = sign('sha256', Buffer.from(`${time}\n${nonce}\n${body}\n`), signer.key).toString('base64')
    const headers = {
      'wechatpay-timestamp': time,
      'wechatpay-nonce': nonce,
      'wechatpay-signature': signature,
      'wechatpay-serial': signer.serial,
    }
    return { status, headers, body }
  }
  const error = (status: number, code: string, message = code): FakeReply => signed(status, { code, message })

  const isSigned = ({ method, url, headers, body }: FakeRequest): boolean => {
    const given = /^WECHATPAY2-SHA256-RSA2048 (.+)$/.exec(headers['authorization'] ?? '')?.[1] ?? ''
    const fields = Object.fromEntries([...given.matchAll(/(\w+)="([^"]*)"/g)].map((match) => [match[1], match[2]]))
    const { mchid, nonce_str: nonce = '', timestamp = '', serial_no: serialNo, signature = '' } = fields
    if (mchid !== merchantId || serialNo !== serial || Math.abs(Number(timestamp) - seconds()) > 300) return false
    if (nonce.length < 16 || nonces.has(nonce)) return false
    nonces.add(nonce)
    const text = `${method}\n${url.pathname}${url.search}\n${timestamp}\n${nonce}\n${body}\n`
    return verify('sha256', Buffer.from(text), keys.merchant.publicKey, Buffer.from(signature, 'base64'))
  }

  const transactionOf = (trade: Trade): object => ({
    appid: trade.app,
    mchid: trade.seller,
    out_trade_no: trade.shownAs,
    trade_state: trade.state,
    trade_type: 'NATIVE',
    ...(trade.state === 'SUCCESS' || trade.state === 'REFUND'
      ? {
          transaction_id: trade.transaction,
          success_time: new Date(trade.paidMs).toISOString(),
          amount: { total: trade.paid, payer_total: trade.paid, currency: trade.paidCurrency, payer_currency: 'CNY' },
        }
      : {}),
  })

  const begin = (way: string, body: Record<string, unknown>): FakeReply => {
    const amount = body['amount'] as { total?: unknown; currency?: unknown } | undefined
    const order = String(body['out_trade_no'])
    const notify = String(body['notify_url'])
    if (body['appid'] !== appId || body['mchid'] !== merchantId) return error(400, 'APPID_MCHID_NOT_MATCH')
    if (!/^[\w|*-]{6,32}$/.test(order) || !Number.isInteger(amount?.total) || amount?.currency !== 'CNY')
      return error(400, 'PARAM_ERROR')
    if (!/^https:\/\/[^?]+$/.test(notify) || typeof body['description'] !== 'string') return error(400, 'PARAM_ERROR')
    const before = trades.get(order)
    if (before !== undefined && before.state !== 'NOTPAY')
      return error(400, before.state === 'CLOSED' ? 'ORDER_CLOSED' : 'ORDERPAID')
    if (before !== undefined && before.total !== amount.total) return error(400, 'OUT_TRADE_NO_USED')
    if (before === undefined)
      trades.set(order, {
        id: order,
        total: Number(amount.total),
        currency: 'CNY',
        state: 'NOTPAY',
        app: appId,
        seller: merchantId,
        paid: 0,
        paidCurrency: 'CNY',
        transaction: '',
        paidMs: 0,
        shownAs: order,
      })
    if (way === 'h5') {
      const scene = body['scene_info'] as { payer_client_ip?: string; h5_info?: { type?: string } } | undefined
      if (scene?.payer_client_ip === undefined || scene.h5_info?.type === undefined) return error(400, 'PARAM_ERROR')
      return signed(200, { h5_url: `https://wx.tenpay.com/h5?prepay_id=${order}` })
    }
    if (way === 'jsapi') {
      if ((body['payer'] as { openid?: string } | undefined)?.openid === undefined) return error(400, 'PARAM_ERROR')
      return signed(200, { prepay_id: `wx${order}` })
    }
    return signed(200, { code_url: `weixin://wxpay/bizpayurl?pr=${order}` })
  }

  const refundView = (refund: Refund): object => ({
    refund_id: refund.number,
    out_refund_no: refund.id,
    out_trade_no: refund.order,
    status: refund.status,
    amount: { refund: refund.amount, total: trades.get(refund.order)?.paid ?? 0, currency: 'CNY' },
  })
  const addRefund = (
    id: string,
    order: string,
    { amount, status }: { amount: number; status: Refund['status'] },
  ): Refund => {
    counter += 1
    const refund: Refund = { id, order, amount, status, number: `5030${counter}`, doneMs: clock.nowMs() }
    refunds.set(id, refund)
    const trade = trades.get(order)
    if (trade !== undefined) trade.state = 'REFUND'
    return refund
  }
  const askRefund = (body: Record<string, unknown>): FakeReply => {
    const [order, id] = [String(body['out_trade_no']), String(body['out_refund_no'])]
    const amount = body['amount'] as { refund: number; total: number; currency: string }
    const trade = trades.get(order)
    if (trade === undefined || trade.transaction === '') return error(404, 'RESOURCE_NOT_EXISTS')
    const before = refunds.get(id)
    if (before !== undefined)
      return before.amount === amount.refund ? signed(200, refundView(before)) : error(400, 'INVALID_REQUEST')
    const gone = [...refunds.values()].filter((one) => one.order === order).reduce((sum, one) => sum + one.amount, 0)
    if (amount.total !== trade.paid || gone + amount.refund > trade.paid) return error(400, 'INVALID_REQUEST')
    return signed(200, refundView(addRefund(id, order, { amount: amount.refund, status: refundsBecome })))
  }

  // biome-ignore lint/complexity/noExcessiveLinesPerFunction: the columns of a bill stand one under the other
  const billText = (day: string): string => {
    const heading =
      '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注'
    const yuan = (fen: number): string => (fen / 100).toFixed(2)
    const row = (cells: readonly string[]): string => cells.map((cell) => `\`${cell}`).join(',')
    const paid = [...trades.values()].filter((one) => one.transaction !== '' && beijingDay(one.paidMs) === day)
    const back = [...refunds.values()].filter((one) => one.status === 'SUCCESS' && beijingDay(one.doneMs) === day)
    const fee = (fen: number): string => ((fen * 6) / 100_000).toFixed(5)
    const lines = [
      ...paid.map((one) =>
        row([
          't',
          appId,
          merchantId,
          '0',
          '',
          one.transaction,
          one.id,
          'o',
          'NATIVE',
          'SUCCESS',
          'B',
          'CNY',
          yuan(one.paid),
          '0.00',
          '0',
          '0',
          '0.00',
          '0.00',
          '',
          '',
          'x',
          '',
          fee(one.paid),
          '0.60%',
          yuan(one.paid),
          '0.00',
          '',
        ]),
      ),
      ...back.map((one) => {
        const trade = trades.get(one.order)
        return row([
          't',
          appId,
          merchantId,
          '0',
          '',
          trade?.transaction ?? '',
          one.order,
          'o',
          'NATIVE',
          'REFUND',
          'B',
          'CNY',
          '0.00',
          '0.00',
          one.number,
          one.id,
          yuan(one.amount),
          '0.00',
          'ORIGINAL',
          'SUCCESS',
          'x',
          '',
          `-${fee(one.amount)}`,
          '0.60%',
          '0.00',
          yuan(one.amount),
          '',
        ])
      }),
    ]
    const total = `总交易单数,应结订单总金额\n\`${lines.length},\`0.00`
    return `\uFEFF${heading}\r\n${lines.map((line) => `${line}\r\n`).join('')}${total}\r\n`
  }

  const bill = (url: URL): FakeReply => {
    const text = billText(url.searchParams.get('bill_date') ?? '')
    const hash = createHash('sha1').update(text).digest('hex')
    const day = url.searchParams.get('bill_date')
    return signed(200, {
      hash_type: 'SHA1',
      hash_value: hash,
      download_url: `${url.origin}/v3/billdownload/file?token=${day}`,
    })
  }

  const route = (request: FakeRequest): FakeReply => {
    const { method, url, body } = request
    const value = (): Record<string, unknown> => JSON.parse(body) as Record<string, unknown>
    const [, way] = /^\/v3\/pay\/transactions\/(native|h5|jsapi)$/.exec(url.pathname) ?? []
    if (method === 'POST' && way !== undefined) return begin(way, value())
    const [, closing] = /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)\/close$/.exec(url.pathname) ?? []
    if (method === 'POST' && closing !== undefined) {
      const trade = trades.get(closing)
      if (trade === undefined) return error(404, 'ORDER_NOT_EXIST')
      if (trade.state === 'SUCCESS' || trade.state === 'REFUND') return error(400, 'ORDERPAID')
      trade.state = 'CLOSED'
      return signed(204, null)
    }
    const [, asked] = /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)$/.exec(url.pathname) ?? []
    if (method === 'GET' && asked !== undefined) {
      const trade = trades.get(asked)
      if (url.searchParams.get('mchid') !== merchantId) return error(400, 'PARAM_ERROR')
      return trade === undefined ? error(404, 'ORDER_NOT_EXIST') : signed(200, transactionOf(trade))
    }
    if (method === 'POST' && url.pathname === '/v3/refund/domestic/refunds') return askRefund(value())
    const [, refund] = /^\/v3\/refund\/domestic\/refunds\/([^/]+)$/.exec(url.pathname) ?? []
    if (method === 'GET' && refund !== undefined) {
      const found = refunds.get(refund)
      return found === undefined ? error(404, 'RESOURCE_NOT_EXISTS') : signed(200, refundView(found))
    }
    if (url.pathname === '/v3/bill/tradebill') return bill(url)
    if (method === 'GET' && url.pathname === '/v3/certificates' && trust !== 'key') {
      certificatesAsked += 1
      return signed(200, certificates.list(apiV3Key))
    }
    if (url.pathname === '/v3/billdownload/file')
      return { status: 200, body: billText(url.searchParams.get('token') ?? '') }
    return error(404, 'NOT_FOUND')
  }

  const sealedNotice = (type: string, inner: object, how: Noticing): RawNotice => {
    counter += 1
    const [nonce, data] = ['abcdefghijkl', 'transaction']
    const body = JSON.stringify({
      id: how.id ?? `EV-${counter}`,
      create_time: new Date(clock.nowMs()).toISOString(),
      event_type: type,
      resource_type: 'encrypt-resource',
      resource: {
        algorithm: 'AEAD_AES_256_GCM',
        ciphertext: sealFor(JSON.stringify(inner), how.apiV3Key ?? apiV3Key, { nonce, data }),
        nonce,
        associated_data: data,
        original_type: 'transaction',
      },
    })
    const time = String(seconds() - (how.ageSeconds ?? 0))
    const { key, serial: own } = signerFor(undefined)
    const once = `once-${counter}`
    const signature = sign('sha256', Buffer.from(`${time}\n${once}\n${body}\n`), how.signer ?? key).toString('base64')
    return {
      bytes: Buffer.from(body),
      headers: {
        'content-type': 'application/json',
        'wechatpay-timestamp': time,
        'wechatpay-nonce': once,
        'wechatpay-signature': signature,
        'wechatpay-serial': how.serial ?? own,
      },
    }
  }

  return {
    trades,
    refunds,
    broken,
    get refundsBecome() {
      return refundsBecome
    },
    set refundsBecome(status) {
      refundsBecome = status
    },
    pems: { merchant: pem(keys.merchant.privateKey), platform: pem(keys.platform.publicKey) },
    settings: (api) => ({
      ...testCounter,
      merchantId,
      appId,
      certificateSerial: serial,
      privateKey: new Secret(pem(keys.merchant.privateKey)),
      apiV3Key: new Secret(apiV3Key),
      publicKey: trust === 'certificates' ? null : { id: publicKeyId, pem: new Secret(pem(keys.platform.publicKey)) },
      api: api ?? null,
    }),
    handler: (request) => {
      const status = broken.shift()
      if (status !== undefined) return { status, body: '{"code":"SYSTEM_ERROR","message":"busy"}' }
      if (!isSigned(request)) return { status: 401, body: '{"code":"SIGN_ERROR","message":"sign"}' }
      wished = request.headers['wechatpay-serial']
      if (wished !== undefined && (trust === 'certificates' || wished !== publicKeyId)) return error(400, 'PARAM_ERROR')
      return route(request)
    },
    pay: (order, how = {}) => {
      const trade = trades.get(order)
      if (trade === undefined) throw new Error(`the fake has no order ${order}`)
      counter += 1
      trade.state = 'SUCCESS'
      trade.paid = how.amountMinor ?? trade.total
      trade.paidCurrency = how.currency ?? 'CNY'
      trade.app = how.app ?? appId
      trade.seller = how.seller ?? merchantId
      trade.transaction = how.transaction ?? `42000${counter}`
      trade.paidMs = clock.nowMs()
      trade.shownAs = how.order ?? order
    },
    notice: (order, how = {}) => {
      const trade = trades.get(order)
      const inner = {
        ...(trade === undefined ? { out_trade_no: order, appid: appId, mchid: merchantId } : transactionOf(trade)),
        ...(how.app === undefined ? {} : { appid: how.app }),
        ...(how.seller === undefined ? {} : { mchid: how.seller }),
        ...(how.order === undefined ? {} : { out_trade_no: how.order }),
        trade_state: 'SUCCESS',
      }
      return sealedNotice('TRANSACTION.SUCCESS', inner, how)
    },
    refundNotice: (id) => {
      const refund = refunds.get(id)
      if (refund === undefined) throw new Error(`the fake has no refund ${id}`)
      return sealedNotice(
        `REFUND.${refund.status}`,
        { mchid: merchantId, out_trade_no: refund.order, out_refund_no: id, refund_id: refund.number },
        {},
      )
    },
    refundOutside: (order, amount) => {
      counter += 1
      return addRefund(`platform-${counter}`, order, { amount, status: 'SUCCESS' }).id
    },
    certificates,
    certificatesAsked: () => certificatesAsked,
  }
}
