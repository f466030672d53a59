/** A signed receipt as its owner gets it, and checks it with the published keys and with the body in hand. */

import { strict as assert } from 'node:assert'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { call } from './call.ts'
import { adminKey, runDrover, startRelay, testKey } from './harness.ts'

type Receipt = { receipt: Record<string, unknown>; signature: { key: string } }

test('a receipt is fetched with the key of its call, proven offline, and refused when a byte of it or of the body is another', async () => {
  await using relay = await startRelay({})
  const { folder: cwd } = relay
  const answer = await call(relay.url, {
    key: testKey,
    body: { model: 'kimi-k2', messages: [{ role: 'user', content: 'one two three' }] },
  })
  const { id } = await relay.recordOf(answer)
  const get = (path: string, key: string | null = testKey) =>
    fetch(`${relay.url}${path}`, key === null ? {} : { headers: { authorization: `Bearer ${key}` } })
  const receipt = (await (await get(`/v1/receipt?id=${id}`)).json()) as Receipt
  assert.equal(receipt.receipt['call'], id)
  assert.equal(receipt.receipt['identical'], true)
  const published = await get('/.well-known/drover-receipt-keys.json', null)
  const keys = await published.text()
  assert.equal(published.status, 200)
  const file = (name: string) => join(cwd, name)
  await writeFile(file('receipt.json'), JSON.stringify(receipt, null, 2))
  await writeFile(file('keys.json'), keys)
  await writeFile(file('body'), answer.bytes)
  await writeFile(file('other'), `${answer.bytes}.`)
  await writeFile(file('forged.json'), JSON.stringify(receipt).replace('"cost_nano_usd":"0"', '"cost_nano_usd":"1"'))
  assert.notEqual(await readFile(file('forged.json'), 'utf8'), JSON.stringify(receipt))
  const withinMs = 90_000
  const offline = { cwd, env: { DROVER_URL: undefined }, withinMs }
  const verify = (...words: string[]) => runDrover(['receipt', 'verify', ...words], offline)
  const good = await verify('receipt.json', '--keys', 'keys.json', '--delivered', 'body')
  assert.deepEqual([good.code, /^genuine: call_/.test(good.stdout)], [0, true], good.stderr)
  const other = await verify('receipt.json', '--keys', 'keys.json', '--delivered', 'other')
  assert.deepEqual([other.code, /NOT GENUINE.*delivered body/.test(other.stdout)], [1, true])
  const forged = await verify('forged.json', '--keys', `${relay.url}/.well-known/drover-receipt-keys.json`)
  assert.deepEqual([forged.code, /NOT GENUINE.*altered/.test(forged.stdout)], [1, true])
  assert.equal((await verify('missing.json', '--keys', 'keys.json')).code, 1)
  assert.equal((await verify()).code, 2)
  const online = { cwd, env: { DROVER_URL: relay.url, DROVER_ADMIN_KEY: adminKey }, withinMs }
  const rotated = await runDrover(['receipt', 'rotate', '--json'], online)
  assert.equal(rotated.code, 0, rotated.stderr)
  const again = await runDrover(['receipt', 'verify', 'receipt.json', '--json'], online)
  assert.deepEqual([again.code, JSON.parse(again.stdout).key], [0, receipt.signature.key])
  const shown = await runDrover(['receipt', 'show', String(id)], online)
  assert.equal(JSON.parse(shown.stdout).signature.key, JSON.parse(rotated.stdout).kid)
})
