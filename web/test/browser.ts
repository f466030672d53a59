/** A real Chromium on the console, signed in, with what it complains about kept. */

import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { chromium } from 'playwright-core'

export type View = {
  readonly language?: 'en' | 'zh-CN'
  readonly theme?: 'light' | 'dark'
  readonly width?: number
  readonly height?: number
}

export type Visit = {
  readonly page: Page
  readonly context: BrowserContext
  /** Violations of the content security policy and errors of scripts, as the browser said them. */
  readonly complaints: string[]
}

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']

/** Debian's Chromium, or the one that `DROVER_CHROMIUM` names. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = process.env['DROVER_CHROMIUM'] ?? places.find((place) => existsSync(place))
  assert.ok(executablePath !== undefined, 'no Chromium is here: apt-get install chromium, or set DROVER_CHROMIUM')
  const args = [...quiet, '--disable-component-update', '--disable-sync', '--font-render-hinting=none']
  return chromium.launch({ executablePath, args, headless: true })
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
  })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // What the relay refuses is shown on the page; the browser's own line about it is no fault of the page's.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) complaints.push(message.text())
  })
  return { page, context, complaints }
}

/** Signs in by the form, with an admin key. */
export async function signInByKey({ page }: Visit, key: string): Promise<void> {
  await page.goto('/')
  await page.getByRole('tab').nth(1).click()
  await page.locator('input[name=admin_key]').fill(key)
  await page.locator('form button[type=submit]').click()
  await page.locator('nav').first().waitFor({ state: 'attached' })
}

/** Waits until nothing is loading any more. */
export async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor()
  await page.waitForLoadState('networkidle')
  await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' })
}
