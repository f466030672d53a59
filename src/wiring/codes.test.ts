import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOperations } from '#admin/codes.ts'
import type { Operation } from '#admin/operation.ts'
import { openDesk } from './test-desk.ts'

const acme = { account: 'acme' }

test('codes are shown once, redeemed once however they are typed, and give what they say', async (context) => {
  const { run, clock } = await openDesk(context)
  const made = await run('codes create', {
    count: 3,
    usd: '5.00',
    credit_expires: '30d',
    batch: 'spring',
    models: ['kimi-*'],
  })
  const codes = made['codes'] as string[]
  assert.equal(new Set(codes).size, 3)
  for (const code of codes) assert.match(code, /^DRV(-[0-9A-HJKMNP-TV-Z]{4}){4}$/)
  const [first = '', second = ''] = codes
  const typed = ` ${first.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `
  const redeemed = await run('codes redeem', { ...acme, code: typed })
  assert.deepEqual([redeemed['usd'], redeemed['balance_usd'], redeemed['kind']], ['5.00', '5.00', 'promo'])
  const wide = String.fromCodePoint(...[...first].map((sign) => (sign.codePointAt(0) ?? 0) + 0xfee0))
  for (const again of [first, wide, first.replaceAll('-', '\u2013'), `\u200b${first}`])
    await assert.rejects(run('codes redeem', { ...acme, code: again }), { code: 'conflict', message: /works once/ })
  await assert.rejects(run('codes redeem', { ...acme, code: 'DRV-0000' }), { code: 'not_found' })
  await run('codes void', { batch: 'spring' })
  await assert.rejects(run('codes redeem', { ...acme, code: second }), /withdrawn/)
  const [batch] = (await run('codes list'))['data'] as Record<string, unknown>[]
  assert.deepEqual([batch?.['batch'], batch?.['count'], batch?.['redeemed']], ['spring', 3, 1])
  clock.advance(31 * 86_400_000)
  assert.equal((await run('credits balance', acme))['balance_usd'], '0.00')
  assert.equal((await run('ledger verify'))['ok'], true)
  const trail = JSON.stringify(await run('trail list'))
  for (const code of codes) assert.ok(!trail.includes(code))
})

test('codes are printed as CSV that no spreadsheet runs', async (context) => {
  const { run } = await openDesk(context)
  const create = codeOperations.find(({ verb }) => verb === 'create') as unknown as Pick<Required<Operation>, 'render'>
  const print = async (batch: string) => {
    const made = await run('codes create', { count: 1, usd: '5.00', batch })
    const [code = ''] = made['codes'] as string[]
    return create.render(made).replace(code, 'CODE')
  }
  const head = 'code,usd,kind,expires,batch\r\n'
  assert.equal(await print('spring'), `${head}CODE,5.00,promo,,spring\r\n`)
  assert.equal(await print('=HYPERLINK("http://x")'), `${head}CODE,5.00,promo,,"'=HYPERLINK(""http://x"")"\r\n`)
  assert.equal(await print('-2+3'), `${head}CODE,5.00,promo,,'-2+3\r\n`)
})

test('a code that was sold counts as paid, and may lead to another plan', async (context) => {
  const { run } = await openDesk(context)
  await run('plans create', { name: 'free', rpm: 3 })
  await run('plans create', { name: 'pro', rpm: 60, upgrade_at_paid_usd: '10.00' })
  await run('accounts set', { ...acme, plan: 'free' })
  const code = async (kind: string): Promise<string> =>
    ((await run('codes create', { count: 1, usd: '10.00', kind }))['codes'] as string[])[0] ?? ''
  assert.equal((await run('codes redeem', { ...acme, code: await code('promo') }))['upgraded_to'], null)
  assert.equal((await run('codes redeem', { ...acme, code: await code('paid') }))['upgraded_to'], 'pro')
})
