/** A relay that sells to strangers: open sign-up with credit, a mail server, two processors of payments, and a provider behind it. */

import { strict as assert } from 'node:assert'
import { systemClock } from '#base/clock.ts'
import { clientId, clientSecret, startIssuer } from '#identity/test-issuer.ts'
import { whole } from '../fake/answer.ts'
import { serveProcessor } from '../fake/processor.ts'
import type { TakenMail } from '../fake/smtp.ts'
import { startSmtp } from '../fake/smtp.ts'
import { stripeFake } from '../fake/stripe.ts'
import { startTlsFront } from '../fake/tls-front.ts'
import { startUpstream } from '../fake/upstream.ts'
import { wechatFake } from '../fake/wechat-pay.ts'
import { freePort } from './free-port.ts'
import type { Relay } from './harness.ts'
import { eventually, startRelay } from './harness.ts'

export type Shop = {
  readonly relay: Relay
  /** What people are told as its address: over TLS, which WeChat Pay asks for. */
  readonly url: string
  /** Of its certificate's public key: SHA-256 in base64. */
  readonly publicKeyHash: string
  /** By which people may sign in as well: it checks, and can be told to lie. */
  readonly issuer: Awaited<ReturnType<typeof startIssuer>>
  /** An owner's key. */
  readonly adminKey: string
  /** What the first start says. */
  readonly setUpLink: string
  /** The link of the newest letter to this address that was not asked for before. */
  readonly linkFor: (mail: string) => Promise<string>
  /** Pays an order at its processor, which tells the relay. */
  readonly pay: (method: 'stripe' | 'wechat', order: string) => Promise<void>
  readonly close: () => Promise<void>
}

const letterTimeoutMs = 15_000
/** A browser starts beside it. */
const startWithinMs = 180_000

const configFor = (places: {
  readonly url: string
  readonly upstream: string
  readonly stripe: string
  readonly wechat: string
  readonly issuer: string
}): string => `server: { public_url: "${places.url}", overload: { loop_delay: 1m } }
providers:
  moonshot: { vendor: moonshot, base_url: "${places.upstream}", allow_private: true, api_key: "env:FAKE_KEY" }
models:
  kimi-k2: { targets: [{ provider: moonshot, model: kimi-k2 }], price: { input: "1.00", output: "2.00" } }
plans:
  free: { rpm: 60, tpm: 200000, concurrency: 4, signup_credit: "5.00", signup_credit_expires: 30d }
signup: { open: true, plan: free }
identity: { oidc: [{ name: works, title: Works, issuer: "${places.issuer}", client_id: ${clientId}, client_secret: "env:ISSUER_SECRET", allow_private: true }] }
mail: { smtp: "env:SMTP_URL", from: relay@example.com }
settlement: { CNY: [{ rate: "1.0", from: 2026-01-01 }] }
seller: { name: "Drover Example Ltd", address: "1 Long Road, Exampletown", tax_id: "XX123456789" }
payments:
  stripe: { secret_key: "env:PAY_STRIPE", webhook_secret: "env:PAY_HOOK", api: "${places.stripe}" }
  wechat:
    { merchant_id: "1900000109", app_id: wx-app-1, certificate_serial: MERCHANT01, private_key: "env:PAY_MERCHANT",
      api_v3_key: "env:PAY_V3", public_key_id: PUB_KEY_ID_0001, public_key: "env:PAY_PLATFORM", api: "${places.wechat}" }
`

/** A thousand tokens in, five hundred out. */
const answer = whole({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'kimi-k2',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Good morning.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500 },
})

/** The text of a letter, as its reader sees it. */
const textOf = ({ data }: TakenMail): string => {
  const [head = '', ...rest] = data.split('\r\n\r\n')
  const body = rest.join('\r\n\r\n')
  if (/^content-transfer-encoding: base64/im.test(head)) return Buffer.from(body, 'base64').toString()
  if (!/^content-transfer-encoding: quoted-printable/im.test(head)) return body
  return body
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** What a relay has told whoever started it. */
const saidBy = (relay: Relay, form: RegExp): string => {
  const [found] = form.exec(relay.stderr()) ?? []
  assert.ok(found !== undefined, relay.stderr())
  return found
}

/** Starts it all, as a person does who has no key yet. */
export async function startShop(): Promise<Shop> {
  const clock = systemClock()
  const fakes = { stripe: stripeFake({ clock }), wechat: wechatFake({ clock }) }
  const [smtp, upstream, port] = await Promise.all([startSmtp(), startUpstream(), freePort()])
  const [stripe, wechat] = await Promise.all([
    serveProcessor(fakes.stripe.handler),
    serveProcessor(fakes.wechat.handler),
  ])
  upstream.answer(answer)
  const front = await startTlsFront(port)
  const closers: (() => unknown)[] = []
  const issuer = await startIssuer({ after: (close) => closers.push(close as () => unknown) }, clock.nowMs)
  const { url, publicKeyHash } = front
  const closeFakes = () =>
    Promise.all([
      ...[upstream.close(), smtp[Symbol.asyncDispose](), stripe.close(), wechat.close(), front.close()],
      ...closers.map((close) => close()),
    ])
  const relay = await startRelay({
    config: configFor({
      url,
      upstream: upstream.baseUrl,
      stripe: stripe.url,
      wechat: wechat.url,
      issuer: issuer.origin,
    }),
    flags: ['--port', String(port)],
    ownKeys: true,
    env: {
      FAKE_KEY: 'sk-none',
      ISSUER_SECRET: clientSecret,
      SMTP_URL: smtp.url,
      PAY_STRIPE: fakes.stripe.secrets.key,
      PAY_HOOK: fakes.stripe.secrets.webhook,
      PAY_MERCHANT: fakes.wechat.pems.merchant,
      PAY_V3: '0123456789abcdef0123456789abcdef',
      PAY_PLATFORM: fakes.wechat.pems.platform,
    },
    startWithinMs,
  }).catch(async (fault: unknown) => {
    // A server left open would keep the whole run from ending.
    await closeFakes()
    throw fault
  })
  const said = (form: RegExp): string => saidBy(relay, form)
  const read = new Set<string>()
  return {
    relay,
    url,
    publicKeyHash,
    issuer,
    adminKey: said(/drover-admin-[\w-]+/),
    setUpLink: said(/https?:\S+\/set-up#[\w-]{43}/),
    linkFor: (mail) =>
      eventually(
        `a letter to ${mail}`,
        () => {
          const letters = smtp.taken.filter(({ to }) => to.includes(mail)).map(textOf)
          const links = letters.flatMap((text) => /https?:\S+#[\w-]{43}/.exec(text)?.[0] ?? [])
          const fresh = links.findLast((link) => !read.has(link))
          if (fresh !== undefined) read.add(fresh)
          return fresh
        },
        letterTimeoutMs,
      ),
    pay: async (method, order) => {
      const fake = fakes[method]
      fake.pay(order)
      const { headers, bytes } = fake.notice(order)
      const told = await fetch(`${relay.url}/payments/notice/${method}`, {
        method: 'POST',
        headers,
        body: Buffer.from(bytes),
      })
      assert.ok(told.status < 300, await told.text())
    },
    close: async () => {
      await relay[Symbol.asyncDispose]()
      await closeFakes()
    },
  }
}
