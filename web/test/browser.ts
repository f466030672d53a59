/** A real Chromium on the console, signed in, with what it complains about kept. */

import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'
import type { Browser, BrowserContext, Page, Request } from 'playwright-core'
import { chromium } from 'playwright-core'
import type { Given, Word } from '../parts/words.ts'
import { sayWord } from '../parts/words.ts'

export type View = {
  readonly language?: 'en' | 'zh-CN'
  readonly theme?: 'light' | 'dark'
  readonly width?: number
  readonly height?: number
}

/** A word of the console in the language of the visit: what a person reads there. */
export type Speaker = <const W extends Word>(word: W, ...given: Given<W>) => string

export type Visit = {
  readonly page: Page
  readonly context: BrowserContext
  readonly say: Speaker
  /** Violations of the content security policy, errors of scripts, and what was wider than its place, as the browser said them. */
  readonly complaints: string[]
}

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']

/**
 * Debian's Chromium, or the one that `DROVER_CHROMIUM` names. `publicKeyHash`: of a certificate that it trusts; what comes with one that it does not
 * trust it reads anew on every page.
 */
export async function startBrowser(publicKeyHash?: string): Promise<Browser> {
  const executablePath = process.env['DROVER_CHROMIUM'] ?? places.find((place) => existsSync(place))
  assert.ok(executablePath !== undefined, 'no Chromium is here: apt-get install chromium, or set DROVER_CHROMIUM')
  const trust = publicKeyHash === undefined ? [] : [`--ignore-certificate-errors-spki-list=${publicKeyHash}`]
  const args = [...quiet, ...trust, '--disable-component-update', '--disable-sync', '--font-render-hinting=none']
  return chromium.launch({ executablePath, args, headless: true })
}

/** Requests of a page that have no answer yet. */
const underWay = new WeakMap<Page, Set<Request>>()

function watchRequests(page: Page): void {
  const requests = new Set<Request>()
  underWay.set(page, requests)
  page.on('request', (request) => {
    // What the page before was waiting for is nobody's any more.
    if (request.isNavigationRequest() && request.frame() === page.mainFrame()) requests.clear()
    requests.add(request)
  })
  page.on('requestfinished', (request) => requests.delete(request))
  page.on('requestfailed', (request) => requests.delete(request))
}

/** Runs in the browser, before the page: what is wider than the window, or than the dialog it is in, is said as an error. */
const watchWidths = (): void => {
  const [afterMs, againMs] = [40, 120]
  let timer: ReturnType<typeof setTimeout> | undefined
  const wide = (): string =>
    [document.documentElement, ...document.querySelectorAll('dialog[open]')]
      .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
      .map((one) => `${one.localName} by ${one.scrollWidth - one.clientWidth} px`)
      .join(', ')
  const look = (before: string): void => {
    const now = wide()
    // What moves in is wide for a moment.
    if (now !== '' && now === before) console.error(`wider than its place: ${now} on ${location.pathname}`)
    else if (now !== before) timer = setTimeout(look, againMs, now)
  }
  new MutationObserver(() => {
    clearTimeout(timer)
    timer = setTimeout(look, afterMs, '')
  }).observe(document, { subtree: true, childList: true, attributes: true })
}

/** A fresh browser window on the relay. The policy's violations and errors of scripts are kept from the first page on. */
export async function openVisit(browser: Browser, url: string, view: View = {}): Promise<Visit> {
  const { language = 'en', theme = 'light', width = 1440, height = 900 } = view
  const context = await browser.newContext({
    baseURL: url,
    locale: language,
    colorScheme: theme,
    timezoneId: 'Asia/Shanghai',
    viewport: { width, height },
    permissions: ['clipboard-read', 'clipboard-write'],
    reducedMotion: 'reduce',
    // Relays of tests certify themselves.
    ignoreHTTPSErrors: true,
  })
  await context.addInitScript(watchWidths)
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  watchRequests(page)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // What the relay refuses is shown on the page; the browser's own line about it is no fault of the page's.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) complaints.push(message.text())
  })
  const say: Speaker = (word, ...given) => sayWord(word, language, given[0])
  return { page, context, say, complaints }
}

export type Login = { readonly email: string; readonly password: string }

/** Signed in by what the form sends, without the form: its cookie is the browser's. Who comes in by the doors is tested where they are. */
export async function enter({ context }: Visit, credentials: Login | { readonly admin_key: string }): Promise<void> {
  const headers = { 'sec-fetch-site': 'same-origin' }
  const answer = await context.request.post('/api/v1/session', { data: credentials, headers })
  assert.ok(answer.ok(), await answer.text())
}

/** Signs in by the form, with an admin key. */
export async function signInByKey({ page }: Visit, key: string): Promise<void> {
  await page.goto('/')
  await page.getByRole('tab').nth(1).click()
  await page.locator('input[name=admin_key]').fill(key)
  await page.locator('form button[type=submit]').click()
  await page.locator('nav').first().waitFor({ state: 'attached' })
}

const everyMs = 15
/** So often in a row nothing may be under way: an answer may lead to the next question. */
const quietTimes = 4
const settledTimeoutMs = 15_000

/** Waits until the page has its heading, waits for no answer any more, and shows nothing in the place of one. */
export async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor()
  const until = performance.now() + settledTimeoutMs
  for (let quiet = 0; quiet < quietTimes; ) {
    assert.ok(performance.now() < until, `${page.url()} is still loading`)
    const isQuiet = underWay.get(page)?.size === 0 && (await page.locator('[aria-busy=true]').count()) === 0
    quiet = isQuiet ? quiet + 1 : 0
    await page.waitForTimeout(everyMs)
  }
}
