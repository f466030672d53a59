// Takes the pictures of docs/console/ anew: `bin/drover-node web/test/pictures.ts [FOLDER]`. Whoever runs it looks at them.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { adminKey, eventually } from '../../test/e2e/harness.ts'
import type { View, Visit } from './browser.ts'
import { enter, openVisit, settled, startBrowser } from './browser.ts'
import { startStage } from './stage.ts'

const folder = process.argv[2] ?? join(import.meta.dirname, '..', '..', 'docs', 'console')
mkdirSync(folder, { recursive: true })

type Shots = Readonly<Record<string, string>>
type Round = { readonly view: View; readonly as: 'operator' | 'customer' | 'nobody'; readonly shots: Shots }

const desk: View = { language: 'en', theme: 'light', width: 1440 }
const dark: View = { ...desk, theme: 'dark' }
const phone: View = { language: 'zh-CN', theme: 'light', width: 360, height: 780 }

const stage = await startStage()
type Ids = { readonly data: readonly { readonly id: string }[] }
const asked = (await stage.ask('/payments?refund_requested=true')) as Ids
type Calls = { readonly data: readonly { readonly id: string; readonly attempts: readonly unknown[] }[] }
/** It was tried at one provider, and then at another. */
const again = ((await stage.ask('/calls?limit=100')) as Calls).data.find(({ attempts }) => attempts.length > 1)

type Evidence = { readonly arms: { readonly candidate: { readonly conversations: number } } }
/** The migration is looked at when it has evidence. */
await eventually(
  'evidence',
  async () => {
    const { arms } = (await stage.ask('/migrations/gpt-to-kimi')) as Evidence
    return arms.candidate.conversations === 0 ? undefined : true
  },
  120_000,
)

const rounds: readonly Round[] = [
  {
    view: desk,
    as: 'nobody',
    shots: { 'sign-in': '/', 'sign-up': '/sign-up', 'set-up': '/set-up#x', pricing: '/pricing' },
  },
  { view: phone, as: 'nobody', shots: { 'pricing-zh-phone': '/pricing' } },
  {
    view: desk,
    as: 'operator',
    shots: {
      overview: '/',
      quickstart: '/quickstart',
      requests: '/requests',
      request: `/requests?call=${again?.id}`,
      keys: '/keys',
      models: '/models',
      playground: '/playground?models=kimi-k2,gpt-4.1',
      usage: '/usage?by=day&days=7',
      billing: '/billing?account=acme',
      ledger: '/billing?account=acme&tab=ledger',
      orders: '/billing?account=acme&tab=orders',
      documents: '/billing?account=acme&tab=documents',
      fapiao: '/billing?account=acme&tab=fapiao',
      details: '/billing?account=acme&tab=details',
      alerts: '/alerts?account=acme',
      members: '/members?account=acme',
      projects: '/projects?account=acme',
      credentials: '/credentials?account=acme',
      migrations: '/migrations',
      migration: '/migrations/gpt-to-kimi',
      providers: '/providers',
      routing: '/routing',
      rules: '/rules',
      customers: '/customers',
      payments: '/orders',
      payment: `/orders?order=${asked.data[0]?.id}`,
      'payments-documents': '/orders?tab=documents',
      'payments-fapiao': '/orders?tab=fapiao',
      prices: '/prices',
      margins: '/margins',
      trail: '/trail',
      webhooks: '/webhooks',
      configuration: '/configuration?find=limits',
      'configuration-store': '/configuration?tab=store',
      nodes: '/nodes',
    },
  },
  { view: desk, as: 'customer', shots: { settings: '/settings', security: '/security' } },
  {
    view: dark,
    as: 'operator',
    shots: {
      'overview-dark': '/',
      'keys-dark': '/keys',
      'usage-dark': '/usage?by=day&days=7',
      'migration-dark': '/migrations/gpt-to-kimi',
      'providers-dark': '/providers',
      'routing-dark': '/routing',
    },
  },
  {
    view: phone,
    as: 'operator',
    shots: {
      'overview-zh-phone': '/',
      'requests-zh-phone': '/requests',
      'keys-zh-phone': '/keys',
      'usage-zh-phone': '/usage?by=day&days=7',
      'billing-zh-phone': '/billing?account=acme',
    },
  },
  {
    view: { ...phone, theme: 'dark' },
    as: 'operator',
    shots: {
      'overview-zh-dark-phone': '/',
      'request-zh-dark-phone': `/requests?call=${again?.id}`,
      'models-zh-dark-phone': '/models',
      'migration-zh-dark-phone': '/migrations/gpt-to-kimi',
      'payments-zh-dark-phone': '/orders',
    },
  },
  { view: { ...phone, theme: 'dark' }, as: 'customer', shots: { 'security-zh-dark-phone': '/security' } },
]

const browser = await startBrowser()

async function signIn(visit: Visit, as: Round['as']): Promise<void> {
  if (as === 'operator') await enter(visit, { admin_key: adminKey })
  if (as === 'customer') await enter(visit, stage.customer)
}

for (const { view, as, shots } of rounds) {
  const visit = await openVisit(browser, stage.url, view)
  await signIn(visit, as)
  for (const [name, path] of Object.entries(shots)) {
    await visit.page.goto(path)
    await settled(visit.page)
    await visit.page.screenshot({ path: join(folder, `${name}.png`) })
    console.log(name)
  }
  for (const complaint of visit.complaints) console.error(complaint)
  await visit.context.close()
}
await browser.close()
await stage.close()
