// Takes pictures of pages: `shoot.ts URL FOLDER PATH…`; LANGUAGE, THEME and WIDTH from the environment. For looking at them.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { adminKey } from '../../test/e2e/harness.ts'
import type { View } from './browser.ts'
import { openVisit, settled, signInByKey, startBrowser } from './browser.ts'

const [url = 'http://127.0.0.1:4310', folder = '/tmp/shots', ...paths] = process.argv.slice(2)
const view: View = {
  language: process.env['LANGUAGE_OF_PAGES'] === 'zh-CN' ? 'zh-CN' : 'en',
  theme: process.env['THEME'] === 'dark' ? 'dark' : 'light',
  width: Number(process.env['WIDTH'] ?? 1440),
}
mkdirSync(folder, { recursive: true })
const browser = await startBrowser()
const visit = await openVisit(browser, url, view)
await visit.page.goto('/')
await visit.page.getByRole('tab').first().waitFor()
await visit.page.screenshot({ path: join(folder, 'sign-in.png') })
await signInByKey(visit, adminKey).catch(async (fault: unknown) => {
  await visit.page.screenshot({ path: join(folder, 'fault.png') })
  console.error(visit.complaints)
  throw fault
})
for (const path of paths) {
  await visit.page.goto(path)
  await settled(visit.page)
  const name = path === '/' ? 'overview' : path.slice(1).replace(/[^\w-]+/g, '-')
  await visit.page.screenshot({ path: join(folder, `${name}.png`), fullPage: process.env['FULL'] === '1' })
}
for (const complaint of visit.complaints) console.error(complaint)
await browser.close()
