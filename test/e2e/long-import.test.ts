import { strict as assert } from 'node:assert'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { Bench } from './bench.ts'
import { startBench } from './bench.ts'
import { call } from './call.ts'
import { models, provenOk, sold } from './customer.ts'
import { adminKey, makeFolder, removeFolder, runDrover } from './harness.ts'

const oneKey = 'K'.repeat(48)
const liteKey = 'sk-litellm-key-of-somebody-0123456789'

describe('taking over from other relays', () => {
  let bench: Bench
  let folder: string
  before(async () => {
    bench = await startBench({ config: models })
    folder = await makeFolder()
  })
  after(async () => {
    await bench.close()
    await removeFolder(folder)
  })

  const run = async (...parameters: readonly string[]) => {
    const env = { DROVER_URL: bench.relay.url, DROVER_ADMIN_KEY: adminKey }
    return runDrover(parameters, { cwd: folder, env })
  }
  const succeeds = async (key: string): Promise<number> => {
    bench.upstream.answerOnce(whole(completion({ promptTokens: 7, completionTokens: 3 })))
    return (await call(bench.relay.url, { key, body: sold() })).status
  }

  test('One API: nothing before --apply, then its keys work on its balance, and a repeat changes nothing', async () => {
    const file = join(folder, 'one-api.db')
    const database = new DatabaseSync(file)
    database.exec(`
      create table users (id integer primary key, username text, password text, status integer, quota bigint);
      create table tokens (id integer primary key, user_id integer, key char(48), status integer, name text,
        expired_time bigint, remain_quota bigint, unlimited_quota numeric);
      insert into users values (5, 'zhang', 'hash', 1, 1000000);
      insert into tokens values (9, 5, '${oneKey}', 1, 'app', -1, 0, 1)`)
    database.close()
    const dry = await run('import', 'one-api', file)
    assert.equal(dry.code, 0, dry.stderr)
    assert.match(dry.stdout, /zhang +prepaid +2\.00 USD +1/)
    assert.ok(!dry.stdout.includes(oneKey))
    assert.equal(await succeeds(`sk-${oneKey}`), 401)
    const first = await run('import', 'one-api', file, '--apply')
    assert.equal(first.code, 0, first.stderr)
    assert.match(first.stdout, /^1 accounts and 1 keys are new; 0 accounts and 0 keys/)
    assert.equal(await succeeds(`sk-${oneKey}`), 200)
    const again = await run('import', 'one-api', file, '--apply')
    assert.match(again.stdout, /^0 accounts and 0 keys are new; 1 accounts and 1 keys/)
    const balance = await run('credits', 'balance', '--account', 'zhang', '--json')
    assert.equal(JSON.parse(balance.stdout)['balance_nano_usd'], (2_000_000_000n - 13_000n).toString())
    await provenOk(bench)
  })

  test('LiteLLM: a key is known by the SHA-256 that the table holds', async () => {
    const file = join(folder, 'keys.json')
    const token = createHash('sha256').update(liteKey).digest('hex')
    await writeFile(file, JSON.stringify({ LiteLLM_VerificationToken: [{ token, key_alias: 'ci', user_id: 'u1' }] }))
    assert.equal(await succeeds(liteKey), 401)
    const applied = await run('import', 'litellm', file, '--apply')
    assert.equal(applied.code, 0, applied.stderr)
    assert.equal(await succeeds(liteKey), 200)
    assert.equal(await succeeds(`${liteKey}x`), 401)
  })

  test('what is no database of theirs is refused by name', async () => {
    const file = join(folder, 'note.txt')
    await writeFile(file, 'hello\nworld\n')
    const refused = await run('import', 'new-api', file)
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /note\.txt cannot be imported/)
  })
})
