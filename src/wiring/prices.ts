/** The price book between the store and the relay, and what months came to so far. */

import type { PricePorts } from '#admin/operation.ts'
import type { PriceRow } from '#base/price-row.ts'
import type { Catalog } from '#catalog/model.ts'
import type { Live } from '#relay/live.ts'
import type { MonthVolumes } from '#relay/month-volumes.ts'
import type { VolumeSource } from '#relay/port.ts'
import { modelRows } from './relay-rooms.ts'

/** What administration needs of prices. */
export const pricePorts = (live: Live, catalog: Catalog, bookChanged: PricePorts['bookChanged']): PricePorts => ({
  catalog,
  snapshot: live.current,
  book: live.book,
  bookChanged,
})

/** Counts the calls of this month that ended before this process: from sums by the day, so that it takes no time however long the log is. */
export const countVolumesBefore = async (
  volumes: MonthVolumes,
  store: VolumeSource,
  startedMs: number,
): Promise<void> => {
  const start = new Date(startedMs)
  volumes.begin(await store.volumesSince(Date.UTC(start.getUTCFullYear(), start.getUTCMonth())), startedMs)
}

/** Every row that may rate a call now: of the models, of accounts by themselves, of what the catalog knows. */
export const priceRowsNow = ({
  live,
  catalog,
}: {
  readonly live: Live
  readonly catalog: Catalog
}): readonly PriceRow[] => {
  const models = modelRows(live.current())
  return [
    ...models.flatMap(({ priceRows }) => (priceRows === 'free' ? [] : priceRows)),
    ...models.flatMap(({ ownPrices }) => [...(ownPrices?.values() ?? [])].flat()),
    ...[...live.book().list.values()].flat(),
    ...catalog.vendors.flatMap((vendor) => vendor.models.flatMap(({ priceRows }) => priceRows)),
  ]
}
