/**
 * A hostile visitor: names and answers that are programs, pages of strangers that post, frame and lead here, ids of other customers, sessions that are over. On a relay of its own, since
 * what is put into it stays there.
 */

import { strict as assert } from 'node:assert'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { call } from '../../test/e2e/call.ts'
import { adminKey } from '../../test/e2e/harness.ts'
import { whole } from '../../test/fake/answer.ts'
import { enter, openVisit, settled, startBrowser } from './browser.ts'
import { ownPaths, paths } from './paths.ts'
import type { Stage } from './stage.ts'
import { startStage } from './stage.ts'

let stage: Stage
let browser: Browser
before(async () => {
  stage = await startStage()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await stage?.close()
})

/** Would run where it is taken for markup, in a text, an attribute or a script. */
const program = `"'><img src=x onerror="window.taken=1"><script>window.taken=1</script>{{7*7}}`

type Json = Readonly<Record<string, unknown>>

/** What the relay takes; a name that it refuses does no harm. */
const tried = async (path: string, body: Json): Promise<Json | null> => {
  const answer = await call(stage.url, { path: `/api/v1${path}`, key: adminKey, body })
  assert.ok(answer.status < 500, `${path}: ${answer.text}`)
  return answer.status < 300 ? (JSON.parse(answer.text) as Json) : null
}

/** Puts the program into every name and text that anybody may write. */
async function plant(): Promise<number> {
  const name = program.slice(0, 90)
  const made = [
    await tried('/projects', { account: 'acme', name }),
    await tried('/keys', { account: 'acme', name }),
    await tried('/accounts', { name, billing: 'prepaid' }),
    await tried('/plans', { name, rpm: 5 }),
    await tried('/codes', { name, usd: '1.00', count: 1 }),
    await tried('/members/invitations', { account: 'acme', email: `${'"<img>"'}@acme.example`, role: 'viewer' }),
    await tried('/credits', { account: 'acme', usd: '1.00', kind: 'promo', reason: program }),
    await tried('/fapiao/titles/acme', { name, tax_id: '91110108MA01ABCDEF', mail: 'ap@acme.example' }),
    await tried('/invoices/buyers/acme', { name: program, address: program }),
    await tried('/migrations/gpt-to-kimi/pause', { reason: program }),
    await tried('/organisations/rename', { account: 'globex', name }),
  ]
  const order = await stage.ask('/payments', { account: 'acme', usd: '5.00', method: 'manual', currency: 'USD' })
  made.push(await tried(`/payments/${order['id']}/close`, {}))
  const { key } = await stage.ask('/keys', { name: 'hostile-live', account: 'acme' })
  const message = { role: 'assistant', content: program }
  stage.upstream.answer((exchange) => {
    const isRefused = exchange.seen.body.includes('refuse')
    const answer = isRefused
      ? whole({ error: { message: program, type: program, code: program } }, { status: 400 })
      : whole({
          id: 'chatcmpl-1',
          object: 'chat.completion',
          created: 1,
          model: program,
          choices: [{ index: 0, message, finish_reason: 'stop' }],
          usage: { prompt_tokens: 4, completion_tokens: 4, total_tokens: 8 },
        })
    return answer(exchange)
  })
  const say = (content: string, headers: Readonly<Record<string, string>> = {}) =>
    call(stage.url, { key: String(key), body: { model: 'kimi-k2', messages: [{ role: 'user', content }] }, headers })
  await say(program, { 'x-session-id': program, 'x-drover-call-site': program, 'x-drover-tags': `team=${program}` })
  await say(`refuse ${program}`, { 'user-agent': program })
  await call(stage.url, { key: String(key), body: { model: program, messages: [{ role: 'user', content: 'x' }] } })
  return made.filter((one) => one !== null).length
}

const isTaken = (page: Page): Promise<boolean> =>
  page.evaluate(
    () =>
      'taken' in globalThis ||
      document.querySelector('img[src=x]') !== null ||
      document.body.innerHTML.includes('49}}'),
  )

/** Every page, and every call of the log opened, by somebody who is in. */
async function walk(login: Parameters<typeof enter>[1], all: readonly string[]): Promise<void> {
  const visit = await openVisit(browser, stage.url)
  await enter(visit, login)
  const { page, complaints } = visit
  for (const path of all) {
    await page.goto(path)
    await settled(page)
    assert.equal(await isTaken(page), false, path)
  }
  assert.deepEqual(complaints, [], 'not even the policy had to stop anything')
  await visit.context.close()
}

test('names, reasons, tags and answers of models that are programs are shown as texts, on every page', async () => {
  assert.ok((await plant()) >= 5, 'some of it is taken as a name')
  const { data } = (await stage.ask('/calls?limit=3')) as { readonly data: readonly { readonly id: string }[] }
  const calls = data.map(({ id }) => `/requests?call=${id}`)
  const { data: orders } = (await stage.ask('/payments?first=newest&limit=2')) as { readonly data: readonly Json[] }
  const sheets = orders.map(({ id }) => `/orders?order=${id}`)
  await walk({ admin_key: adminKey }, [...paths, ...calls, ...sheets])
  await walk(stage.customer, [...ownPaths, '/', '/keys', '/billing', '/usage', '/requests', ...calls])
})

test('an answer of a model in the playground runs nothing, and what an address says is no program either', async () => {
  const visit = await openVisit(browser, stage.url)
  await enter(visit, { admin_key: adminKey })
  const { page } = visit
  await page.goto('/playground?models=kimi-k2')
  await settled(page)
  await page.locator('textarea').first().fill(program)
  await page.keyboard.press('Control+Enter')
  await page.getByText('window.taken=1', { exact: false }).first().waitFor()
  await settled(page)
  assert.equal(await isTaken(page), false)
  const text = encodeURIComponent(program)
  for (const path of [
    `/requests?model=${text}`,
    `/usage?by=${text}`,
    `/${text}`,
    `/migrations/${text}`,
    `/models?find=${text}`,
  ])
    await page.goto(path).then(() => settled(page))
  assert.equal(await isTaken(page), false)
  assert.deepEqual(visit.complaints, [])
  await visit.context.close()
})

/** A page of a stranger, on another origin, in the same browser. */
async function withStranger(html: string, use: (url: string) => Promise<void>): Promise<void> {
  const server: Server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(`<!doctype html><title>stranger</title>${html}`)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.2', listening))
  try {
    await use(`http://127.0.0.2:${(server.address() as AddressInfo).port}/`)
  } finally {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
}

const signedIn = async (): Promise<BrowserContext> => {
  const visit = await openVisit(browser, stage.url)
  await enter(visit, { admin_key: adminKey })
  return visit.context
}

const keysThere = async (): Promise<number> => ((await stage.ask('/keys?limit=1000'))['data'] as readonly Json[]).length

test('a page of a stranger posts, deletes and reads nothing in the name of whoever is signed in', async () => {
  const before = await keysThere()
  const context = await signedIn()
  const form = `<form id=f method=post enctype="text/plain" action="${stage.url}/api/v1/keys"><input name='{"name":"stolen","x":"' value='"}'></form>
    <form id=g method=post action="${stage.url}/api/v1/session/step-up"><input name=admin_key value="${adminKey}"></form>`
  await withStranger(form, async (url) => {
    const page = await context.newPage()
    await page.goto(url)
    const outcome = await page.evaluate(async (relay) => {
      const told: string[] = []
      const ask = async (path: string, init: RequestInit): Promise<void> => {
        try {
          const answer = await fetch(`${relay}/api/v1${path}`, { credentials: 'include', ...init })
          told.push(`${path} ${answer.type} ${answer.type === 'opaque' ? '' : answer.status}`.trim())
        } catch {
          told.push(`${path} kept away`)
        }
      }
      const body = JSON.stringify({ name: 'stolen' })
      await ask('/keys', { method: 'POST', body, headers: { 'content-type': 'application/json' } })
      await ask('/keys', { method: 'POST', body, headers: { 'content-type': 'text/plain' }, mode: 'no-cors' })
      await ask('/keys', { method: 'GET' })
      await ask('/session', { method: 'DELETE' })
      return told
    }, stage.url)
    assert.deepEqual(outcome, ['/keys kept away', '/keys opaque', '/keys kept away', '/session kept away'])
    for (const id of ['f', 'g']) {
      const own = await context.newPage()
      await own.goto(url)
      await own.evaluate((name) => (document.getElementById(name) as HTMLFormElement).submit(), id)
      await own.waitForURL((to) => to.origin === stage.url)
      assert.match(await own.locator('body').innerText(), /"error"/, id)
      await own.close()
    }
  })
  assert.equal(await keysThere(), before)
  const own = await context.newPage()
  await own.goto('/keys')
  // The session is still there.
  await own.locator('nav').first().waitFor({ state: 'attached' })
  await context.close()
})

test('a request with the cookie that comes from elsewhere, or does not say whence, changes nothing', async () => {
  const context = await signedIn()
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
  const { httpOnly, sameSite } = (await context.cookies())[0] ?? assert.fail('there is a cookie')
  assert.deepEqual([httpOnly, sameSite], [true, 'Lax'])
  const before = await keysThere()
  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://stranger.example' },
    {},
  ]) {
    const body = { name: 'stolen' }
    const answer = await call(stage.url, { path: '/api/v1/keys', key: null, body, headers: { cookie, ...headers } })
    assert.ok(answer.status === 401 || answer.status === 403, `${JSON.stringify(headers)}: ${answer.status}`)
  }
  assert.equal(await keysThere(), before)
  await context.close()
})

test('the console is shown in no frame, and the page that opens it has no hand on it', async () => {
  const context = await signedIn()
  const frame = `<iframe src="${stage.url}/keys" width=800 height=600></iframe><script>window.other = null</script>`
  await withStranger(frame, async (url) => {
    const page = await context.newPage()
    await page.goto(url)
    await page.waitForTimeout(500)
    const inside = page.frames().filter((one) => one !== page.mainFrame())
    for (const one of inside) assert.ok(!(await one.content()).includes('<nav'), one.url())
    const [opened] = await Promise.all([
      context.waitForEvent('page'),
      page.evaluate((relay) => {
        Object.assign(globalThis, { other: window.open(`${relay}/keys`) })
      }, stage.url),
    ])
    await opened.locator('nav').first().waitFor({ state: 'attached' })
    assert.equal(await opened.evaluate(() => window.opener === null), true)
    assert.equal(await page.evaluate(() => (globalThis as unknown as { other: Window }).other.closed), true)
  })
  await context.close()
})

test('no address leads away from the relay', async () => {
  const leading = [
    '//stranger.example',
    '//stranger.example/..',
    '/%2F%2Fstranger.example',
    '/\\stranger.example',
    '/?next=https://stranger.example',
    '/sign-in?return=//stranger.example',
    '/?redirect=javascript:window.taken=1',
    '/.//stranger.example',
  ]
  for (const path of leading) {
    const answer = await fetch(`${stage.url}${path}`, { redirect: 'manual', headers: { accept: 'text/html' } })
    const to = answer.headers.get('location')
    assert.ok(to === null || new URL(to, stage.url).origin === new URL(stage.url).origin, `${path} -> ${to}`)
  }
  const visit = await openVisit(browser, stage.url)
  const { page } = visit
  for (const path of leading.slice(4)) {
    await page.goto(path)
    await settled(page)
    await enter(visit, { admin_key: adminKey })
    await page.reload()
    await settled(page)
    assert.equal(new URL(page.url()).origin, new URL(stage.url).origin, path)
    assert.equal(await isTaken(page), false)
    await visit.context.clearCookies()
  }
  await visit.context.close()
})

test('a customer who puts ids of another into addresses reads and changes nothing of theirs', async () => {
  const ask = async (path: string): Promise<readonly Json[]> => (await stage.ask(path))['data'] as readonly Json[]
  const theirs = (await ask('/accounts?limit=1000')).find(({ name }) => name === 'initech')
  const id = String(theirs?.['id'])
  const key = (await ask('/keys?limit=1000')).find(({ account }) => account === id)
  const order = await stage.ask('/payments', { account: 'initech', usd: '5.00', method: 'manual', currency: 'USD' })
  const budget = await stage.ask('/budgets', { account: 'initech', usd: '5.00', period: 'day' })
  const [callOf] = await ask(`/calls?limit=1&account=${id}`)
  const visit = await openVisit(browser, stage.url)
  await enter(visit, stage.customer)
  const headers = { 'sec-fetch-site': 'same-origin' }
  const reads = [
    `/billing/${id}`,
    '/billing/initech',
    `/usage?account=${id}`,
    `/overview?account=${id}`,
    `/calls?account=${id}`,
    `/calls?key=${key?.['id']}`,
    `/calls/${callOf?.['id']}`,
    `/calls/${callOf?.['id']}/explain`,
    `/payments/${order['id']}`,
    `/payments?account=${id}`,
    `/ledger?account=${id}`,
    `/budgets?account=${id}`,
    `/projects?account=${id}`,
    `/members?account=${id}`,
    `/credentials?account=${id}`,
    `/fapiao/accounts/${id}`,
    `/invoices?account=${id}`,
    `/keys/${key?.['id']}`,
    '/trail',
    '/events',
    '/nodes',
    '/migrations/gpt-to-kimi',
    '/export',
    '/settings',
  ]
  for (const path of reads) {
    const answer = await visit.context.request.get(`/api/v1${path}`, { headers })
    const text = await answer.text()
    assert.ok([400, 403, 404].includes(answer.status()), `${path}: ${answer.status()} ${text.slice(0, 200)}`)
    assert.ok(!text.replaceAll(`'${id}'`, '').replaceAll("'initech'", '').includes('initech-'), path)
  }
  const writes = [
    ['delete', `/keys/${key?.['id']}`, {}],
    ['post', `/keys/${key?.['id']}/rotate`, {}],
    ['post', '/keys', { name: 'theirs', account: id }],
    ['delete', `/budgets/${budget['id']}`, {}],
    ['post', '/budgets', { account: id, usd: '1.00', period: 'day' }],
    ['post', `/payments/${order['id']}/close`, {}],
    ['post', `/payments/${order['id']}/confirm`, { amount: '5.00', currency: 'USD', reference: 'x' }],
    ['post', '/payments', { account: id, usd: '5.00', method: 'manual', currency: 'USD' }],
    ['post', '/members/invitations', { account: id, email: 'eve@stranger.example', role: 'owner' }],
    ['post', '/credits', { account: id, usd: '5.00', kind: 'promo' }],
    ['post', `/accounts/${id}/suspend`, {}],
    ['patch', `/accounts/${id}`, { credit_limit_usd: '5.00' }],
    ['post', '/migrations/gpt-to-kimi/rollback', {}],
  ] as const
  for (const [method, path, data] of writes) {
    const answer = await visit.context.request[method](`/api/v1${path}`, { headers, data })
    assert.ok([400, 403, 404].includes(answer.status()), `${method} ${path}: ${answer.status()} ${await answer.text()}`)
  }
  assert.equal((await stage.ask(`/keys/${key?.['id']}`))['revoked'] ?? null, null)
  await visit.context.close()
})

test('a session that is over is over everywhere: its cookie lets nobody in, and its page shows nothing more', async () => {
  const visit = await openVisit(browser, stage.url)
  await enter(visit, stage.customer)
  const { page, context } = visit
  await page.goto('/billing')
  await settled(page)
  const kept = await context.cookies()
  const answer = await context.request.get('/api/v1/me')
  assert.match(answer.headers()['cache-control'] ?? '', /no-store/)
  const ended = await context.request.delete('/api/v1/session', { headers: { 'sec-fetch-site': 'same-origin' } })
  assert.ok(ended.ok(), await ended.text())
  await context.clearCookies()
  await context.addCookies(kept)
  for (const path of ['/api/v1/me', '/api/v1/keys', '/api/v1/billing/acme']) {
    const again = await context.request.get(path)
    assert.equal(again.status(), 401, path)
  }
  await page.reload()
  await page.locator('input[type=password]').first().waitFor()
  assert.equal(await page.locator('nav').count(), 0)
  await page.goBack().catch(() => null)
  await page.waitForTimeout(300)
  assert.ok(!(await page.locator('body').innerText()).includes('$'), 'what was seen before is not seen again')
  await context.close()
})
