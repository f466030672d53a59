/** Very many keys, as rows: copies of one that is there, each with an id, a name and a digest of its own. Nobody has what they were made from. */

import { randomBytes } from 'node:crypto'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { openDatabase } from '#store/sqlite/open-database.ts'

/** Adds keys to an embedded store that no process has open. */
export const fillKeys = async (file: string, count: number): Promise<void> => {
  const { database } = await openDatabase({ file, durability: 'process', nowMs: 0, busyTimeoutMs: 0 })
  const ids = systemIds(systemClock())
  const row = database.prepare("select * from key where purpose = 'model' and test = 0 limit 1").get()
  if (row === undefined) throw new Error('there is no key to copy')
  const columns = Object.keys(row)
  const insert = database.prepare(
    `insert into key (${columns.map((name) => `"${name}"`).join(', ')}) values (${columns.map(() => '?').join(', ')})`,
  )
  database.exec('begin')
  for (let number = 0; number < count; number += 1) {
    const own = {
      id: ids.next('key'),
      name: `filled-${number}`,
      digest: randomBytes(32).toString('hex'),
      ending: 'none',
    }
    insert.run(...Object.values({ ...row, ...own }))
  }
  database.exec('commit')
  database.close()
}
