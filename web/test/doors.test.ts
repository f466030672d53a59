/** The doors: every form is filled in and sent, every letter is read where it arrives, and a new customer comes as far as an invoice. */

import { strict as assert } from 'node:assert'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { call } from '../../test/e2e/call.ts'
import { eventually } from '../../test/e2e/harness.ts'
import type { Shop } from '../../test/e2e/shop.ts'
import { startShop } from '../../test/e2e/shop.ts'
import type { View, Visit } from './browser.ts'
import { openVisit, settled, startBrowser } from './browser.ts'

let shop: Shop
let browser: Browser
before(async () => {
  shop = await startShop()
  browser = await startBrowser(shop.publicKeyHash)
})
after(async () => {
  await browser?.close()
  await shop?.close()
})

const visit = (view: View = {}): Promise<Visit> => openVisit(browser, shop.url, view)

/** Ends the visit; nothing of it may have broken the policy or thrown. */
async function left({ context, complaints }: Visit): Promise<void> {
  assert.deepEqual(complaints, [])
  await context.close()
}

const password = 'correct horse battery'

/** Fills in the fields of the form by their names, and sends it. */
async function send(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) await page.locator(`input[name=${name}]`).fill(value)
  await page.locator('form button[type=submit]').click()
}

const inside = (page: Page): Promise<void> => page.locator('nav').first().waitFor({ state: 'attached' })

/** Who is signed in, as the relay says. */
const session = (page: Page): Promise<Readonly<Record<string, unknown>>> =>
  page.evaluate(async () => (await fetch('/api/v1/session')).json())

test('the link of the first start makes an owner, once', async () => {
  const door = await visit()
  await door.page.goto(shop.setUpLink)
  await send(door.page, { name: 'Ada', email: 'ada@example.com', password: 'short' })
  await door.page.getByRole('alert').waitFor()
  await send(door.page, { password })
  await inside(door.page)
  const { role, operator } = await session(door.page)
  assert.deepEqual([role, operator], ['owner', true])
  await left(door)
  const late = await visit()
  await late.page.goto(shop.setUpLink)
  await send(late.page, { name: 'Eve', email: 'eve@example.com', password })
  await late.page.getByRole('alert').getByText('link', { exact: false }).waitFor()
  await left(late)
})

/** What the buttons of the way are called. */
const words = {
  en: {
    signUp: 'Create an account',
    begins: 'You begin with $5.00 of credit.',
    mailed: 'Look into your mail: a link leads on from there.',
    create: 'Create key',
    done: 'Done',
    topUp: 'Top up',
    how: 'How it is paid',
    order: 'Order',
    paid: 'Paid. The credit is yours.',
    documents: 'Invoices and statements',
    close: 'Close',
    details: 'Details',
    save: 'Save',
    saved: 'Saved.',
  },
  'zh-CN': {
    signUp: '创建账户',
    begins: '注册即得 $5.00 额度。',
    mailed: '请查看邮件，通过其中的链接继续。',
    create: '创建密钥',
    done: '完成',
    topUp: '充值',
    how: '支付方式',
    order: '下单',
    paid: '已付款，额度已到账。',
    documents: '发票与账单',
    close: '关闭',
    details: '资料',
    save: '保存',
    saved: '已保存。',
  },
} as const

type Way = {
  readonly language: keyof typeof words
  readonly width: number
  readonly mail: string
  readonly organisation: string
  /** By which credit is bought, and what its payer is shown. */
  readonly method: 'stripe' | 'wechat'
  readonly shows: string
}

const ways: readonly Way[] = [
  {
    language: 'en',
    width: 1440,
    mail: 'ana@globex.example',
    organisation: 'Globex',
    method: 'stripe',
    shows: 'a[href^="https://checkout.stripe.com/"]',
  },
  {
    language: 'zh-CN',
    width: 360,
    mail: 'lan@shanhai.example',
    organisation: '山海科技',
    method: 'wechat',
    shows: 'img.qr',
  },
]

/** Signs up by the form and by the letter. */
async function signUp(page: Page, { language, mail, organisation }: Way): Promise<void> {
  const say = words[language]
  await page.goto('/')
  await page.getByRole('link', { name: say.signUp }).click()
  await page.getByText(say.begins).waitFor()
  await send(page, { organisation, name: 'Ana', email: mail, password })
  await page.getByText(say.mailed).waitFor()
  await page.goto(await shop.linkFor(mail))
  await send(page, {})
  await inside(page)
}

/** Makes a key by the form; gives it. */
async function makeKey(page: Page, { language }: Way): Promise<string> {
  const say = words[language]
  await page.goto('/keys')
  await page.getByRole('button', { name: say.create }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.locator('input[name=name]').fill('first')
  await dialog.getByRole('button', { name: say.create }).click()
  const key = await page.locator('.secret .grow').textContent()
  await dialog.getByRole('button', { name: say.done }).click()
  return key ?? ''
}

/** What the account has, in nano-USD. */
async function balanceOf(page: Page): Promise<bigint> {
  const { account } = await session(page)
  const billing = await page.evaluate(async (id) => (await fetch(`/api/v1/billing/${id}`)).json(), account)
  return BigInt(billing.balance.balance_nano_usd)
}

/** Orders $20 of credit, pays it at the processor, and waits until the page says that it is there. */
async function topUp(
  page: Page,
  { language, method, shows }: Way,
  besides: () => Promise<void> = async () => {},
): Promise<void> {
  const say = words[language]
  await page.goto('/billing')
  await page.getByRole('button', { name: say.topUp }).click()
  await page.getByLabel(say.how).selectOption(method)
  await besides()
  const [answer] = await Promise.all([
    page.waitForResponse((one) => one.url().endsWith('/api/v1/payments') && one.request().method() === 'POST'),
    page.getByRole('button', { name: say.order }).click(),
  ])
  await page.getByRole('dialog').locator(shows).waitFor()
  await shop.pay(method, (await answer.json()).id)
  await page.getByText(say.paid).waitFor()
  await page.getByRole('button', { name: say.close }).click()
}

/** The newest document as it is downloaded. */
async function invoice(page: Page, { language }: Way): Promise<Buffer> {
  const number = page.locator('td a[download]').first()
  await eventually(
    'the invoice',
    async () => {
      await page.goto('/billing')
      await page.getByRole('tab', { name: words[language].documents }).click()
      await settled(page)
      return (await number.count()) > 0 ? true : undefined
    },
    30_000,
  )
  const [download] = await Promise.all([page.waitForEvent('download'), number.click()])
  return readFile(await download.path())
}

/** Says who the next documents are made out to. */
async function sayBuyer(page: Page, { language, organisation }: Way): Promise<void> {
  await page.getByRole('tab', { name: words[language].details }).click()
  await page.locator('input[name=name]').fill(organisation)
  await page.locator('input[name=tax_id]').fill('91110108MA01ABCD2X')
  await page.getByRole('button', { name: words[language].save }).click()
  await page.getByText(words[language].saved).waitFor()
  const { account } = await session(page)
  const billing = await page.evaluate(async (id) => (await fetch(`/api/v1/billing/${id}`)).json(), account)
  assert.deepEqual([billing.buyer.name, billing.buyer.tax_id], [organisation, '91110108MA01ABCD2X'])
}

describe('a new customer', () => {
  for (const way of ways)
    test(`signs up, has free credit, a key, a first call, buys credit and has an invoice: ${way.language}, ${way.width} px`, async () => {
      const customer = await visit(way)
      const { page } = customer
      await signUp(page, way)
      const { role, operator } = await session(page)
      assert.deepEqual([role, operator], ['owner', false])
      assert.equal(await balanceOf(page), 5_000_000_000n)
      const key = await makeKey(page, way)
      const answer = await call(shop.relay.url, {
        key,
        body: { model: 'kimi-k2', messages: [{ role: 'user', content: 'hello' }] },
      })
      assert.equal(answer.status, 200, answer.text)
      // Live: a store that nodes share hears of a call a moment after it was answered.
      await page.goto('/requests?live=1')
      await page.getByRole('button', { name: String(answer.headers['x-request-id']) }).waitFor()
      // 1,000 tokens in at 1.00, 500 out at 2.00 a million.
      await eventually('the charge', async () => ((await balanceOf(page)) === 4_998_000_000n ? true : undefined))
      await topUp(page, way)
      assert.equal(await balanceOf(page), 24_998_000_000n)
      assert.match((await invoice(page, way)).toString('latin1'), /^%PDF-[\s\S]*%%EOF/)
      await sayBuyer(page, way)
      const over = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
      assert.ok(Number(over) <= 0, 'wider than the window')
      await left(customer)
    })
})

test('a card is kept with a payment, and it is said when it is charged by itself, and how much at most', async () => {
  const [way] = ways
  assert.ok(way !== undefined)
  const customer = await visit()
  const { page } = customer
  await page.goto('/')
  await send(page, { email: way.mail, password })
  await inside(page)
  await topUp(page, way, async () => page.getByLabel('Keep the card for automatic top-up').check())
  await page.goto('/billing?tab=details')
  await page.getByText('Card ending in 4242').waitFor()
  await page.getByLabel('When less is left than, USD').fill('10.00')
  await page.getByLabel('Buy each time, USD').fill('35.00')
  await page.getByLabel('At most a month, USD').fill('20.00')
  await page.getByRole('button', { name: 'Switch on' }).click()
  await page.getByRole('alert').getByText('must be at least what one charge buys', { exact: false }).waitFor()
  await page.getByLabel('At most a month, USD').fill('70.00')
  await page.getByRole('button', { name: 'Switch on' }).click()
  await page.getByRole('button', { name: 'Switch off' }).waitFor()
  const { account } = await session(page)
  const kept = await page.evaluate(async (id) => (await fetch(`/api/v1/payments/auto/${id}`)).json(), account)
  assert.deepEqual([kept.on, kept.below_usd, kept.usd, kept.month_max_usd], [true, '10.00', '35.00', '70.00'])
  await page.getByRole('button', { name: 'Switch off' }).click()
  await page.getByRole('button', { name: 'Switch on' }).waitFor()
  await left(customer)
})

test('who is invited joins by the form, with the role of the invitation', async () => {
  const invited = { account: 'Globex', email: 'bo@globex.example', role: 'viewer' }
  const asked = await call(shop.relay.url, { path: '/api/v1/members/invitations', key: shop.adminKey, body: invited })
  assert.equal(asked.status, 200, asked.text)
  const link = await shop.linkFor(invited.email)
  const guest = await visit()
  await guest.page.goto(link)
  await guest.page.getByRole('heading', { name: 'Join Globex' }).waitFor()
  await guest.page.getByText('bo@globex.example is invited as viewer.').waitFor()
  await send(guest.page, { name: 'Bo', password })
  await inside(guest.page)
  const { role, operator } = await session(guest.page)
  assert.deepEqual([role, operator], ['viewer', false])
  await left(guest)
  const again = await visit()
  await again.page.goto(link)
  await again.page.getByRole('alert').waitFor()
  await left(again)
})

test('a forgotten password is replaced by the link of the letter, and only the new one lets in', async () => {
  const [mail, next] = ['bo@globex.example', 'staple horse correct']
  const lost = await visit()
  const { page } = lost
  await page.goto('/')
  await page.getByRole('link', { name: 'Forgot the password?' }).click()
  await send(page, { email: mail })
  await page.getByText('Look into your mail: a link leads on from there.').waitFor()
  await page.goto(await shop.linkFor(mail))
  await send(page, { password: next })
  await page.getByText(`Saved. Every session was ended: sign in with ${mail}.`).waitFor()
  await page.getByRole('link', { name: 'Sign in' }).click()
  await send(page, { email: mail, password })
  await page.getByRole('alert').waitFor()
  await send(page, { email: mail, password: next })
  await inside(page)
  await left(lost)
})

test('a new mail address is proven by its own letter, and signs in from then on', async () => {
  const person = await visit()
  const { page } = person
  await page.goto('/')
  await send(page, { email: 'ana@globex.example', password })
  await inside(page)
  const changed = await page.evaluate(async (secret) => {
    const post = (path: string, body: object, method = 'POST') =>
      fetch(`/api/v1${path}`, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    await post('/session/step-up', { action: 'me change-email', password: secret })
    return (await post('/me/email', { email: 'ana@new.example' })).status
  }, password)
  assert.equal(changed, 200)
  await page.goto(await shop.linkFor('ana@new.example'))
  await send(page, {})
  await page.getByText('You sign in with ana@new.example from now on.').waitFor()
  const anew = await visit()
  await anew.page.goto('/')
  await send(anew.page, { email: 'ana@new.example', password })
  await inside(anew.page)
  await left(anew)
  await left(person)
})

describe('an issuer of OpenID Connect', () => {
  /** As far as the issuer's own page. */
  const atIssuer = async (): Promise<Visit> => {
    const door = await visit()
    await door.page.goto('/')
    await door.page.getByRole('button', { name: 'Continue with Works' }).click()
    await door.page.getByRole('heading', { name: 'Who are you?' }).waitFor()
    return door
  }
  const isMe = (page: Page): Promise<void> => page.getByRole('link', { name: 'It is me' }).click()

  test('whoever it vouches for has an account of their own, and comes back as the same person', async () => {
    shop.issuer.is({ sub: 'eli', email: 'eli@works.example', email_verified: true })
    const people: unknown[] = []
    for (let turn = 0; turn < 2; turn += 1) {
      const door = await atIssuer()
      await isMe(door.page)
      await inside(door.page)
      const told = await session(door.page)
      assert.deepEqual([told['role'], told['operator'], told['method']], ['owner', false, 'oidc'])
      people.push(told['person'])
      await left(door)
    }
    assert.deepEqual(people[0], people[1])
  })

  test('who gives up there, is lured to the end of another’s sign-in, or comes with a token of another key, is not in', async () => {
    const gone = await atIssuer()
    await gone.page.getByRole('link', { name: 'Go back' }).click()
    await gone.page.getByText('The sign-in was given up there: access_denied.').waitFor()
    await left(gone)
    const theirs = await atIssuer()
    const end = await theirs.page.getByRole('link', { name: 'It is me' }).getAttribute('href')
    await left(theirs)
    const lured = await visit()
    await lured.page.goto(end ?? '')
    await lured.page.getByText('This sign-in was not begun in this tab').waitFor()
    await left(lured)
    shop.issuer.lies({ signs: 'another key' })
    const lied = await atIssuer()
    await isMe(lied.page)
    await lied.page.getByRole('alert').waitFor()
    assert.equal(await lied.page.evaluate("fetch('/api/v1/session').then(({ status }) => status)"), 401)
    shop.issuer.lies({})
    await left(lied)
  })
})
