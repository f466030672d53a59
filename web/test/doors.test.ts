/** The doors: every form is filled in and sent, every letter is read where it arrives, and a new customer comes as far as an invoice. */

import { strict as assert } from 'node:assert'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { call } from '../../test/e2e/call.ts'
import { eventually } from '../../test/e2e/harness.ts'
import type { Shop } from '../../test/e2e/shop.ts'
import { startShop } from '../../test/e2e/shop.ts'
import { texts as billing } from '../pages/billing/texts.ts'
import { texts as doors, signInTexts } from '../pages/door/texts.ts'
import { texts as keys } from '../pages/keys/texts.ts'
import { texts as security } from '../pages/security/texts.ts'
import { roles } from '../parts/roles.ts'
import { accessRefusalWords } from '../parts/said/access-refusal-words.ts'
import { moneyRefusalWords } from '../parts/said/money-refusal-words.ts'
import { dialogTexts } from '../parts/texts.ts'
import type { Visit } from './browser.ts'
import { openVisit, settled, startBrowser } from './browser.ts'
import { viewOf } from './view.ts'
import { assertWell, button, dialog, fill, inside, open, prove } from './visits.ts'

const view = viewOf('en light 1440')
const otherView = viewOf('zh-CN light 360')

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

const visit = (shown = view): Promise<Visit> => openVisit(browser, shop.url, shown)

const password = 'correct horse battery'

/** Fills in the fields of the form by their names, and sends it. */
async function send(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) await page.locator(`input[name=${name}]`).fill(value)
  await page.locator('form button[type=submit]').click()
}

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
  await assertWell(door)
  const late = await visit()
  await late.page.goto(shop.setUpLink)
  await send(late.page, { name: 'Eve', email: 'eve@example.com', password })
  await late.page.getByRole('alert').getByText(late.say(accessRefusalWords.set_up_over)).waitFor()
  await assertWell(late)
})

/** How credit is bought, and what its payer is shown. */
const ways = [
  {
    shown: view,
    mail: 'ana@globex.example',
    organisation: 'Globex',
    method: 'stripe',
    shows: 'a[href^="https://checkout.stripe.com/"]',
  },
  { shown: otherView, mail: 'lan@shanhai.example', organisation: '山海科技', method: 'wechat', shows: 'img.qr' },
] as const
type Way = (typeof ways)[number]

/** Signs up by the form and by the letter. */
async function signUp({ page, say }: Visit, { mail, organisation }: Way): Promise<void> {
  await page.goto('/')
  await page.getByRole('link', { name: say(signInTexts.account) }).click()
  await page.getByText(say(doors.credit, { amount: '$5.00' })).waitFor()
  await send(page, { organisation, name: 'Ana', email: mail, password })
  await page.getByText(say(doors.mailSent)).waitFor()
  await page.goto(await shop.linkFor(mail))
  await send(page, {})
  await inside(page)
}

/** Makes a key by the form; gives it. */
async function makeKey({ page, say }: Visit): Promise<string> {
  await page.goto('/keys')
  await button(page, say(keys.create)).first().click()
  const form = dialog(page, say(keys.createTitle))
  await fill(form, { name: 'first' })
  await button(form, say(keys.create)).click()
  const key = await page.locator('.secret .grow').textContent()
  await button(page, say(keys.done)).click()
  return key ?? ''
}

/** What the account has, in nano-USD. */
async function balanceOf(page: Page): Promise<bigint> {
  const { account } = await session(page)
  const billed = await page.evaluate(async (id) => (await fetch(`/api/v1/billing/${id}`)).json(), account)
  return BigInt(billed.balance.balance_nano_usd)
}

/** Orders $20 of credit, pays it at the processor, and waits until the page says that it is there. */
async function topUp(
  { page, say }: Visit,
  { method, shows }: Way,
  besides: () => Promise<void> = async () => {},
): Promise<void> {
  await page.goto('/billing')
  await button(page, say(billing.topUp)).click()
  await page.getByLabel(say(billing.method)).selectOption(method)
  await besides()
  const [answer] = await Promise.all([
    page.waitForResponse((one) => one.url().endsWith('/api/v1/payments') && one.request().method() === 'POST'),
    button(page, say(billing.order)).click(),
  ])
  await page.getByRole('dialog').locator(shows).waitFor()
  await shop.pay(method, (await answer.json()).id)
  await page.getByText(say(billing.credited)).waitFor()
  await button(page, say(dialogTexts.close)).click()
}

/** The newest document as it is downloaded. */
async function invoice({ page, say }: Visit): Promise<Buffer> {
  const number = page.locator('td a[download]').first()
  await eventually(
    'the invoice',
    async () => {
      await page.goto('/billing')
      await page.getByRole('tab', { name: say(billing.documents) }).click()
      await settled(page)
      return (await number.count()) > 0 ? true : undefined
    },
    30_000,
  )
  const [download] = await Promise.all([page.waitForEvent('download'), number.click()])
  return readFile(await download.path())
}

/** Says who the next documents are made out to. */
async function sayBuyer({ page, say }: Visit, { organisation }: Way): Promise<void> {
  await page.getByRole('tab', { name: say(billing.details), exact: true }).click()
  await fill(page, { name: organisation, tax_id: '91110108MA01ABCD2X' })
  await button(page, say(billing.save)).click()
  await page.getByText(say(billing.saved), { exact: true }).waitFor()
  const { account } = await session(page)
  const billed = await page.evaluate(async (id) => (await fetch(`/api/v1/billing/${id}`)).json(), account)
  assert.deepEqual([billed.buyer.name, billed.buyer.tax_id], [organisation, '91110108MA01ABCD2X'])
}

describe('a new customer', () => {
  for (const way of ways)
    test(`signs up, has free credit, a key, a first call, buys credit and has an invoice: by ${way.method}`, async () => {
      const customer = await visit(way.shown)
      const { page } = customer
      await signUp(customer, way)
      const { role, operator } = await session(page)
      assert.deepEqual([role, operator], ['owner', false])
      assert.equal(await balanceOf(page), 5_000_000_000n)
      const key = await makeKey(customer)
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
      await topUp(customer, way)
      assert.equal(await balanceOf(page), 24_998_000_000n)
      assert.match((await invoice(customer)).toString('latin1'), /^%PDF-[\s\S]*%%EOF/)
      await sayBuyer(customer, way)
      await assertWell(customer)
    })
})

test('a card is kept with a payment, and it is said when it is charged by itself, and how much at most', async () => {
  const [way] = ways
  assert.ok(way !== undefined)
  const customer = await visit()
  const { page, say } = customer
  await page.goto('/')
  await send(page, { email: way.mail, password })
  await inside(page)
  await topUp(customer, way, async () => page.getByLabel(say(billing.keepCard)).check())
  await page.goto('/billing?tab=details')
  await page.getByText(say(billing.autoCard, { card: '4242' })).waitFor()
  await page.getByLabel(say(billing.below)).fill('10.00')
  await page.getByLabel(say(billing.each)).fill('35.00')
  await page.getByLabel(say(billing.monthMax)).fill('20.00')
  await button(page, say(billing.switchOn)).click()
  await page.getByRole('alert').getByText(say(moneyRefusalWords.month_max_low)).waitFor()
  await page.getByLabel(say(billing.monthMax)).fill('70.00')
  await button(page, say(billing.switchOn)).click()
  await button(page, say(billing.switchOff)).waitFor()
  const { account } = await session(page)
  const kept = await page.evaluate(async (id) => (await fetch(`/api/v1/payments/auto/${id}`)).json(), account)
  assert.deepEqual([kept.on, kept.below_usd, kept.usd, kept.month_max_usd], [true, '10.00', '35.00', '70.00'])
  await button(page, say(billing.switchOff)).click()
  await button(page, say(billing.switchOn)).waitFor()
  await assertWell(customer)
})

test('who is invited joins by the form, with the role of the invitation', async () => {
  const invited = { account: 'Globex', email: 'bo@globex.example', role: 'viewer' }
  const asked = await call(shop.relay.url, { path: '/api/v1/members/invitations', key: shop.adminKey, body: invited })
  assert.equal(asked.status, 200, asked.text)
  const link = await shop.linkFor(invited.email)
  const guest = await visit()
  const { say } = guest
  await guest.page.goto(link)
  await guest.page.getByRole('heading', { name: say(doors.invitation, { organisation: 'Globex' }) }).waitFor()
  await guest.page.getByText(say(doors.invited, { email: invited.email, role: say(roles.viewer) })).waitFor()
  await send(guest.page, { name: 'Bo', password })
  await inside(guest.page)
  const { role, operator } = await session(guest.page)
  assert.deepEqual([role, operator], ['viewer', false])
  await assertWell(guest)
  const again = await visit()
  await again.page.goto(link)
  await again.page.getByRole('alert').waitFor()
  await assertWell(again)
})

test('a forgotten password is replaced by the link of the letter, and only the new one lets in', async () => {
  const [mail, next] = ['bo@globex.example', 'staple horse correct']
  const lost = await visit()
  const { page, say } = lost
  await page.goto('/')
  await page.getByRole('link', { name: say(signInTexts.forgotten) }).click()
  await send(page, { email: mail })
  await page.getByText(say(doors.mailSent)).waitFor()
  await page.goto(await shop.linkFor(mail))
  await send(page, { password: next })
  await page.getByText(say(doors.resetDone, { email: mail })).waitFor()
  await page.getByRole('link', { name: say(doors.signIn) }).click()
  await send(page, { email: mail, password })
  await page.getByRole('alert').waitFor()
  await send(page, { email: mail, password: next })
  await inside(page)
  await assertWell(lost)
})

test('a new mail address is proven by its own letter, and signs in from then on', async () => {
  const person = await visit()
  const { page, say } = person
  await page.goto('/')
  await send(page, { email: 'ana@globex.example', password })
  await inside(page)
  await open(person, '/security')
  await button(page, say(security.emailTitle)).click()
  await fill(dialog(page, say(security.emailTitle)), { email: 'ana@new.example' })
  await button(page, say(security.emailSend)).click()
  await prove(person, { password })
  await page.getByText(say(security.emailSent, { email: 'ana@new.example' })).waitFor()
  await page.goto(await shop.linkFor('ana@new.example'))
  await send(page, {})
  await page.getByText(say(doors.mailChanged, { email: 'ana@new.example' })).waitFor()
  const anew = await visit()
  await anew.page.goto('/')
  await send(anew.page, { email: 'ana@new.example', password })
  await inside(anew.page)
  await assertWell(anew)
  await assertWell(person)
})

describe('an issuer of OpenID Connect', () => {
  /** As far as the issuer's own page. */
  const atIssuer = async (): Promise<Visit> => {
    const door = await visit()
    await door.page.goto('/')
    await door.page.getByRole('button', { name: door.say(signInTexts.issuer, { title: 'Works' }) }).click()
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
      await assertWell(door)
    }
    assert.deepEqual(people[0], people[1])
  })

  test('who gives up there, is lured to the end of another’s sign-in, or comes with a token of another key, is not in', async () => {
    const gone = await atIssuer()
    await gone.page.getByRole('link', { name: 'Go back' }).click()
    await gone.page.getByText(gone.say(doors.oidcRefused, { why: 'access_denied' })).waitFor()
    await assertWell(gone)
    const theirs = await atIssuer()
    const end = await theirs.page.getByRole('link', { name: 'It is me' }).getAttribute('href')
    await assertWell(theirs)
    const lured = await visit()
    await lured.page.goto(end ?? '')
    await lured.page.getByText(lured.say(doors.oidcGone)).waitFor()
    await assertWell(lured)
    shop.issuer.lies({ signs: 'another key' })
    const lied = await atIssuer()
    await isMe(lied.page)
    await lied.page.getByRole('alert').waitFor()
    assert.equal(await lied.page.evaluate("fetch('/api/v1/session').then(({ status }) => status)"), 401)
    shop.issuer.lies({})
    await assertWell(lied)
  })
})
