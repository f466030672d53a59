/** The relay after years: many keys, many models, many calls in its store. */

import { openDatabase } from '#store/sqlite/open-database.ts'
import { fillStore } from '../../test/load/fill-store.ts'
import { repeatStore } from '../../test/load/repeat-store.ts'
import { sqliteTarget } from '../../test/load/repeat-target.ts'
import { rollUp } from '../../test/load/roll-up.ts'
import type { Fill } from './drover.ts'
import { configOf, everything, openRelay } from './drover.ts'
import type { Gateway } from './gateway.ts'

/** Made one by one; more are copies of them. */
const [firstCalls, firstHours, hourMs] = [65_536, 4, 3_600_000]

/** Keys like the one that is there, that nobody holds. */
const manyKeys =
  (count: number): Fill =>
  async (file, { key }) => {
    const { database } = await openDatabase({ file, durability: 'process', busyTimeoutMs: 1000, nowMs: Date.now() })
    const names = database
      .prepare("select name from pragma_table_info('key')")
      .all()
      .map(({ name }) => String(name))
    const made: Readonly<Record<string, string>> = {
      id: "'key_' || lower(hex(randomblob(13)))",
      name: "'copy-' || n",
      digest: 'lower(hex(randomblob(32)))',
    }
    database
      .prepare(
        `with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${count})
         insert into key (${names.join(', ')}) select ${names.map((name) => made[name] ?? name).join(', ')} from key, numbers where id = ?`,
      )
      .run(key)
    database.close()
  }

/** So many stored calls, rounded up to whole copies of 65,536. */
export const manyCalls =
  (count: number): Fill =>
  async (file, caller) => {
    const untilMs = Date.now()
    const times = Math.ceil(count / firstCalls)
    const fromMs = Math.floor(untilMs / (24 * hourMs) - Math.ceil((times * firstHours) / 24)) * 24 * hourMs
    const progress = (): void => {}
    const spread = { fromMs, untilMs: fromMs + firstHours * hourMs, seed: 1 }
    await fillStore({ file, callers: [caller], calls: firstCalls, ...spread, progress })
    await rollUp(file, progress)
    if (times > 1)
      await repeatStore({ target: await sqliteTarget(file), calls: firstCalls, hours: firstHours, times, progress })
  }

const grown = (
  name: string,
  settings: string,
  { fill, models = 0 }: { readonly fill?: Fill; readonly models?: number },
): Gateway => ({
  name,
  version: () => 'as drover',
  absent: '',
  settings,
  start: (place) => {
    const more = Array.from({ length: models }, (_none, at) => `other-model-${at}`)
    const config = configOf(everything, { ...place, models: [...place.models, ...more] })
    return openRelay(everything, { config, folder: place.folder, ...(fill === undefined ? {} : { fill }) })
  },
})

/** A million takes a minute to make; ten million take some 30 GB of disk and a quarter of an hour. */
export const fullRelay = grown('many calls', 'everything on, 1,000,000 calls in the store', {
  fill: manyCalls(1_000_000),
})

/** Each grows in one way. */
export const grownRelays: readonly Gateway[] = [
  grown('100,000 keys', 'everything on, 100,000 keys', { fill: manyKeys(100_000) }),
  grown('1,000 models', 'everything on, 1,000 models', { models: 1_000 }),
  fullRelay,
  {
    ...grown('ten million calls', 'everything on, 10,000,000 calls in the store', { fill: manyCalls(10_000_000) }),
    isOnRequest: true,
  },
]
