import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { sampleCall, sampleFilter, sampleFirst } from '#store/sample-rows.ts'
import { openSqliteStore } from './client.ts'

const opening = { durability: 'process', clock: systemClock(), log: silentLog } as const
const filter = sampleFilter({ tag: 'team=search', status: [500, 599], limit: 3 })

/** Each third call failed, and each second is of the team. */
const callOf = (number: number) =>
  sampleCall(`call_${number}`, {
    status: number % 3 === 0 ? 503 : 200,
    error: number % 3 === 0 ? 'upstream_overloaded' : null,
    tags: number % 2 === 0 ? { team: 'search' } : { team: 'other' },
  })

const wantedTo = (last: number): readonly string[] =>
  Array.from({ length: last }, (_unused, at) => at + 1).flatMap((number) =>
    number % 6 === 0 ? [`call_${number}`] : [],
  )

const openWorkshop = () => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-failed-'))
  const path = join(folder, 'store.sqlite')
  const open = () => openSqliteStore({ url: `sqlite:${path}`, ...opening })
  return {
    open,
    remove: () => rmSync(folder, { recursive: true }),
    /** What another program does to the file while no store has it open. */
    run: (...texts: readonly string[]): void => {
      const database = new DatabaseSync(path)
      for (const text of texts) database.exec(text)
      database.close()
    },
    head: () => {
      const database = new DatabaseSync(path, { readOnly: true })
      const row = database.prepare('select rolled_to, paired_from, paired_to from usage_head').get()
      database.close()
      return Object.values(row ?? {})
    },
  }
}

type Store = Awaited<ReturnType<typeof openSqliteStore>>

const found = async (store: Store): Promise<readonly string[]> => {
  const ids: string[] = []
  let beforeId: string | null = null
  do {
    const page = await store.calls({ ...filter, beforeId })
    ids.unshift(...page.calls.map(({ id }) => id))
    beforeId = page.before
  } while (beforeId !== null)
  return ids
}

const foundOn = async (store: Store, afterId: string): Promise<readonly string[]> => {
  const ids: string[] = []
  for (let after = afterId; ; ) {
    const page = (await store.calls({ ...filter, afterId: after })).calls.map(({ id }) => id)
    ids.push(...page)
    const last = page.at(-1)
    if (last === undefined) return ids
    after = last
  }
}

test('failed calls of a tag are found where a Drover of before made the index, where this one did, and where both did by turns', async (context) => {
  const { open, remove, run, head } = openWorkshop()
  context.after(remove)
  const fill = async (first: number, last: number): Promise<void> => {
    const store = await open()
    if (first === 1) await store.begin(sampleFirst())
    for (let number = first; number <= last; number += 1) await store.append(callOf(number))
    await store.rollForward()
    const [back, forth] = [await found(store), await foundOn(store, 'call_1')]
    await store.close()
    assert.deepEqual(back, wantedTo(last))
    assert.deepEqual(forth, wantedTo(last))
  }
  await fill(1, 47)
  assert.deepEqual(head(), [47, 0, 47])
  run("delete from call_block where trait like 'failed%'", 'update usage_head set paired_from = 0, paired_to = 0')
  await fill(48, 95)
  assert.deepEqual(head(), [95, 48, 95])
  await fill(96, 127)
  assert.deepEqual(head(), [127, 48, 127])
  run("delete from call_block where trait like 'failed%' and block >= 6", 'update usage_head set paired_to = 95')
  await fill(128, 143)
  assert.deepEqual(head(), [143, 128, 143])
  // What leads the search is the trait itself: without it the calls of its part are not found.
  run("delete from call_block where trait = 'failed_tag' and block >= 8")
  const store = await open()
  context.after(() => store.close())
  assert.deepEqual(await found(store), wantedTo(127))
})
