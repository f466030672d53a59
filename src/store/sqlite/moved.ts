/** A store that has been moved away: its file stays, and nobody goes on in it by mistake. */

import { DatabaseSync } from 'node:sqlite'
import { Problem } from '#base/problem.ts'

const movedName = 'moved_to'
const busyTimeoutMs = 10_000

/** Notes in the file where its content went. */
export const markMoved = (file: string, place: string): void => {
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs })
  try {
    database.prepare('insert or replace into meta (name, value) values (?, ?)').run(movedName, place)
  } finally {
    database.close()
  }
}

/** @throws Problem `store_unavailable` where the store has been moved. */
export const refuseMoved = (database: DatabaseSync, file: string): void => {
  const place = database.prepare('select value from meta where name = ?').get(movedName)?.['value']
  if (place === undefined) return
  throw new Problem('store_unavailable', {
    message:
      `The store of ${file} was moved to ${String(place)}, and calls have been booked there since: name that Postgres in "store.url". ` +
      'To begin anew with an empty store, put the file away.',
  })
}
