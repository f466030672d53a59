import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { fullCall, sampleAccount, sampleFirst, sampleTrail } from '#store/sample-rows.ts'
import { openSqliteStore } from './client.ts'

test('an erased customer leaves no words in the index of the log, no figures of tags and no top-up, and others of its blocks keep theirs', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-erased-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'store.sqlite')
  const opening = { durability: 'process', clock: systemClock(), log: silentLog } as const
  const store = await openSqliteStore({ url: `sqlite:${path}`, ...opening })
  context.after(() => store.close())
  await store.begin(sampleFirst())
  const { organisation, account } = sampleAccount('one')
  await store.createAccount(sampleAccount('one'), sampleTrail('trl_a'))
  const record = { ...fullCall('call_of_one'), account: account.id, conversation: 'anna', tags: { user: 'anna' } }
  await store.append(record)
  await store.append({ ...record, id: 'call_2', account: 'acc_2', conversation: 'bert', tags: { user: 'bert' } })
  await store.rollForward()
  const read = (query: string) => {
    const database = new DatabaseSync(path, { readOnly: true })
    const rows = database.prepare(query).all()
    database.close()
    return rows.map((row) => Object.values(row).join(' '))
  }
  const words = () => read("select value from call_block where trait in ('conversation', 'tag') order by value")
  const figures = () => read("select distinct account from usage_rollup where tag_name <> '' and level = 'account'")
  assert.deepEqual(words(), ['anna', 'bert', 'user=anna', 'user=bert'])
  assert.deepEqual(figures().sort(), ['acc_2', account.id])
  await store.eraseOrganisation(organisation.id, 9, sampleTrail('trl_e'))
  await store.eraseCalls(account.id, null)
  assert.deepEqual(words(), ['bert', 'user=bert'])
  assert.deepEqual(figures(), ['acc_2'])
})
