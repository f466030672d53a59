import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { alipayCertificateKeys } from '../fake/alipay-certificates.ts'
import { attacks } from './attack.ts'
import { benches, benchKeys, certificateBenches, openWorld } from './bench.ts'

const page = join(import.meta.dirname, '..', '..', 'docs', 'operate', 'payment-attacks.md')
const keys = benchKeys()
const stages = { ...benches, ...certificateBenches(alipayCertificateKeys()) }
const outcomes = new Map<string, Map<string, string>>()
const note = (attack: string, method: string, outcome: string): void => {
  const row = outcomes.get(attack) ?? new Map<string, string>()
  outcomes.set(attack, row.set(method, outcome))
}

for (const [method, make] of Object.entries(stages))
  test(`${method}: nothing that is done to payments makes a wrong credit`, async (context) => {
    const world = await openWorld(make, { keys })
    after(() => world.store.close())
    for (const attack of attacks)
      await context.test(attack.name, async () => {
        note(attack.name, method, await attack.run(world))
      })
    await context.test('forged notices are refused and leave no trace', async () => {
      const account = await world.account()
      const { id } = await world.open(account)
      world.bench.pay(id)
      const before = await world.store.paymentEvents(id)
      for (const [what, notice] of Object.entries(world.bench.forged(id))) {
        const status = await world.send(notice)
        assert.ok(status >= 400 && status < 500, `${what}: ${status}`)
        note(`a notice ${what}`, method, `refused with ${status}`)
      }
      assert.equal(await world.balance(account), 0n)
      assert.deepEqual(await world.store.paymentEvents(id), before)
    })
    await context.test('and the books are sound', world.sound)
  })

const tableOf = (): string => {
  const methods = Object.keys(stages)
  const rows = [...outcomes].map(
    ([attack, row]) => `| ${attack} | ${methods.map((method) => row.get(method) ?? '–').join(' | ')} |`,
  )
  return `# What attacks on payments come to

Made by test/payment/attacks.test.ts, which runs every one of these against a strict fake of each processor with keys of its own, and
fails where this page says something else. In every row the account has just the credit that was paid for.

| attack | ${methods.join(' | ')} |
|---|${methods.map(() => '---|').join('')}
${rows.join('\n')}
| a body over 64 KiB | ${methods.map(() => 'refused with 413 before it is read').join(' | ')} |
| the method's secret is empty or missing | ${methods.map(() => 'the method does not start').join(' | ')} |
`
}

test('the page of attacks says what they came to', () => {
  if (process.env['DROVER_WRITE_PAGES'] === '1') writeFileSync(page, tableOf())
  assert.equal(readFileSync(page, 'utf8'), tableOf())
})
